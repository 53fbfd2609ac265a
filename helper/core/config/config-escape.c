/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: parsing and writing GKeyFile's escapes and lists.
 *
 * Items that may hold arbitrary bytes have one more escape than GKeyFile: \xHH, a byte.
 */
#include "config-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/words/escape.h"

static const struct
{
  char escape, meaning;
} escapes[] = { { 's', ' ' }, { 'n', '\n' }, { 't', '\t' }, { 'r', '\r' }, { '\\', '\\' }, { ';', ';' } };

#define SEMICOLON (G_N_ELEMENTS (escapes) - 1) /* only lists use this one */

/* The byte after "\x"; -1 if the digits are not two hexadecimal ones. */
static int
read_byte (const char *digits,
           gsize       length)
{
  if (length < 2 || !g_ascii_isxdigit (digits[0]) || !g_ascii_isxdigit (digits[1]))
    return -1;
  return g_ascii_xdigit_value (digits[0]) << 4 | g_ascii_xdigit_value (digits[1]);
}

/* @bytes: also accept "\xHH". */
static GString *
unescape (const char  *value,
          gsize        length,
          gsize        known,
          gboolean     bytes,
          GError     **error)
{
  g_autoptr(GString) text = g_string_new (NULL);

  for (gsize i = 0; i < length; i++)
    {
      gsize e = 0;
      int byte;

      if (value[i] != '\\')
        {
          g_string_append_c (text, value[i]);
          continue;
        }
      i++;
      byte = bytes && i < length && value[i] == 'x' ? read_byte (value + i + 1, length - i - 1) : -1;
      if (byte >= 0)
        {
          g_string_append_c (text, (char) byte);
          i += 2;
          continue;
        }
      while (e < known && (i == length || escapes[e].escape != value[i]))
        e++;
      if (e == known)
        {
          g_autofree char *shown = g_strndup (value, length);

          divert_config_refuse (DIVERT_CONFIG_ERROR_VALUE, _("unknown escape (a backslash is written \\\\)"), shown,
                                error);
          return NULL;
        }
      g_string_append_c (text, escapes[e].meaning);
    }
  return g_steal_pointer (&text);
}

char *
divert_config_unescape (const char  *value,
                        GError     **error)
{
  g_autoptr(GString) text = unescape (value, strlen (value), SEMICOLON, FALSE, error);

  return text != NULL ? g_string_free (g_steal_pointer (&text), FALSE) : NULL;
}

/* The end of the item: its ';' or the end of the text. */
static const char *
find_end (const char *item)
{
  while (*item != '\0' && *item != ';')
    item += item[0] == '\\' && item[1] != '\0' ? 2 : 1;
  return item;
}

static guint
count_items (const char *value)
{
  guint n = 0;

  while (*value != '\0')
    {
      value = find_end (value);
      value += *value == ';';
      n++;
    }
  return n;
}

static void
string_free (gpointer string)
{
  g_string_free (string, TRUE);
}

/* The items, unescaped, as GString. */
static GPtrArray *
split (const char  *value,
       guint        max,
       gboolean     bytes,
       GError     **error)
{
  g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func (string_free);
  const char *whole = value;
  guint n = count_items (value);

  if (n > max)
    {
      g_set_error (error, DIVERT_CONFIG_ERROR, DIVERT_CONFIG_ERROR_LIMIT, _("more than %u items: '%u'"), max, n);
      return NULL;
    }
  for (guint i = 0; i < n; i++)
    {
      const char *end = find_end (value), *last = end;
      GString *item;

      /* Blanks around an item are only for readability; "\s" is a real one. */
      while (g_ascii_isspace (*value))
        value++;
      while (last > value && g_ascii_isspace (last[-1]))
        last--;
      if (last <= value)
        {
          divert_config_refuse (DIVERT_CONFIG_ERROR_VALUE, _("empty item in the list"), whole, error);
          return NULL;
        }
      item = unescape (value, last - value, G_N_ELEMENTS (escapes), bytes, error);
      if (item == NULL)
        return NULL;
      g_ptr_array_add (items, item);
      value = end + (*end == ';');
    }
  return g_steal_pointer (&items);
}

GStrv
divert_config_split (const char  *value,
                     guint        max,
                     GError     **error)
{
  g_autoptr(GPtrArray) items = split (value, max, FALSE, error);
  GStrv texts;

  if (items == NULL)
    return NULL;
  texts = g_new0 (char *, items->len + 1);
  for (guint i = 0; i < items->len; i++)
    texts[i] = g_strdup (((GString *) g_ptr_array_index (items, i))->str);
  return texts;
}

GPtrArray *
divert_config_split_bytes (const char  *value,
                           guint        max,
                           GError     **error)
{
  g_autoptr(GPtrArray) items = split (value, max, TRUE, error);
  GPtrArray *all;

  if (items == NULL)
    return NULL;
  all = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  for (guint i = 0; i < items->len; i++)
    {
      const GString *item = g_ptr_array_index (items, i);

      g_ptr_array_add (all, g_bytes_new (item->str, item->len));
    }
  return all;
}

static void
append_escaped (GString    *value,
                const char *text,
                gsize       known)
{
  for (const char *p = text; *p != '\0'; p++)
    {
      gsize e = 0;

      while (e < known && escapes[e].meaning != *p)
        e++;
      if (e == known || (*p == ' ' && p != text && p[1] != '\0'))
        g_string_append_c (value, *p);
      else
        g_string_append_printf (value, "\\%c", escapes[e].escape);
    }
}

char *
divert_config_escape (const char *text)
{
  g_autoptr(GString) value = g_string_new (NULL);

  append_escaped (value, text, SEMICOLON);
  return g_string_free (g_steal_pointer (&value), FALSE);
}

char *
divert_config_join (char **items)
{
  g_autoptr(GString) value = g_string_new (NULL);

  for (char **item = items; *item != NULL; item++)
    {
      append_escaped (value, *item, G_N_ELEMENTS (escapes));
      g_string_append_c (value, ';');
    }
  return g_string_free (g_steal_pointer (&value), FALSE);
}

/* The length of the character at @p if it can be written as it is; 0 if its first byte must be escaped. */
static gsize
count_plain (const char *p,
             gsize       rest)
{
  gunichar c = g_utf8_get_char_validated (p, rest);

  /* -2 is the return value for an embedded NUL. */
  if (c == (gunichar) -1 || c == (gunichar) -2 || c == 0 || !divert_character_is_harmless (c))
    return 0;
  return g_utf8_next_char (p) - p;
}

char *
divert_config_escape_bytes (GBytes *bytes)
{
  g_autoptr(GString) value = g_string_new (NULL);
  gsize size;
  const char *p = g_bytes_get_data (bytes, &size);

  for (gsize i = 0, length; i < size; i += length)
    {
      length = count_plain (p + i, size - i);
      if (p[i] == ' ' && (i == 0 || i == size - 1))
        g_string_append (value, "\\s");
      else if (p[i] == '\\' || p[i] == ';')
        g_string_append_printf (value, "\\%c", p[i]);
      else if (length > 0)
        g_string_append_len (value, p + i, length);
      else
        g_string_append_printf (value, "\\x%02x", (guint8) p[i]);
      length = MAX (length, 1);
    }
  return g_string_free (g_steal_pointer (&value), FALSE);
}
