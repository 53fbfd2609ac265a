/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every combination of what a decision weighs, checked against a rule that is simpler than the code: the place is the
 * site if and only if everything that must hold does. matrix.txt lists the results for reading. DIVERT_GOLDEN_UPDATE=1
 * writes it anew.
 */
#include <string.h>

#include "core/place/decision.h"
#include "values.h"

static const char config_text[] =
  "[proxy]\n"
  "group=23333\n"
  "[site home]\n"
  "intranet=192.168.22.0/24;fd00:22::/64\n"
  "connection-uuid=6b0c0000-0000-4000-8000-000000000001\n"
  "zone=home\n"
  "gateway-mac=02:00:00:00:22:01\n"
  "[site office]\n"
  "intranet=10.20.0.0/16\n"
  "connection-uuid=6b0c0000-0000-4000-8000-000000000002\n"
  "zone=work\n";

#define UUID_HOME "6b0c0000-0000-4000-8000-000000000001"
#define UUID_OFFICE "6b0c0000-0000-4000-8000-000000000002"
#define UUID_OTHER "6b0c0000-0000-4000-8000-000000000003"

typedef struct
{
  const char *name;
  const char *value;
  gboolean    home;   /* does this value speak for home? */
  gboolean    office;
} Choice;

static const Choice uuids[] = {
  { "uuid=home", UUID_HOME, TRUE, FALSE },
  { "uuid=office", UUID_OFFICE, FALSE, TRUE },
  { "uuid=other", UUID_OTHER, FALSE, FALSE },
};
/* If a zone is set, only the zone counts. For "unset", home and office are those of the UUID. In a private profile, a
 * zone only denies, so the UUID must speak for the site as well. */
#define PRIVATE "private "
static const Choice zones[] = {
  { "zone=unset", NULL, FALSE, FALSE },
  { "zone=home", "home", TRUE, FALSE },
  { "zone=work", "work", FALSE, TRUE },
  { "zone=public", "public", FALSE, FALSE },
  { PRIVATE "zone=home", "home", TRUE, FALSE },
};
static const Choice addresses[] = {
  { "address=home", "192.168.22.33/24", TRUE, FALSE },
  { "address=home6", "fd00:22::33/64", TRUE, FALSE },
  { "address=office", "10.20.3.4/16", FALSE, TRUE },
  { "address=other", "10.66.0.5/24", FALSE, FALSE },
};
static const Choice devices[] = {
  { "wifi", "802-11-wireless", TRUE, TRUE },
  { "bridge", "bridge", FALSE, FALSE },
  { "vpn", "vpn", FALSE, FALSE },
  { "wireguard", "wireguard", FALSE, FALSE },
};
static const Choice states[] = {
  { "up", "up", TRUE, TRUE },
  { "deactivating", "down", FALSE, FALSE },
  { "no-carrier", "no-carrier", FALSE, FALSE },
  { "external", "external", FALSE, FALSE },
};
/* Only home asks for the gateway. */
static const Choice gateways[] = {
  { "gateway=right", "02:00:00:00:22:01", TRUE, TRUE },
  { "gateway=wrong", "02:00:00:00:66:01", FALSE, TRUE },
  { "gateway=pending", NULL, FALSE, TRUE },
};

static gboolean
is_private (const Choice *zone)
{
  return g_str_has_prefix (zone->name, PRIVATE);
}

static DivertFacts *
make_facts (const Choice *uuid,
            const Choice *zone,
            const Choice *address,
            const Choice *device,
            const Choice *state,
            const Choice *gateway)
{
  DivertFacts *facts = divert_facts_new ();
  DivertConnection *connection = divert_connection_new ();
  DivertLink *link = divert_link_new ();
  DivertPrefix prefix;
  DivertGateway *router;

  facts->nm_running = TRUE;
  connection->uuid = g_strdup (uuid->value);
  connection->id = g_strdup ("some");
  connection->zone = g_strdup (zone->value);
  connection->private = is_private (zone);
  connection->type = g_strdup (device->value);
  connection->device = g_strdup ("wlan0");
  connection->up = !g_str_equal (state->value, "down");
  connection->external = g_str_equal (state->value, "external");
  g_ptr_array_add (facts->connections, connection);

  link->ifindex = 3;
  link->name = g_strdup ("wlan0");
  link->carrier = !g_str_equal (state->value, "no-carrier");
  g_assert_true (divert_prefix_parse_interface (address->value, &prefix, NULL));
  divert_prefixes_add (link->addresses, &prefix);
  g_assert_true (divert_address_parse ("192.168.22.1", &prefix, NULL));
  router = divert_gateway_new (&prefix);
  if (gateway->value != NULL)
    {
      DivertMac mac;

      g_assert_true (divert_mac_parse (gateway->value, &mac));
      g_array_append_val (router->macs, mac);
      router->state = DIVERT_GATEWAY_RESOLVED;
    }
  else
    router->state = DIVERT_GATEWAY_PENDING;
  g_ptr_array_add (link->gateways, router);
  g_ptr_array_add (facts->links, link);
  return facts;
}

static void
check (const DivertConfig *config,
       GString            *report,
       const Choice       *uuid,
       const Choice       *zone,
       const Choice       *address,
       const Choice       *device,
       const Choice       *state,
       const Choice       *gateway)
{
  g_autoptr(DivertFacts) facts = make_facts (uuid, zone, address, device, state, gateway);
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AUTO, NULL);
  g_autoptr(DivertDecision) decision = divert_decide (config, mode, facts);
  const Choice *who = zone->value != NULL ? zone : uuid;
  const char *expected = "away";
  const gboolean home = who->home && (!is_private (zone) || uuid->home);

  if (home && address->home && device->home && state->home && gateway->home)
    expected = "home";
  else if (who->office && address->office && device->office && state->office)
    expected = "office";

  g_assert_cmpstr (divert_decision_get_place (decision), ==, expected);
  g_string_append_printf (report, "%s %s %s %s %s %s: %s: %s\n", uuid->name, zone->name, address->name, device->name,
                          state->name, gateway->name, expected, divert_reason_code_name (decision->reason->code));
}

static void
test_matrix (gconstpointer data)
{
  g_autoptr(DivertConfig) config = test_config_new (config_text);
  g_autoptr(GString) report = g_string_new (NULL);
  g_autofree char *expected = NULL;
  g_autoptr(GError) error = NULL;

  for (guint a = 0; a < G_N_ELEMENTS (uuids); a++)
    for (guint b = 0; b < G_N_ELEMENTS (zones); b++)
      for (guint c = 0; c < G_N_ELEMENTS (addresses); c++)
        for (guint d = 0; d < G_N_ELEMENTS (devices); d++)
          for (guint e = 0; e < G_N_ELEMENTS (states); e++)
            for (guint f = 0; f < G_N_ELEMENTS (gateways); f++)
              check (config, report, &uuids[a], &zones[b], &addresses[c], &devices[d], &states[e], &gateways[f]);

  if (g_getenv ("DIVERT_GOLDEN_UPDATE") != NULL)
    g_file_set_contents (data, report->str, report->len, &error);
  else
    {
      g_file_get_contents (data, &expected, NULL, &error);
      g_assert_no_error (error);
      g_assert_true (g_str_equal (expected, report->str));
    }
  g_assert_no_error (error);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  g_test_add_data_func ("/matrix", argv[1], test_matrix);
  return g_test_run ();
}
