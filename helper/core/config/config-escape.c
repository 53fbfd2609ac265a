/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: GKeyFile's escapes and lists, from text and to text.
 */
#include "config-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static const struct
{
  char escape, meaning;
} escapes[] = { { 's', ' ' }, { 'n', '\n' }, { 't', '\t' }, { 'r', '\r' }, { '\\', '\\' }, { ';', ';' } };

#define SEMICOLON (G_N_ELEMENTS (escapes) - 1) /* only lists know this one */

static char *
unescape (const char  *value,
          gsize        length,
          gsize        known,
          GError     **error)
{
  g_autoptr(GString) text = g_string_new (NULL);

  for (gsize i = 0; i < length; i++)
    {
      gsize e = 0;

      if (value[i] != '\\')
        {
          g_string_append_c (text, value[i]);
          continue;
        }
      i++;
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
  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
divert_config_unescape (const char  *value,
                        GError     **error)
{
  return unescape (value, strlen (value), SEMICOLON, error);
}

/* The item's end: its ';', or the end of the text. */
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

GStrv
divert_config_split (const char  *value,
                     guint        max,
                     GError     **error)
{
  g_auto(GStrv) items = NULL;
  const char *whole = value;
  guint n = count_items (value);

  if (n > max)
    {
      g_set_error (error, DIVERT_CONFIG_ERROR, DIVERT_CONFIG_ERROR_LIMIT, _("more than %u items: '%u'"), max, n);
      return NULL;
    }
  items = g_new0 (char *, n + 1);
  for (guint i = 0; i < n; i++)
    {
      const char *end = find_end (value), *last = end;

      /* Blanks around an item are for the reader's eye; "\s" is a real one. */
      while (g_ascii_isspace (*value))
        value++;
      while (last > value && g_ascii_isspace (last[-1]))
        last--;
      if (last <= value)
        {
          divert_config_refuse (DIVERT_CONFIG_ERROR_VALUE, _("empty item in the list"), whole, error);
          return NULL;
        }
      items[i] = unescape (value, last - value, G_N_ELEMENTS (escapes), error);
      if (items[i] == NULL)
        return NULL;
      value = end + (*end == ';');
    }
  return g_steal_pointer (&items);
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
