/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From which addresses of a link the intranet may be reached: those for which a gateway that is known has vouched. */
#include <string.h>

#include "core/facts/freshness.h"
#include "core/memory/anchors.h"
#include "values.h"

#define ROUTER "02:22:00:00:00:01"
#define STRANGER "02:99:00:00:00:01"

/* The connection has one activation, and nothing ends the link's epoch. */
typedef struct
{
  DivertConfig  *config;
  DivertAnchors *anchors;
} Fixture;

static void
set_up (Fixture      *f,
        gconstpointer config)
{
  f->config = test_config_new (config);
  f->anchors = divert_anchors_new ();
}

static void
tear_down (Fixture      *f,
           gconstpointer config)
{
  divert_config_free (f->config);
  divert_anchors_free (f->anchors);
}

/* @text: "ADDRESS MAC FIRST LAST", with the times of the first and the last answer; "ADDRESS" alone: it was there a
 * moment ago, and is silent. */
static void
add_gateway (DivertLink *link,
             const char *text)
{
  g_auto(GStrv) words = g_strsplit (text, " ", 4);
  DivertGateway *gateway;
  DivertPrefix address;
  DivertMac mac;

  g_assert_true (divert_address_parse (words[0], &address, NULL));
  gateway = divert_gateway_new (&address);
  gateway->state = words[1] != NULL ? DIVERT_GATEWAY_RESOLVED : DIVERT_GATEWAY_FAILED;
  gateway->last_answer = 1000;
  if (words[1] != NULL)
    {
      g_assert_true (divert_mac_parse (words[1], &mac));
      g_array_append_val (gateway->macs, mac);
      gateway->first_answer = g_ascii_strtoll (words[2], NULL, 10);
      gateway->last_answer = g_ascii_strtoll (words[3], NULL, 10);
    }
  g_ptr_array_add (link->gateways, gateway);
}

/* @text: "ADDRESS/LENGTH ARRIVAL" */
static void
add_address (DivertLink *link,
             const char *text)
{
  g_auto(GStrv) words = g_strsplit (text, " ", 2);
  DivertArrival arrival = { .at = g_ascii_strtoll (words[1], NULL, 10) };

  g_assert_true (divert_prefix_parse_interface (words[0], &arrival.address, NULL));
  g_array_append_val (link->addresses, arrival.address);
  g_array_append_val (link->arrivals, arrival);
}

typedef void (*Add) (DivertLink *link, const char *text);

static void
add_all (DivertLink *link,
         const char *list,
         Add         add)
{
  g_auto(GStrv) texts = g_strsplit (list, ", ", -1);

  for (char **text = texts; *text != NULL; text++)
    add (link, *text);
}

static DivertFacts *
make_facts (const char *addresses,
            const char *gateways)
{
  DivertFacts *facts = divert_facts_new ();
  DivertConnection *connection = divert_connection_new ();
  DivertLink *link = divert_link_new ();

  facts->nm_running = TRUE;
  connection->uuid = g_strdup ("6b0c0000-0000-4000-8000-000000000001");
  connection->zone = g_strdup ("home");
  connection->type = g_strdup ("802-3-ethernet");
  connection->device = g_strdup ("eth0");
  connection->activation = g_strdup ("/1");
  connection->up = TRUE;
  g_ptr_array_add (facts->connections, connection);
  link->ifindex = 2;
  link->name = g_strdup ("eth0");
  link->carrier = TRUE;
  add_all (link, addresses, add_address);
  add_all (link, gateways, add_gateway);
  g_ptr_array_add (facts->links, link);
  divert_facts_sort (facts);
  return facts;
}

