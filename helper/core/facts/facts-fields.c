/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the fields of the facts, each with its key, and converting to text and back what is made for the facts alone.
 * Other values are in facts-kinds.c.
 */
#include "facts-fields.h"

static char *
bssid_to_text (const void *field)
{
  const DivertConnection *connection = field;

  return connection->has_bssid ? divert_mac_to_string (&connection->bssid) : NULL;
}

static gboolean
bssid_from_text (const char *text,
                 void       *field)
{
  DivertConnection *connection = field;

  connection->has_bssid = divert_mac_parse (text, &connection->bssid);
  return connection->has_bssid;
}

static char *
route_gateway_to_text (const void *field)
{
  const DivertRoute *route = field;

  return route->has_gateway ? divert_prefix_to_string (&route->gateway) : NULL;
}

static gboolean
route_gateway_from_text (const char *text,
                         void       *field)
{
  DivertRoute *route = field;

  route->has_gateway = divert_address_parse (text, &route->gateway, NULL);
  return route->has_gateway;
}

static const char *const beacon_states[] = {
  [DIVERT_BEACON_PENDING] = "pending",
  [DIVERT_BEACON_PROVEN] = "proven",
  [DIVERT_BEACON_FAILED] = "failed",
  NULL,
};

static const char *const gateway_states[] = {
  [DIVERT_GATEWAY_UNKNOWN] = "unknown",
  [DIVERT_GATEWAY_PENDING] = "pending",
  [DIVERT_GATEWAY_RESOLVED] = "resolved",
  [DIVERT_GATEWAY_FAILED] = "failed",
  NULL,
};

static gboolean
name_to_number (const char        *name,
                const char *const *names,
                guint             *ret_number)
{
  for (guint i = 0; names[i] != NULL; i++)
    if (g_str_equal (names[i], name))
      {
        *ret_number = i;
        return TRUE;
      }
  return FALSE;
}

static char *
beacon_state_to_text (const void *field)
{
  return g_strdup (beacon_states[*(const DivertBeaconState *) field]);
}

static gboolean
beacon_state_from_text (const char *text,
                        void       *field)
{
  guint state;

  if (!name_to_number (text, beacon_states, &state))
    return FALSE;
  *(DivertBeaconState *) field = state;
  return TRUE;
}

static char *
ephemeral_to_text (const void *field)
{
  const DivertPorts *ports = field;

  return ports->first != 0 ? g_strdup_printf ("%u-%u", ports->first, ports->last) : NULL;
}

static gboolean
ephemeral_from_text (const char *text,
                     void       *field)
{
  return divert_ports_parse (text, field);
}

#define AHEAD "ahead"

/* "LOCAL FIRST [ahead]"; FIRST is "-" if there is none. */
static char *
order_to_text (const void *field)
{
  const DivertRuleOrder *order = field;
  g_autofree char *first = order->first != G_MAXUINT32 ? g_strdup_printf ("%u", order->first) : g_strdup ("-");

  if (order->local == 0 && order->first == G_MAXUINT32 && !order->ahead)
    return NULL;
  return g_strdup_printf ("%u %s%s", order->local, first, order->ahead ? " " AHEAD : "");
}

static gboolean
order_from_text (const char *text,
                 void       *field)
{
  g_auto(GStrv) words = g_strsplit (text, " ", -1);
  const guint n = g_strv_length (words);
  DivertRuleOrder order = { 0, G_MAXUINT32, n == 3 };

  if (n < 2 || n > 3 || (n == 3 && !g_str_equal (words[2], AHEAD)) ||
      !divert_kind_number.from_text (words[0], &order.local) ||
      (!g_str_equal (words[1], "-") && !divert_kind_number.from_text (words[1], &order.first)))
    return FALSE;
  *(DivertRuleOrder *) field = order;
  return TRUE;
}

static char *
listening_to_text (const void *field)
{
  return divert_listening_to_text (*(GArray *const *) field);
}

static gboolean
listening_from_text (const char *text,
                     void       *field)
{
  return divert_listening_from_text (text, *(GArray **) field);
}

#define NEWCOMER "newcomer"

