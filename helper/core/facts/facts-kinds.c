/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: converting the values of which facts are made to text and back: texts, numbers, addresses, and lists of those.
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
path_to_text (const void *field)
{
  return g_strdup (*(GRefString *const *) field);
}

static gboolean
path_from_text (const char *text,
                void       *field)
{
  if (!divert_cgroup_path_is_valid (text))
    return FALSE;
  *(GRefString **) field = g_ref_string_new (text);
  return TRUE;
}

static char *
id_to_text (const void *field)
{
  return g_strdup_printf ("%" G_GUINT64_FORMAT, *(const guint64 *) field);
}

static gboolean
id_from_text (const char *text,
              void       *field)
{
  return g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT64, field, NULL);
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

/* As the two above, but without a line for what is not there. */
static char *
flag_to_text (const void *field)
{
  return *(const gboolean *) field ? bool_to_text (field) : NULL;
}

static char *
index_to_text (const void *field)
{
  return *(const guint *) field != 0 ? number_to_text (field) : NULL;
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

#define KIND(name) const DivertFieldKind divert_kind_##name = { name##_to_text, name##_from_text }

KIND (text);
KIND (bytes);
KIND (bool);
KIND (path);
KIND (id);
KIND (number);
KIND (prefix);
KIND (addresses);
KIND (prefixes);
KIND (macs);
const DivertFieldKind divert_kind_flag = { flag_to_text, bool_from_text };
const DivertFieldKind divert_kind_index = { index_to_text, number_from_text };
const DivertFieldKind divert_kind_some_addresses = { some_addresses_to_text, addresses_from_text };
