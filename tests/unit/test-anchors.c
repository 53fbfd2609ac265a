/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is remembered about a connection that proved a site, and what follows when the carrier is lost.
 */
#include <stdlib.h>
#include <string.h>

#include "core/memory/anchors.h"
#include "values.h"

static const char config_text[] =
  "[proxy]\ngroup=1\n"
  "[site home]\nintranet=192.168.22.0/24\nzone=home\n";

#define ROUTER "02:22:00:00:00:01"
#define ROUTER6 "02:22:00:00:00:06"
#define STRANGER "02:99:00:00:00:01"

typedef struct
{
  DivertConfig  *config;
  DivertAnchors *anchors;
  gint64         now;
} Fixture;

static void
set_up (Fixture      *f,
        gconstpointer data)
{
  f->config = test_config_new (config_text);
  f->anchors = divert_anchors_new ();
}

static void
tear_down (Fixture      *f,
           gconstpointer data)
{
  divert_config_free (f->config);
  divert_anchors_free (f->anchors);
}

/* @text: "ADDRESS MAC [FIRST LAST]".  The MAC is "?" while there is no answer yet, and "-" if there is none.  FIRST and
 * LAST are the times of the first and the last answer. */
static DivertGateway *
make_gateway (const char *text)
{
  g_auto(GStrv) words = g_strsplit (text, " ", 4);
  DivertGateway *gateway;
  DivertPrefix address;
  DivertMac mac;

  g_assert_true (divert_address_parse (words[0], &address, NULL));
  gateway = divert_gateway_new (&address);
  if (words[1][0] == '?')
    gateway->state = DIVERT_GATEWAY_PENDING;
  else if (words[1][0] == '-')
    gateway->state = DIVERT_GATEWAY_FAILED;
  else
    {
      g_assert_true (divert_mac_parse (words[1], &mac));
      g_array_append_val (gateway->macs, mac);
      gateway->state = DIVERT_GATEWAY_RESOLVED;
      gateway->first_answer = words[2] != NULL ? atoi (words[2]) : 1;
      gateway->last_answer = words[2] != NULL ? atoi (words[3]) : 1;
    }
  return gateway;
}

/* Looks once. */
static char *
look (Fixture    *f,
      const char *activation,
      guint       carrier_changes,
      guint       epoch,
      const char *gateways)
{
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AUTO, NULL);
  g_autoptr(DivertDecision) decision = NULL;
  g_auto(GStrv) list = g_strsplit (gateways, ", ", -1);
  DivertConnection *connection = divert_connection_new ();
  DivertLink *link = divert_link_new ();
  DivertPrefix prefix;

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
  link->epoch = epoch;
  g_assert_true (divert_prefix_parse_interface ("192.168.22.33/24", &prefix, NULL));
  divert_prefixes_add (link->addresses, &prefix);
  for (char **gateway = list; *gateway != NULL; gateway++)
    g_ptr_array_add (link->gateways, make_gateway (*gateway));
  g_ptr_array_add (facts->links, link);

  divert_anchors_fill (f->anchors, facts);
  decision = divert_decide (f->config, mode, facts);
  divert_anchors_learn (f->anchors, facts, decision, f->now);
  return g_strdup_printf ("%s %s", divert_decision_get_place (decision),
                          divert_reason_code_name (decision->reason->code));
}

static void
assert_look (Fixture    *f,
             const char *activation,
             guint       carrier_changes,
             guint       epoch,
             const char *gateways,
             const char *expected)
{
  g_autofree char *outcome = look (f, activation, carrier_changes, epoch, gateways);

  g_assert_cmpstr (outcome, ==, expected);
}

static void
test_same_network (Fixture      *f,
                   gconstpointer data)
{
  assert_look (f, "/1", 2, 0, "192.168.22.1 ?", "home proven");
  assert_look (f, "/1", 2, 0, "192.168.22.1 " ROUTER, "home proven");
  assert_look (f, "/1", 4, 2, "192.168.22.1 ?", "away proof-pending");
  assert_look (f, "/1", 4, 2, "192.168.22.1 " ROUTER, "home proven");
}

static void
test_other_network (Fixture      *f,
                    gconstpointer data)
{
  assert_look (f, "/1", 2, 0, "192.168.22.1 " ROUTER, "home proven");
  assert_look (f, "/1", 4, 2, "192.168.22.1 " STRANGER, "away proof-failed");
  /* A router isn't learned just because it is there. */
  assert_look (f, "/1", 4, 2, "192.168.22.1 " STRANGER, "away proof-failed");
  assert_look (f, "/1", 6, 4, "192.168.22.1 " ROUTER, "home proven");
}

