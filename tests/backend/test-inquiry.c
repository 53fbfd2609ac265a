/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What has answered counts no more once NetworkManager says that the access point is another one.  The links here are
 * cables; the kernel says nothing of the change anyway.
 */
#include "gateway-fixture.h"
#include "run/inquiry.h"
#include "values.h"

#define UP0 "up0"
#define AP_A "02:aa:00:00:00:01"
#define AP_B "02:aa:00:00:00:02"

/* What NetworkManager says, and the kernel doesn't. */
static DivertFacts *
make_facts (const char *activation,
            const char *bssid)
{
  DivertFacts *facts = divert_facts_new ();
  DivertConnection *connection = divert_connection_new ();

  facts->nm_running = TRUE;
  connection->device = g_strdup (UP0);
  connection->activation = g_strdup (activation);
  connection->has_bssid = bssid != NULL;
  if (bssid != NULL)
    g_assert_true (divert_mac_parse (bssid, &connection->bssid));
  g_ptr_array_add (facts->connections, connection);
  return facts;
}

/* A run gathers. */
static void
gather (Fixture           *f,
        DivertBeacons     *beacons,
        const DivertFacts *before,
        DivertFacts       *now)
{
  g_autoptr(GError) error = NULL;

  divert_inquiry_follow_access_points (f->kernel, before, now);
  divert_kernel_gather (f->kernel, now, &error);
  g_assert_no_error (error);
  if (beacons == NULL)
    return;
  divert_inquiry_distrust (beacons, before, now);
  divert_beacons_gather (beacons, now);
}

static DivertGatewayState
get_state (const DivertFacts *facts)
{
  const DivertLink *link = divert_facts_find_link (facts, UP0);

  return ((const DivertGateway *) g_ptr_array_index (link->gateways, 0))->state;
}

static void
assert_change (Fixture    *f,
               const char *activation,
               const char *bssid,
               const char *activation_now,
               const char *bssid_now,
               gboolean    expected)
{
  g_autoptr(DivertFacts) before = make_facts (activation, bssid), now = make_facts (activation_now, bssid_now);

  ask (f);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
  gather (f, NULL, NULL, before);
  g_assert_cmpint (get_state (before), ==, DIVERT_GATEWAY_RESOLVED);
  gather (f, NULL, before, now);
  g_assert_cmpint (get_state (now), ==, expected ? DIVERT_GATEWAY_UNKNOWN : DIVERT_GATEWAY_RESOLVED);
  g_assert_cmpint (divert_facts_find_link (now, UP0)->epoch != divert_facts_find_link (before, UP0)->epoch, ==,
                   expected);
}

static void
test_access_point (Fixture       *f,
                   gconstpointer  user_data)
{
  assert_change (f, "/1", AP_A, "/1", AP_A, FALSE);
  assert_change (f, "/1", AP_A, "/1", AP_B, TRUE);
  /* NetworkManager may know of none while it changes from one to the other. */
  assert_change (f, "/1", AP_A, "/1", NULL, TRUE);
  assert_change (f, "/1", NULL, "/1", AP_B, TRUE);
  assert_change (f, "/1", NULL, "/1", NULL, FALSE);
  /* Another activation has nothing to do with this one. */
  assert_change (f, "/1", AP_A, "/2", AP_B, FALSE);
}

/* The kernel couldn't be read a moment ago, so nobody knows which link it was. */
static void
test_unknown_link (Fixture       *f,
                   gconstpointer  user_data)
{
  g_autoptr(DivertFacts) before = make_facts ("/1", AP_A), now = make_facts ("/1", AP_B);

  ask (f);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
  gather (f, NULL, before, now);
  g_assert_cmpint (get_state (now), ==, DIVERT_GATEWAY_UNKNOWN);
}

static void
on_changed (gpointer user_data)
{
}

/* It would be the old access point's answer. */
static void
test_beacon_under_way (Fixture       *f,
                       gconstpointer  user_data)
{
  g_autoptr(DivertConfig) config =
    test_config_new ("[proxy]\ngroup=1\n[site home]\nintranet=192.0.2.0/24\nzone=home\n"
                     "beacon=tls://192.0.2.1:443 sha256:"
                     "0000000000000000000000000000000000000000000000000000000000000000\n");
  g_autoptr(DivertBeacons) beacons = divert_beacons_new (&DIVERT_BEACON_LIMITS, on_changed, NULL);
  g_autoptr(DivertFacts) before = make_facts ("/1", AP_A), same = make_facts ("/1", AP_A),
                         now = make_facts ("/1", AP_B);

  gather (f, beacons, NULL, before);
  divert_beacons_ask (beacons, divert_config_find_site (config, "home"), f->ifindex, 0x100);
  gather (f, beacons, before, same);
  g_assert_cmpuint (same->beacons->len, ==, 1);
  gather (f, beacons, same, now);
  g_assert_cmpuint (now->beacons->len, ==, 0);
}

int
main (int   argc,
      char *argv[])
{
  static const GatewayTest tests[] = {
    { "access-point", test_access_point },
    { "access-point-of-unknown-link", test_unknown_link },
    { "access-point-and-beacon", test_beacon_under_way },
  };

  return run_gateway_tests (argc, argv, tests, G_N_ELEMENTS (tests));
}
