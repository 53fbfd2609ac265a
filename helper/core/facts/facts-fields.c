/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: converting each field of the facts to text and back.
 *
 * Names come from strangers and may hold arbitrary bytes, while the text goes into key files and
 * bug reports.  So everything but printable ASCII is %-escaped.
 */
#include "facts-fields.h"

/* Printable ASCII except '%', which is the escape character. */
#define READABLE " !\"#$&'()*+,/:;<=>?@[\\]^`{|}"

static char *
text_to_text (const void *field)
{
  const char *text = *(char *const *) field;

  return text != NULL ? g_uri_escape_string (text, READABLE, FALSE) : NULL;
}

static gboolean
text_from_text (const char *text,
                void       *field)
{
  *(char **) field = g_uri_unescape_string (text, NULL);
  return *(char **) field != NULL;
}

static char *
bytes_to_text (const void *field)
{
  GBytes *bytes = *(GBytes *const *) field;
  gsize size;
  const char *data;

  if (bytes == NULL)
    return NULL;
  data = g_bytes_get_data (bytes, &size);
  /* READABLE will not do here: GLib counts the NUL at its end as readable, and an unescaped NUL would cut
   * the text short. */
  return g_uri_escape_bytes ((const guint8 *) (data != NULL ? data : ""), size, NULL);
}

static gboolean
bytes_from_text (const char *text,
                 void       *field)
{
  *(GBytes **) field = g_uri_unescape_bytes (text, -1, NULL, NULL);
  return *(GBytes **) field != NULL;
}

static char *
bool_to_text (const void *field)
{
  return g_strdup (*(const gboolean *) field ? "true" : "false");
}

static gboolean
bool_from_text (const char *text,
                void       *field)
{
  *(gboolean *) field = g_str_equal (text, "true");
  return *(gboolean *) field || g_str_equal (text, "false");
}

static char *
number_to_text (const void *field)
{
  return g_strdup_printf ("%u", *(const guint *) field);
}

static gboolean
number_from_text (const char *text,
                  void       *field)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT, &number, NULL))
    return FALSE;
  *(guint *) field = number;
  return TRUE;
}

static char *
prefix_to_text (const void *field)
{
  return divert_prefix_to_cidr (field);
}

static gboolean
prefix_from_text (const char *text,
                  void       *field)
{
  return divert_prefix_parse_interface (text, field, NULL);
}

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
addresses_to_text (const void *field)
{
  const GArray *addresses = *(GArray *const *) field;
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < addresses->len; i++)
    {
      g_autofree char *address = divert_prefix_to_cidr (divert_prefixes_index (addresses, i));

      g_string_append_printf (text, "%s%s", i > 0 ? ";" : "", address);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static gboolean
addresses_from_text (const char *text,
                     void       *field)
{
  g_auto(GStrv) items = g_strsplit (text, ";", -1);

  for (char **item = items; *item != NULL; item++)
    {
      DivertPrefix address;

      if (!divert_prefix_parse_interface (*item, &address, NULL))
        return FALSE;
      divert_prefixes_add (*(GArray **) field, &address);
    }
  return TRUE;
}

static char *
some_addresses_to_text (const void *field)
{
  return (*(GArray *const *) field)->len > 0 ? addresses_to_text (field) : NULL;
}

static char *
prefixes_to_text (const void *field)
{
  const GArray *prefixes = *(GArray *const *) field;

  return prefixes->len > 0 ? divert_prefixes_to_string (prefixes) : NULL;
}

static gboolean
prefixes_from_text (const char *text,
                    void       *field)
{
  g_auto(GStrv) items = g_strsplit (text, ";", -1);

  for (char **item = items; *item != NULL; item++)
    {
      DivertPrefix prefix;

      if (!divert_prefix_parse (*item, &prefix, NULL))
        return FALSE;
      divert_prefixes_add (*(GArray **) field, &prefix);
    }
  return TRUE;
}

static char *
macs_to_text (const void *field)
{
  const GArray *macs = *(GArray *const *) field;

  return macs->len > 0 ? divert_macs_to_string (macs) : NULL;
}

static gboolean
macs_from_text (const char *text,
                void       *field)
{
  g_auto(GStrv) items = g_strsplit (text, ";", -1);

  for (char **item = items; *item != NULL; item++)
    {
      DivertMac mac;

      if (!divert_mac_parse (*item, &mac))
        return FALSE;
      g_array_append_val (*(GArray **) field, mac);
    }
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

#define FIELD(type, member, key, kind) { key, G_STRUCT_OFFSET (type, member), kind##_to_text, kind##_from_text }
/* Two members of the struct share a key, so the functions get the struct itself. */
#define FIELDS(key, kind) { key, 0, kind##_to_text, kind##_from_text }

const DivertField divert_machine_fields[] = {
  FIELD (DivertFacts, nm_running, "nm-running", bool),
  FIELD (DivertFacts, sleeping, "sleeping", bool),
  FIELD (DivertFacts, former, "former", prefixes),
  FIELD (DivertFacts, ephemeral, "ephemeral-ports", ephemeral),
  { .key = NULL },
};

const DivertField divert_connection_fields[] = {
  FIELD (DivertConnection, uuid, "uuid", text),
  FIELD (DivertConnection, id, "id", text),
  FIELD (DivertConnection, zone, "zone", text),
  FIELD (DivertConnection, type, "type", text),
  FIELD (DivertConnection, device, "device", text),
  FIELD (DivertConnection, up, "up", bool),
  FIELD (DivertConnection, external, "external", bool),
  FIELD (DivertConnection, key_mgmt, "key-mgmt", text),
  FIELD (DivertConnection, ssid, "ssid", bytes),
  FIELDS ("bssid", bssid),
  FIELD (DivertConnection, known_gateways, "known-gateways", macs),
  FIELD (DivertConnection, returned, "returned", bool),
  { .key = NULL },
};

const DivertField divert_link_fields[] = {
  FIELD (DivertLink, ifindex, "ifindex", number),
  FIELD (DivertLink, name, "name", text),
  FIELD (DivertLink, carrier, "carrier", bool),
  FIELD (DivertLink, addresses, "addresses", addresses),
  { "fresh", G_STRUCT_OFFSET (DivertLink, fresh), some_addresses_to_text, addresses_from_text },
  FIELD (DivertLink, gateways, "gateways", gateways),
  { .key = NULL },
};

const DivertField divert_route_fields[] = {
  FIELD (DivertRoute, destination, "destination", prefix),
  FIELDS ("gateway", route_gateway),
  FIELD (DivertRoute, ifindex, "ifindex", number),
  { .key = NULL },
};

const DivertField divert_beacon_fields[] = {
  FIELD (DivertBeaconFact, site, "site", text),
  FIELD (DivertBeaconFact, ifindex, "ifindex", number),
  FIELD (DivertBeaconFact, state, "state", beacon_state),
  FIELD (DivertBeaconFact, detail, "detail", text),
  { .key = NULL },
};
