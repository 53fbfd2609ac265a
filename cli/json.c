/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * D-Bus keys become JSON keys with underscores. A table says which keys there are, so the output doesn't depend on what
 * a newer helper happens to send.
 */
#include "json.h"

#include <json-glib/json-glib.h>

#include "core/words/escape.h"
#include "view.h"

typedef struct
{
  const char *key;  /* D-Bus */
  const char *name; /* JSON */
  const char *type;
} JsonKey;

static const JsonKey place_keys[] = {
  { "place", "place", "s" },
  { "reason", "reason", "s" },
  { "reason-code", "reason_code", "s" },
  { "reason-site", "reason_site", "s" },
  { "reason-device", "reason_device", "s" },
  { "reason-connection", "reason_connection", "s" },
  { "reason-proof", "reason_proof", "s" },
  { "reason-expected", "reason_expected", "s" },
  { "reason-found", "reason_found", "s" },
  { "device", "device", "s" },
  { "sites", "sites", "aa{sv}" },
};

static const JsonKey status_keys[] = {
  { "mode", "mode", "s" },
  { "mode-expires", "mode_expires", "t" },
  { "until-network-change", "until_network_change", "b" },
  { "direct-also", "direct_also", "as" },
  { "backend", "backend", "s" },
  { "backend-why", "backend_why", "s" },
  { "guard", "guard", "s" },
  { "problems", "problems", "as" },
  { "problem-list", "problem_list", "aa{sv}" },
  { "proxy", "proxy", "a{sv}" },
  { "guard-dropped", "guard_dropped", "t" },
  { "lans", "lans", "as" },
  { "drift-count", "drift_count", "t" },
  { "drift-time", "drift_time", "t" },
  { "drift-parts", "drift_parts", "as" },
  { "drift-program", "drift_program", "s" },
  { "drift-process", "drift_process", "u" },
  { "missing", "missing", "as" },
};

static const JsonKey diagnosis_keys[] = {
  { "findings", "findings", "aa{sv}" },
};

static const JsonKey explanation_keys[] = {
  { "path", "path", "s" },
  { "port", "proxy_port", "u" },
  { "table", "table", "s" },
  { "chain", "chain", "s" },
  { "rule", "rule", "s" },
  { "why", "why", "s" },
  { "laid", "laid", "s" },
  { "wanted-path", "wanted_path", "s" },
  { "listener", "listener", "s" },
  { "listener-port", "listener_port", "u" },
  { "from-device", "from_device", "s" },
  { "from-address", "from_address", "s" },
  { "flow", "flow", "a{sv}" },
};

/* Returns what is shown for a key that the helper did not send: the type's zero. */
static GVariant *
new_default (const char *type)
{
  switch (*type)
    {
    case 's':
      return g_variant_new_string ("");
    case 't':
      return g_variant_new_uint64 (0);
    case 'u':
      return g_variant_new_uint32 (0);
    case 'b':
      return g_variant_new_boolean (FALSE);
    default:
      return g_variant_new_array (G_VARIANT_TYPE (type + 1), NULL, 0);
    }
}

/* A copy of @value in which the keys of all dictionaries have underscores. */
static GVariant *
with_underscores (GVariant *value)
{
  GVariantBuilder builder;
  GVariantIter iter;
  GVariant *child;
  const char *key;

  if (g_variant_is_of_type (value, G_VARIANT_TYPE ("aa{sv}")))
    {
      g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
      g_variant_iter_init (&iter, value);
      while ((child = g_variant_iter_next_value (&iter)))
        {
          g_variant_builder_add_value (&builder, with_underscores (child));
          g_variant_unref (child);
        }
      return g_variant_builder_end (&builder);
    }
  if (!g_variant_is_of_type (value, G_VARIANT_TYPE_VARDICT))
    return value;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_iter_init (&iter, value);
  while (g_variant_iter_next (&iter, "{&sv}", &key, &child))
    {
      g_autofree char *name = g_strdelimit (g_strdup (key), "-", '_');

      g_variant_builder_add (&builder, "{sv}", name, with_underscores (child));
      g_variant_unref (child);
    }
  return g_variant_builder_end (&builder);
}

static void
add_keys (GVariantBuilder *builder,
          GVariant        *answer,
          const JsonKey   *keys,
          gsize            n_keys)
{
  for (gsize i = 0; i < n_keys; i++)
    {
      g_autoptr(GVariant) value = g_variant_lookup_value (answer, keys[i].key, G_VARIANT_TYPE (keys[i].type));

      if (!value)
        value = g_variant_ref_sink (new_default (keys[i].type));
      g_variant_builder_add (builder, "{sv}", keys[i].name, with_underscores (value));
    }
}

/* Names from outside may have characters that steer a terminal, and json-glib escapes only those of ASCII.  Except for
 * line ends, they are in strings alone, where the escape means the same character. */
static char *
escape (const char *json)
{
  g_autoptr(GString) text = g_string_new (NULL);

  for (const char *p = json; *p; p = g_utf8_next_char (p))
    {
      const gunichar c = g_utf8_get_char (p);

      if (c == '\n' || divert_character_is_harmless (c))
        g_string_append_unichar (text, c);
      else if (c < 0x10000)
        g_string_append_printf (text, "\\u%04x", c);
      else
        g_string_append_printf (text, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
                                0xdc00 + ((c - 0x10000) & 0x3ff));
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
to_json (GVariantBuilder *builder,
         gboolean         pretty)
{
  g_autoptr(GVariant) object = g_variant_ref_sink (g_variant_builder_end (builder));
  g_autoptr(JsonNode) node = json_gvariant_serialize (object);
  g_autofree char *text = json_to_string (node, pretty);

  return escape (text);
}

char *
divert_json_status (GVariant *status,
                    gboolean  pretty)
{
  const char *place = divert_view_string (status, "place");
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  add_keys (&builder, status, place_keys, G_N_ELEMENTS (place_keys));
  /* No site can have one of these names. */
  g_variant_builder_add (&builder, "{sv}", "site",
                         g_variant_new_string (g_str_equal (place, "away") || g_str_equal (place, "off") ? "" : place));
  add_keys (&builder, status, status_keys, G_N_ELEMENTS (status_keys));
  return to_json (&builder, pretty);
}

char *
divert_json_explanation (GVariant   *explanation,
                         const char *address,
                         guint       port,
                         const char *protocol)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&builder, "{sv}", "address", g_variant_new_string (address));
  g_variant_builder_add (&builder, "{sv}", "port", g_variant_new_uint32 (port));
  g_variant_builder_add (&builder, "{sv}", "protocol", g_variant_new_string (protocol));
  add_keys (&builder, explanation, explanation_keys, G_N_ELEMENTS (explanation_keys));
  add_keys (&builder, explanation, place_keys, G_N_ELEMENTS (place_keys));
  return to_json (&builder, TRUE);
}

char *
divert_json_diagnosis (GVariant *diagnosis)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  add_keys (&builder, diagnosis, diagnosis_keys, G_N_ELEMENTS (diagnosis_keys));
  return to_json (&builder, TRUE);
}