/* "ADDRESS STATE [newcomer] MAC MAC …", separated by ';' */
static char *
gateways_to_text (const void *field)
{
  const GPtrArray *gateways = *(GPtrArray *const *) field;
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < gateways->len; i++)
    {
      const DivertGateway *gateway = g_ptr_array_index (gateways, i);
      g_autofree char *address = divert_prefix_to_string (&gateway->address);

      g_string_append_printf (text, "%s%s %s%s", i > 0 ? ";" : "", address, gateway_states[gateway->state],
                              gateway->newcomer ? " " NEWCOMER : "");
      for (guint j = 0; j < gateway->macs->len; j++)
        {
          g_autofree char *mac = divert_mac_to_string (&g_array_index (gateway->macs, DivertMac, j));

          g_string_append_printf (text, " %s", mac);
        }
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
some_gateways_to_text (const void *field)
{
  return (*(GPtrArray *const *) field)->len > 0 ? gateways_to_text (field) : NULL;
}

static DivertGateway *
gateway_from_text (const char *text)
{
  g_auto(GStrv) words = g_strsplit (text, " ", -1);
  g_autoptr(DivertGateway) gateway = NULL;
  DivertPrefix address;
  char **word;
  guint state;

  if (g_strv_length (words) < 2 || !divert_address_parse (words[0], &address, NULL) ||
      !name_to_number (words[1], gateway_states, &state))
    return NULL;
  gateway = divert_gateway_new (&address);
  gateway->state = state;
  word = words + 2;
  gateway->newcomer = g_strcmp0 (*word, NEWCOMER) == 0;
  if (gateway->newcomer)
    word++;
  for (; *word != NULL; word++)
    {
      DivertMac mac;

      if (!divert_mac_parse (*word, &mac))
        return NULL;
      g_array_append_val (gateway->macs, mac);
    }
  return g_steal_pointer (&gateway);
}

static gboolean
gateways_from_text (const char *text,
                    void       *field)
{
  g_auto(GStrv) items = g_strsplit (text, ";", -1);

  for (char **item = items; *item != NULL; item++)
    {
      DivertGateway *gateway = gateway_from_text (*item);

      if (gateway == NULL)
        return FALSE;
      g_ptr_array_add (*(GPtrArray **) field, gateway);
    }
  return TRUE;
}

#define KIND(name) static const DivertFieldKind kind_##name = { name##_to_text, name##_from_text }

KIND (bssid);
KIND (route_gateway);
KIND (beacon_state);
KIND (ephemeral);
KIND (order);
KIND (listening);
KIND (gateways);
static const DivertFieldKind kind_some_gateways = { some_gateways_to_text, gateways_from_text };

#define FIELD(type, member, key, kind) { key, G_STRUCT_OFFSET (type, member), &kind }
/* Two members of the struct share a key, so the functions get the struct itself. */
#define FIELDS(key, kind) { key, 0, &kind }

const DivertField divert_machine_fields[] = {
  FIELD (DivertFacts, nm_running, "nm-running", divert_kind_bool),
  FIELD (DivertFacts, sleeping, "sleeping", divert_kind_bool),
  FIELD (DivertFacts, former, "former", divert_kind_prefixes),
  FIELD (DivertFacts, ephemeral, "ephemeral-ports", kind_ephemeral),
  FIELD (DivertFacts, order[DIVERT_FAMILY_IPV4], "rules-ipv4", kind_order),
  FIELD (DivertFacts, order[DIVERT_FAMILY_IPV6], "rules-ipv6", kind_order),
  FIELD (DivertFacts, listening, "listening", kind_listening),
  FIELD (DivertFacts, bridge_calls, "bridge-calls", divert_kind_flag),
  FIELD (DivertFacts, bridge_frames, "bridge-frames", divert_kind_flag),
  FIELD (DivertFacts, has_cgroups, "control-groups", divert_kind_flag),
  { .key = NULL },
};

const DivertField divert_connection_fields[] = {
  FIELD (DivertConnection, uuid, "uuid", divert_kind_text),
  FIELD (DivertConnection, id, "id", divert_kind_text),
  FIELD (DivertConnection, zone, "zone", divert_kind_text),
  FIELD (DivertConnection, private, "private", divert_kind_flag),
  FIELD (DivertConnection, type, "type", divert_kind_text),
  FIELD (DivertConnection, device, "device", divert_kind_text),
  FIELD (DivertConnection, up, "up", divert_kind_bool),
  FIELD (DivertConnection, external, "external", divert_kind_bool),
  FIELD (DivertConnection, shared, "shared", divert_kind_flag),
  FIELD (DivertConnection, key_mgmt, "key-mgmt", divert_kind_text),
  FIELD (DivertConnection, ssid, "ssid", divert_kind_bytes),
  FIELDS ("bssid", kind_bssid),
  FIELD (DivertConnection, known_gateways, "known-gateways", divert_kind_macs),
  FIELD (DivertConnection, returned, "returned", divert_kind_bool),
  { .key = NULL },
};

const DivertField divert_link_fields[] = {
  FIELD (DivertLink, ifindex, "ifindex", divert_kind_number),
  FIELD (DivertLink, name, "name", divert_kind_text),
  FIELD (DivertLink, kind, "kind", divert_kind_text),
  FIELD (DivertLink, master, "master", divert_kind_index),
  FIELD (DivertLink, lower, "lower", divert_kind_index),
  FIELD (DivertLink, peer, "peer", divert_kind_index),
  FIELD (DivertLink, carrier, "carrier", divert_kind_bool),
  FIELD (DivertLink, addresses, "addresses", divert_kind_addresses),
  FIELD (DivertLink, fresh, "fresh", divert_kind_some_addresses),
  FIELD (DivertLink, gateways, "gateways", kind_gateways),
  FIELD (DivertLink, routers, "routers", kind_some_gateways),
  FIELD (DivertLink, own_macs, "own-macs", divert_kind_macs),
  { .key = NULL },
};

const DivertField divert_route_fields[] = {
  FIELD (DivertRoute, destination, "destination", divert_kind_prefix),
  FIELDS ("gateway", kind_route_gateway),
  FIELD (DivertRoute, ifindex, "ifindex", divert_kind_number),
  { .key = NULL },
};

const DivertField divert_beacon_fields[] = {
  FIELD (DivertBeaconFact, site, "site", divert_kind_text),
  FIELD (DivertBeaconFact, ifindex, "ifindex", divert_kind_number),
  FIELD (DivertBeaconFact, state, "state", kind_beacon_state),
  FIELD (DivertBeaconFact, detail, "detail", divert_kind_text),
  { .key = NULL },
};

const DivertField divert_unit_fields[] = {
  FIELD (DivertUnit, path, "path", divert_kind_path),
  FIELD (DivertUnit, id, "id", divert_kind_id),
  { .key = NULL },
};
