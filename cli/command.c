/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of a subcommand, and the form of complaints.
 */
#include "divert-config.h"

#include "command.h"

#include <glib/gi18n.h>

#include "core/words/escape.h"
#include "printable.h"

G_GNUC_PRINTF (1, 0)
static void
complain_valist (const char *format,
                 va_list     arguments)
{
  g_autofree char *message = g_strdup_vprintf (format, arguments);

  g_printerr ("nm-divert: %s\n", message);
}

void
divert_command_complain (const char *format,
                         ...)
{
  va_list arguments;

  va_start (arguments, format);
  complain_valist (format, arguments);
  va_end (arguments);
}

DivertExitCode
divert_command_misuse (const DivertCommand *command,
                       const char          *format,
                       ...)
{
  va_list arguments;

  va_start (arguments, format);
  complain_valist (format, arguments);
  va_end (arguments);
  g_printerr (_("Try 'nm-divert %s --help'.\n"), command->name);
  return DIVERT_EXIT_USAGE;
}

/* Positional arguments go into D-Bus messages, which contain only UTF-8. */
static gboolean
check_positional (const DivertCommand *command,
                  guint                min,
                  guint                max,
                  char               **arguments)
{
  guint n = g_strv_length (arguments);

  if (n < min)
    {
      divert_command_misuse (command, _("missing argument: %s"), _(command->arguments));
      return FALSE;
    }
  if (n > max)
    {
      g_autofree char *extra = divert_escape (arguments[max]);

      divert_command_misuse (command, _("unexpected argument: '%s'"), extra);
      return FALSE;
    }
  for (guint i = 0; i < n; i++)
    if (!g_utf8_validate (arguments[i], -1, NULL))
      {
        g_autofree char *shown = divert_escape (arguments[i]);

        divert_command_misuse (command, _("not UTF-8: '%s'"), shown);
        return FALSE;
      }
  return TRUE;
}

char **
divert_command_parse (const DivertCommand *command,
                      const GOptionEntry  *entries,
                      const char          *description,
                      guint                min,
                      guint                max,
                      char               **arguments)
{
  g_autoptr(GOptionContext) context = g_option_context_new (*command->arguments ? _(command->arguments) : NULL);
  g_autofree char *program = g_strdup_printf ("nm-divert %s", command->name);
  g_auto(GStrv) rest = g_strdupv (arguments);
  g_autoptr(GPtrArray) positional = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GError) error = NULL;

  g_set_prgname (program);
  if (entries)
    g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (command->summary)
    g_option_context_set_summary (context, _(command->summary));
  if (description)
    g_option_context_set_description (context, _(description));
  if (!g_option_context_parse_strv (context, &rest, &error))
    {
      g_autofree char *shown = divert_printable (error->message, DIVERT_PRINTABLE_LINE);

      divert_command_misuse (command, "%s", shown);
      return NULL;
    }

  /* GOption keeps a "--" that comes before something like an option. */
  for (guint i = 1; rest[i]; i++)
    if (i != 1 || !g_str_equal (rest[i], "--"))
      g_ptr_array_add (positional, g_strdup (rest[i]));
  g_ptr_array_add (positional, NULL);
  if (!check_positional (command, min, max, (char **) positional->pdata))
    return NULL;
  return (char **) g_ptr_array_free (g_steal_pointer (&positional), FALSE);
}

DivertMode *
divert_command_parse_place (const DivertCommand *command,
                            const char          *text)
{
  g_autoptr(DivertMode) mode = divert_mode_parse (text);
  g_autofree char *shown = NULL;

  if (mode && mode->kind != DIVERT_MODE_AUTO)
    return g_steal_pointer (&mode);
  shown = divert_escape (text);
  divert_command_misuse (command, _("neither away, off nor a site's name: '%s'"), shown);
  return NULL;
}
