/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: escaping hostile text (network names, connection names, values of the configuration) for
 * messages, logs and terminals.
 *
 * The output is one line of valid UTF-8.  It is unambiguous: every escape starts with a backslash,
 * and a backslash is itself escaped.
 */
#include "escape.h"

#include <string.h>

#define MAX_CHARACTERS 128

/* Format characters can reverse the direction of text (bidi) or hide it; separators other than the plain
 * space may end a line. */
gboolean
divert_character_is_harmless (gunichar c)
{
  switch (g_unichar_type (c))
    {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_UNASSIGNED:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
      return FALSE;
    case G_UNICODE_SPACE_SEPARATOR:
      return c == ' ';
    default:
      return TRUE;
    }
}

static void
append_escaped (GString  *escaped,
                gunichar  c)
{
  static const struct
  {
    gunichar    c;
    const char *name;
  } names[] = {
    { '\\', "\\\\" }, { '\'', "\\'" }, { '"', "\\\"" }, { '\n', "\\n" }, { '\r', "\\r" }, { '\t', "\\t" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (names[i].c == c)
      {
        g_string_append (escaped, names[i].name);
        return;
      }
  if (c < 0x80)
    g_string_append_printf (escaped, "\\x%02x", c);
  else if (c < 0x10000)
    g_string_append_printf (escaped, "\\u%04x", c);
  else
    g_string_append_printf (escaped, "\\U%08x", c);
}

/* @special: harmless characters to escape as well. */
static char *
escape (const char *text,
        const char *special,
        gsize       max)
{
  g_autoptr(GString) escaped = g_string_new (NULL);

  for (gsize n = 0; *text != '\0'; n++)
    {
      gunichar c = g_utf8_get_char_validated (text, -1);

      if (n == max)
        {
          g_string_append (escaped, "…");
          break;
        }
      if (c == (gunichar) -1 || c == (gunichar) -2)
        {
          g_string_append_printf (escaped, "\\x%02x", (guint8) *text++);
          continue;
        }
      if (divert_character_is_harmless (c) && (c >= 0x80 || strchr (special, (char) c) == NULL))
        g_string_append_unichar (escaped, c);
      else
        append_escaped (escaped, c);
      text = g_utf8_next_char (text);
    }
  return g_string_free (g_steal_pointer (&escaped), FALSE);
}

char *
divert_escape_up_to (const char *text,
                     gsize       max)
{
  return escape (text, "\\'\"", max);
}

char *
divert_escape (const char *text)
{
  return divert_escape_up_to (text, MAX_CHARACTERS);
}

char *
divert_escape_rest (const char *text)
{
  return escape (text, "", MAX_CHARACTERS);
}
