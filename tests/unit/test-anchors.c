/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is remembered of a connection that proved a site, and what comes of it when the carrier was lost.
 */
#include <string.h>

#include "core/anchors.h"

static const char config_text[] =
  "[proxy]\ngroup=1\n"
  "[site home]\nintranet=192.168.22.0/24\nzone=home\n";

#define ROUTER "02:22:00:00:00:01"
#define STRANGER "02:99:00:00:00:01"

typedef struct
{
  DivertConfig  *config;
  DivertAnchors *anchors;
} Fixture;

static void
set_up (Fixture      *f,
        gconstpointer data)
{
  g_autoptr(GError) error = NULL;

  f->config = divert_config_new ();
  f->anchors = divert_anchors_new ();
  divert_config_add (f->config, "config", config_text, strlen (config_text), &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture      *f,
           gconstpointer data)
{
  divert_config_free (f->config);
  divert_anchors_free (f->anchors);
}

/* One look: @router is the gateway's address, NULL when it has not answered. */
static char *
look (Fixture    *f,
      const char *activation,
      guint       carrier_changes,
      const char *gateway_address,
      const char *router)
{
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AUTO, NULL);
  g_autoptr(DivertDecision) decision = NULL;
  DivertConnection *connection = divert_connection_new ();
  DivertLink *link = divert_link_new ();
  DivertGateway *gateway;
  DivertPrefix prefix;
  DivertMac mac;

  facts->nm_running = TRUE;
  connection->uuid = g_strdup ("6b0c0000-0000-4000-8000-000000000001");
  connection->zone = g_strdup ("home");
  connection->type = g_strdup ("802-3-ethernet");
  connection->device = g_strdup ("eth0");
  connection->activation = g_strdup (activation);
  connection->up = TRUE;
  g_ptr_array_add (facts->connections, connection);
  link->ifindex = 2;
  link->name = g_strdup ("eth0");
  link->carrier = TRUE;
  link->carrier_changes = carrier_changes;
  g_assert_true (divert_prefix_parse_interface ("192.168.22.33/24", &prefix, NULL));
  divert_prefixes_add (link->addresses, &prefix);
  g_assert_true (divert_address_parse (gateway_address, &prefix, NULL));
  gateway = divert_gateway_new (&prefix);
  gateway->state = DIVERT_GATEWAY_PENDING;
  if (router != NULL)
    {
      g_assert_true (divert_mac_parse (router, &mac));
      g_array_append_val (gateway->macs, mac);
      gateway->state = DIVERT_GATEWAY_RESOLVED;
    }
  g_ptr_array_add (link->gateways, gateway);
  g_ptr_array_add (facts->links, link);

  divert_anchors_fill (f->anchors, facts);
  decision = divert_decide (f->config, mode, facts);
  divert_anchors_learn (f->anchors, facts, decision);
  return g_strdup_printf ("%s %s", divert_decision_get_place (decision), divert_reason_code_name (decision->reason->code));
}

static void
assert_look (Fixture    *f,
             const char *activation,
             guint       carrier_changes,
             const char *gateway,
             const char *router,
             const char *expected)
{
  g_autofree char *outcome = look (f, activation, carrier_changes, gateway, router);

  g_assert_cmpstr (outcome, ==, expected);
}

static void
test_same_network (Fixture      *f,
                   gconstpointer data)
{
  assert_look (f, "/1", 2, "192.168.22.1", NULL, "home proven");
  assert_look (f, "/1", 2, "192.168.22.1", ROUTER, "home proven");
  assert_look (f, "/1", 4, "192.168.22.1", NULL, "away proof-pending");
  assert_look (f, "/1", 4, "192.168.22.1", ROUTER, "home proven");
}

static void
test_other_network (Fixture      *f,
                    gconstpointer data)
{
  assert_look (f, "/1", 2, "192.168.22.1", ROUTER, "home proven");
  assert_look (f, "/1", 4, "192.168.22.1", STRANGER, "away proof-failed");
  /* It is not learned by being there. */
  assert_look (f, "/1", 4, "192.168.22.1", STRANGER, "away proof-failed");
  assert_look (f, "/1", 6, "192.168.22.1", ROUTER, "home proven");
}

/* Exchanged behind a carrier that stays. */
static void
test_silent_change (Fixture      *f,
                    gconstpointer data)
{
  assert_look (f, "/1", 2, "192.168.22.1", ROUTER, "home proven");
  assert_look (f, "/1", 2, "192.168.22.1", STRANGER, "away proof-failed");
}

static void
test_nothing_known (Fixture      *f,
                    gconstpointer data)
{
  assert_look (f, "/1", 2, "192.168.22.1", NULL, "home proven");
  assert_look (f, "/1", 4, "192.168.22.1", STRANGER, "away proof-failed");
  assert_look (f, "/1", 4, "192.168.22.1", ROUTER, "away proof-failed");
  /* A new activation is believed anew. */
  assert_look (f, "/2", 4, "192.168.22.1", ROUTER, "home proven");
}

/* IPv6's comes later, by another router, and is learned; behind a lost carrier nothing is. */
static void
test_later_gateway (Fixture      *f,
                    gconstpointer data)
{
  assert_look (f, "/1", 2, "192.168.22.1", ROUTER, "home proven");
  assert_look (f, "/1", 2, "fe80::2", "02:22:00:00:00:02", "home proven");
  assert_look (f, "/1", 4, "fe80::2", "02:22:00:00:00:02", "home proven");
  assert_look (f, "/1", 4, "fe80::3", "02:22:00:00:00:03", "away proof-failed");
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/anchors/same-network", Fixture, NULL, set_up, test_same_network, tear_down);
  g_test_add ("/anchors/other-network", Fixture, NULL, set_up, test_other_network, tear_down);
  g_test_add ("/anchors/silent-change", Fixture, NULL, set_up, test_silent_change, tear_down);
  g_test_add ("/anchors/nothing-known", Fixture, NULL, set_up, test_nothing_known, tear_down);
  g_test_add ("/anchors/later-gateway", Fixture, NULL, set_up, test_later_gateway, tear_down);
  return g_test_run ();
}
