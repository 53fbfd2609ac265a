/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The filter in front of a person's terminal, and column widths.
 */
#include "printable.h"

static gboolean
is_harmless (gunichar        c,
             DivertPrintable kind)
{
  if (c == '\n' || c == '\t')
    return kind == DIVERT_PRINTABLE_TEXT;
  /* No format characters, because they change the writing direction (bidi) or hide text. */
  return g_unichar_isprint (c) && g_unichar_type (c) != G_UNICODE_FORMAT;
}

char *
divert_printable (const char      *text,
                  DivertPrintable  kind)
{
  GString *printable = g_string_new (NULL);

  for (const char *p = text; *p;)
    {
      gunichar c = g_utf8_get_char_validated (p, -1);
      gboolean valid = c != (gunichar) -1 && c != (gunichar) -2;

      if (valid && is_harmless (c, kind))
        g_string_append_unichar (printable, c);
      else
        g_string_append_c (printable, '?');
      p = valid ? g_utf8_next_char (p) : p + 1;
    }
  return g_string_free (printable, FALSE);
}

guint
divert_display_width (const char *text)
{
  guint width = 0;

  for (const char *p = text; *p; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (!g_unichar_iszerowidth (c))
        width += g_unichar_iswide (c) ? 2 : 1;
    }
  return width;
}