/* The network is swapped without carrier loss. */
static void
test_silent_change (Fixture      *f,
                    gconstpointer data)
{
  assert_look (f, "/1", 2, 0, "192.168.22.1 " ROUTER, "home proven");
  assert_look (f, "/1", 2, 1, "192.168.22.1 " STRANGER, "away proof-failed");
  assert_look (f, "/1", 2, 2, "192.168.22.1 " ROUTER, "home proven");
}

/* The same, but the router there has another address. */
static void
test_other_address (Fixture      *f,
                    gconstpointer data)
{
  assert_look (f, "/1", 2, 0, "192.168.22.1 ?", "home proven");
  assert_look (f, "/1", 2, 0, "192.168.22.1 " ROUTER, "home proven");
  /* The renewed lease has another router.  Then that router answers.  Then the next one is there, and so on. */
  assert_look (f, "/1", 2, 1, "192.168.22.254 ?", "away proof-pending");
  assert_look (f, "/1", 2, 1, "192.168.22.254 " STRANGER, "away proof-failed");
  assert_look (f, "/1", 2, 1, "192.168.22.254 " STRANGER, "away proof-failed");
  assert_look (f, "/1", 2, 2, "192.168.22.253 " STRANGER, "away proof-failed");
  /* The same holds before anybody noticed that the old router is silent, and if the epoch was never seen to change. */
  assert_look (f, "/1", 2, 2, "192.168.22.1 -, 192.168.22.254 " STRANGER, "away proof-failed");
  assert_look (f, "/1", 2, 0, "192.168.22.254 " STRANGER, "away proof-failed");
  assert_look (f, "/1", 2, 3, "192.168.22.1 " ROUTER, "home proven");
}

/* All of this happens at home too. */
static void
test_epochs_at_home (Fixture      *f,
                     gconstpointer data)
{
  assert_look (f, "/1", 2, 0, "192.168.22.1 " ROUTER, "home proven");
  /* An address was removed, such as a temporary one of IPv6. */
  assert_look (f, "/1", 2, 1, "192.168.22.1 " ROUTER, "home proven");
  /* The lease has another address, so the gateway is asked again. */
  assert_look (f, "/1", 2, 2, "192.168.22.1 ?", "away proof-pending");
  assert_look (f, "/1", 2, 2, "192.168.22.1 " ROUTER, "home proven");
  /* The gateway is silent for a moment. */
  assert_look (f, "/1", 2, 3, "192.168.22.1 -", "away proof-failed");
  assert_look (f, "/1", 2, 3, "192.168.22.1 " ROUTER, "home proven");
  /* The same router with another address. */
  assert_look (f, "/1", 2, 4, "192.168.22.254 " ROUTER, "home proven");
  /* There is another router, and the known one vouches for it, in a later epoch too. */
  assert_look (f, "/1", 2, 5, "192.168.22.1 " ROUTER ", fe80::2 ?", "home proven");
  assert_look (f, "/1", 2, 5, "192.168.22.1 " ROUTER " 1 3, fe80::2 " ROUTER6 " 2 2", "home proven");
  assert_look (f, "/1", 2, 6, "fe80::2 " ROUTER6, "home proven");
}

static void
test_nothing_known (Fixture      *f,
                    gconstpointer data)
{
  assert_look (f, "/1", 2, 0, "192.168.22.1 ?", "home proven");
  assert_look (f, "/1", 4, 2, "192.168.22.1 " STRANGER, "away proof-failed");
  assert_look (f, "/1", 4, 2, "192.168.22.1 " ROUTER, "away proof-failed");
  /* A new activation is believed again. */
  assert_look (f, "/2", 4, 2, "192.168.22.1 " ROUTER, "home proven");
}

/* Until somebody has answered the first question, routes and addresses may still come and go. */
static void
test_nothing_known_yet (Fixture      *f,
                        gconstpointer data)
{
  assert_look (f, "/1", 2, 0, "192.168.22.1 ?", "home proven");
  assert_look (f, "/1", 2, 1, "", "home proven");
  assert_look (f, "/1", 2, 1, "192.168.22.1 ?", "home proven");
  assert_look (f, "/1", 2, 2, "192.168.22.1 " ROUTER, "home proven");
  assert_look (f, "/1", 2, 3, "192.168.22.1 " STRANGER, "away proof-failed");
}

/* That doesn't last for ever. */
static void
test_never_asked (Fixture      *f,
                  gconstpointer data)
{
  assert_look (f, "/1", 2, 0, "192.168.22.1 ?", "home proven");
  assert_look (f, "/1", 2, 1, "", "home proven");
  f->now += 10 * G_TIME_SPAN_SECOND;
  assert_look (f, "/1", 2, 1, "", "home proven");
  assert_look (f, "/1", 2, 2, "192.168.22.1 " STRANGER, "away proof-failed");
}

