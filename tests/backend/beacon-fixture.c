/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: the beacons under test. */
#include "beacon-fixture.h"

#include <net/if.h>
#include <string.h>

BeaconWorld self;

const DivertBeaconLimits patient = {
  .answer_ms = PATIENCE_MS, .renewal_ms = 3600000, .slack_ms = 3600000, .retry_first_ms = 3600000,
  .retry_last_ms = 3600000, .in_a_row = 1000, .spacing_ms = 1,
};

static void
on_changed (gpointer user_data)
{
  self.changes++;
}

void
use (DivertBeaconLimits limits)
{
  g_clear_pointer (&self.beacons, divert_beacons_free);
  self.beacons = divert_beacons_new (&limits, on_changed, NULL);
}

DivertSite *
make_site (const char *name,
           const char *address,
           guint16     port)
{
  DivertSite *site = g_new0 (DivertSite, 1);

  g_ptr_array_add (self.sites, site);
  site->name = g_strdup (name);
  site->has_beacon = TRUE;
  g_assert_true (divert_address_parse (address, &site->beacon.address, NULL));
  site->beacon.port = port;
  memcpy (site->beacon.sha256, self.key, sizeof self.key);
  return site;
}

static void
site_free (DivertSite *site)
{
  g_free (site->name);
  g_free (site);
}

DivertFacts *
gather (void)
{
  DivertFacts *facts = divert_facts_new ();
  DivertLink *home = divert_link_new (), *evil = divert_link_new ();

  home->ifindex = self.home;
  evil->ifindex = self.evil;
  g_ptr_array_add (facts->links, home);
  g_ptr_array_add (facts->links, evil);
  divert_beacons_gather (self.beacons, facts);
  return facts;
}

gboolean
is_decided (gpointer user_data)
{
  g_autoptr(DivertFacts) facts = gather ();

  for (guint i = 0; i < facts->beacons->len; i++)
    if (((DivertBeaconFact *) g_ptr_array_index (facts->beacons, i))->state == DIVERT_BEACON_PENDING)
      return FALSE;
  return facts->beacons->len > 0;
}

void
assert_answer (const DivertSite *site,
               guint             ifindex,
               guint32           mark,
               const char       *failure)
{
  g_autoptr(DivertFacts) facts = NULL;
  DivertBeaconFact *fact;
  gint64 start = g_get_monotonic_time ();

  divert_beacons_distrust (self.beacons, 0);
  divert_beacons_ask (self.beacons, site, ifindex, mark);
  g_assert_false (is_decided (NULL));
  g_assert_true (private_system_wait (is_decided, NULL, 2 * PATIENCE_MS));
  facts = gather ();
  g_assert_cmpuint (facts->beacons->len, ==, 1);
  fact = g_ptr_array_index (facts->beacons, 0);
  g_test_message ("port %u: %s, %" G_GINT64_FORMAT " ms", site->beacon.port,
                  fact->detail != NULL ? fact->detail : "proven", (g_get_monotonic_time () - start) / 1000);
  g_assert_cmpuint (fact->ifindex, ==, ifindex);
  if (failure == NULL)
    g_assert_cmpint (fact->state, ==, DIVERT_BEACON_PROVEN);
  else
    {
      g_assert_cmpint (fact->state, ==, DIVERT_BEACON_FAILED);
      g_assert_nonnull (strstr (fact->detail, failure));
    }
}

gboolean
is_proven (void)
{
  g_autoptr(DivertFacts) facts = gather ();

  return facts->beacons->len > 0 &&
         ((const DivertBeaconFact *) g_ptr_array_index (facts->beacons, 0))->state == DIVERT_BEACON_PROVEN;
}

void
set_up (void)
{
  g_autofree char *der = NULL;
  g_autofree char *digest = NULL;
  gsize size;

  self.sites = g_ptr_array_new_with_free_func ((GDestroyNotify) site_free);
  /* openssl computes the key's digest. */
  g_assert_true (g_file_get_contents ("/run/home.der", &der, &size, NULL));
  digest = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guint8 *) der, size);
  for (guint i = 0; i < sizeof self.key; i++)
    self.key[i] = g_ascii_xdigit_value (digest[2 * i]) * 16 + g_ascii_xdigit_value (digest[2 * i + 1]);
  self.home = if_nametoindex ("home");
  self.evil = if_nametoindex ("evil");
}

void
tear_down (void)
{
  divert_beacons_free (self.beacons);
  g_ptr_array_unref (self.sites);
}