/* Looks once, as a run does.  @expected: "PLACE SOURCES", with the sources from which the intranet may be reached. */
static void
assert_sources (Fixture    *f,
                const char *addresses,
                const char *gateways,
                const char *expected)
{
  g_autoptr(DivertFacts) facts = make_facts (addresses, gateways);
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AUTO, NULL);
  g_autoptr(DivertDecision) decision = NULL;
  g_autoptr(GString) found = NULL;

  divert_anchors_fill (f->anchors, facts);
  divert_facts_fill_fresh (facts);
  decision = divert_decide (f->config, mode, facts);
  divert_anchors_learn (f->anchors, facts, decision, 0);
  found = g_string_new (divert_decision_get_place (decision));
  for (guint i = 0; i < decision->exits->len; i++)
    {
      const DivertExit *way_out = g_ptr_array_index (decision->exits, i);

      for (guint j = 0; j < way_out->sources->len; j++)
        {
          g_autofree char *source = divert_prefix_to_string (divert_prefixes_index (way_out->sources, j));

          g_string_append_printf (found, " %s", source);
        }
    }
  g_assert_cmpstr (found->str, ==, expected);
}

#define OLD "192.168.22.33/24 1"
#define NEW OLD ", 2001:db8:22::77/64 5"
#define HOME "192.168.22.1 " ROUTER

/* An address counts once the gateway has answered after it. */
static void
test_gateway (Fixture      *f,
              gconstpointer config)
{
  assert_sources (f, OLD, HOME " 2 2", "home 192.168.22.33");
  assert_sources (f, NEW, HOME " 2 4", "home 192.168.22.33");
  /* Nobody knows which came first. */
  assert_sources (f, NEW, HOME " 2 5", "home 192.168.22.33");
  assert_sources (f, NEW, HOME " 2 6", "home 192.168.22.33 2001:db8:22::77");
}

/* The network was swapped, and its own router, which the laptop has not heard of before, vouches for the address that
 * it has handed out. */
static void
test_newcomer (Fixture      *f,
               gconstpointer config)
{
  const char *swapped = "192.168.22.33/24 1, 2001:db8:99::33/64 5";

  assert_sources (f, OLD, HOME " 2 2", "home 192.168.22.33");
  assert_sources (f, swapped, HOME " 2 4, fe80::9 " STRANGER " 6 6", "home 192.168.22.33");
  assert_sources (f, swapped, HOME " 2 4, fe80::9 " STRANGER " 6 8", "home 192.168.22.33");
  assert_sources (f, NEW, HOME " 2 4, 192.168.22.254 " STRANGER " 6 9", "home 192.168.22.33");
  /* It was home's.  From now on it vouches as the other one does. */
  assert_sources (f, swapped, HOME " 2 9, fe80::9 " STRANGER " 6 8", "home 192.168.22.33 2001:db8:99::33");
  assert_sources (f, "192.168.22.33/24 1, 2001:db8:99::44/64 10", HOME " 2 9, fe80::9 " STRANGER " 6 11",
                  "home 192.168.22.33 2001:db8:99::44");
}

/* Of several known ones, the last that has answered counts; of those that are silent, none. */
static void
test_several (Fixture      *f,
              gconstpointer config)
{
  const char *both = HOME " 2 2, fe80::1 " ROUTER " 2 2";

  assert_sources (f, OLD, both, "home 192.168.22.33");
  assert_sources (f, NEW, HOME " 2 4, fe80::1 " ROUTER " 2 6", "home 192.168.22.33 2001:db8:22::77");
  assert_sources (f, NEW, HOME " 2 4, fe80::1", "home 192.168.22.33");
}

int
main (int   argc,
      char *argv[])
{
  static const char anchored[] = "[proxy]\ngroup=1\n[site home]\nintranet=192.168.22.0/24\nzone=home\n";
  static const char named[] =
    "[proxy]\ngroup=1\n[site home]\nintranet=192.168.22.0/24\nzone=home\ngateway-mac=" ROUTER "\n";

  g_test_init (&argc, &argv, NULL);
  g_test_add ("/freshness/gateway", Fixture, anchored, set_up, test_gateway, tear_down);
  g_test_add ("/freshness/gateway-mac", Fixture, named, set_up, test_gateway, tear_down);
  g_test_add ("/freshness/newcomer", Fixture, anchored, set_up, test_newcomer, tear_down);
  g_test_add ("/freshness/several", Fixture, anchored, set_up, test_several, tear_down);
  g_test_add ("/freshness/several-named", Fixture, named, set_up, test_several, tear_down);
  return g_test_run ();
}