/* If nobody answers, nothing can vouch for the network in a new epoch. */
static void
test_no_answer (Fixture      *f,
                gconstpointer data)
{
  assert_look (f, "/1", 2, 0, "192.168.22.1 ?", "home proven");
  assert_look (f, "/1", 2, 0, "192.168.22.1 -", "home proven");
  assert_look (f, "/1", 2, 1, "192.168.22.254 ?", "away proof-failed");
  assert_look (f, "/1", 2, 1, "192.168.22.254 " STRANGER, "away proof-failed");

  assert_look (f, "/2", 2, 1, "", "home proven");
  assert_look (f, "/2", 2, 1, "", "home proven");
  assert_look (f, "/2", 2, 2, "192.168.22.254 " STRANGER, "away proof-failed");
}

/* IPv6's gateway shows up later, on another router, and is learned. */
static void
test_later_gateway (Fixture      *f,
                    gconstpointer data)
{
  assert_look (f, "/1", 2, 0, "192.168.22.1 " ROUTER, "home proven");
  assert_look (f, "/1", 2, 0, "192.168.22.1 " ROUTER " 1 1, fe80::2 " ROUTER6 " 2 2", "home proven");
  assert_look (f, "/1", 2, 0, "192.168.22.1 " ROUTER " 1 3, fe80::2 " ROUTER6 " 2 2", "home proven");
  assert_look (f, "/1", 4, 2, "fe80::2 " ROUTER6 " 4 4", "home proven");
  assert_look (f, "/1", 4, 2, "fe80::3 02:22:00:00:00:03 4 4", "away proof-failed");
}

/* A silent swap: the stranger's router shows up before we find that home's is silent. */
static void
test_newcomer (Fixture      *f,
               gconstpointer data)
{
  assert_look (f, "/1", 2, 0, "192.168.22.1 " ROUTER " 1 1", "home proven");
  assert_look (f, "/1", 2, 0, "192.168.22.1 " ROUTER " 1 5, fe80::9 " STRANGER " 6 6", "home proven");
  assert_look (f, "/1", 2, 0, "192.168.22.1 " ROUTER " 1 5, fe80::9 " STRANGER " 6 7", "home proven");
  assert_look (f, "/1", 2, 1, "192.168.22.1 -, fe80::9 " STRANGER " 6 8", "away proof-failed");
  /* It isn't believed with another address either, or when all are asked again. */
  assert_look (f, "/1", 2, 2, "192.168.22.1 " STRANGER " 9 9, fe80::9 " STRANGER " 9 9", "away proof-failed");
  assert_look (f, "/1", 2, 3, "192.168.22.1 ?, fe80::9 " STRANGER " 10 10", "away proof-failed");
  /* Nor is it believed next to home's own router, until that one answers again. */
  assert_look (f, "/1", 2, 4, "192.168.22.1 " ROUTER " 11 11, fe80::9 " STRANGER " 11 11", "home proven");
  assert_look (f, "/1", 2, 4, "192.168.22.1 -, fe80::9 " STRANGER " 11 12", "away proof-failed");
  /* If home's own router answers after it, it belongs to home. */
  assert_look (f, "/1", 2, 5, "192.168.22.1 " ROUTER " 13 13, fe80::9 " STRANGER " 12 12", "home proven");
  assert_look (f, "/1", 2, 5, "fe80::9 " STRANGER " 12 14", "home proven");
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/anchors/same-network", Fixture, NULL, set_up, test_same_network, tear_down);
  g_test_add ("/anchors/other-network", Fixture, NULL, set_up, test_other_network, tear_down);
  g_test_add ("/anchors/silent-change", Fixture, NULL, set_up, test_silent_change, tear_down);
  g_test_add ("/anchors/other-address", Fixture, NULL, set_up, test_other_address, tear_down);
  g_test_add ("/anchors/epochs-at-home", Fixture, NULL, set_up, test_epochs_at_home, tear_down);
  g_test_add ("/anchors/nothing-known", Fixture, NULL, set_up, test_nothing_known, tear_down);
  g_test_add ("/anchors/nothing-known-yet", Fixture, NULL, set_up, test_nothing_known_yet, tear_down);
  g_test_add ("/anchors/never-asked", Fixture, NULL, set_up, test_never_asked, tear_down);
  g_test_add ("/anchors/no-answer", Fixture, NULL, set_up, test_no_answer, tear_down);
  g_test_add ("/anchors/newcomer", Fixture, NULL, set_up, test_newcomer, tear_down);
  g_test_add ("/anchors/later-gateway", Fixture, NULL, set_up, test_later_gateway, tear_down);
  return g_test_run ();
}
