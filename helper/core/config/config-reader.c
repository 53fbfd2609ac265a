/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: cutting a configuration file into group headers and keys.
 *
 * The grammar is GKeyFile's.  GKeyFile itself silently merges a group or key that is given twice,
 * and it cannot tell the line of anything.  A person who mistyped something needs to know both.
 * Whatever this reader accepts, GKeyFile reads the same way (tests/fuzz/fuzz-config.c checks that),
 * with one exception: this reader drops blanks at the end of a value, because nobody sees them.
 */
#include "config-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

void
divert_config_reader_init (DivertConfigReader *reader,
                           const char         *text,
                           gsize               length)
{
  *reader = (DivertConfigReader) { .rest = text, .end = text + length };
}

void
divert_config_reader_clear (DivertConfigReader *reader)
{
  g_clear_pointer (&reader->group, g_free);
  g_clear_pointer (&reader->key, g_free);
  g_clear_pointer (&reader->value, g_free);
}

static gboolean
is_control (char c)
{
  return g_ascii_iscntrl (c) && c != '\t';
}

/* The next line, without surrounding blanks. */
static char *
cut_line (DivertConfigReader  *reader,
          GError             **error)
{
  gsize length = reader->end - reader->rest;
  const char *newline = memchr (reader->rest, '\n', length);
  g_autofree char *line = NULL;

  if (newline != NULL)
    length = newline - reader->rest;
  line = g_strndup (reader->rest, length);
  reader->rest += length + (newline != NULL);
  reader->line++;
  if (strlen (line) != length)
    {
      divert_config_refuse (DIVERT_CONFIG_ERROR_SYNTAX, _("NUL byte in the line"), line, error);
      return NULL;
    }
  if (!g_utf8_validate (line, length, NULL))
    {
      divert_config_refuse (DIVERT_CONFIG_ERROR_SYNTAX, _("not UTF-8"), line, error);
      return NULL;
    }
  /* Accept CRLF line ends as well. */
  if (newline != NULL && length > 0 && line[length - 1] == '\r')
    line[length - 1] = '\0';
  for (const char *p = line; *p != '\0'; p++)
    if (is_control (*p))
      {
        divert_config_refuse (DIVERT_CONFIG_ERROR_SYNTAX, _("control character in the line"), line, error);
        return NULL;
      }
  g_strstrip (line);
  return g_steal_pointer (&line);
}

static gboolean
read_header (DivertConfigReader  *reader,
             const char          *line,
             GError             **error)
{
  gsize length = strlen (line);

  if (length < 3 || line[length - 1] != ']' || strcspn (line + 1, "[]") != length - 2)
    return divert_config_refuse (DIVERT_CONFIG_ERROR_SYNTAX, _("not a group's name in brackets"), line, error);
  divert_config_reader_clear (reader);
  reader->group = g_strndup (line + 1, length - 2);
  return TRUE;
}

static gboolean
read_key (DivertConfigReader  *reader,
          const char          *line,
          GError             **error)
{
  const char *equals = strchr (line, '=');

  if (equals == NULL || equals == line)
    return divert_config_refuse (DIVERT_CONFIG_ERROR_SYNTAX, _("neither [group], key=value nor #comment"), line, error);
  if (reader->group == NULL)
    return divert_config_refuse (DIVERT_CONFIG_ERROR_SYNTAX, _("a key before the first [group]"), line, error);
  g_free (reader->key);
  g_free (reader->value);
  reader->key = g_strchomp (g_strndup (line, equals - line));
  reader->value = g_strchug (g_strdup (equals + 1));
  return TRUE;
}

gboolean
divert_config_reader_next (DivertConfigReader  *reader,
                           GError             **error)
{
  while (reader->rest < reader->end)
    {
      g_autofree char *line = cut_line (reader, error);

      if (line == NULL)
        return FALSE;
      if (line[0] == '[')
        return read_header (reader, line, error);
      if (line[0] != '\0' && line[0] != '#')
        return read_key (reader, line, error);
    }
  return FALSE;
}
