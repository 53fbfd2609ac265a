/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-divert reload.
 */
#include "divert-config.h"

#include <glib/gi18n.h>

#include "client.h"

DivertExitCode
divert_cmd_reload (const DivertCommand *command,
                   char               **arguments)
{
  g_auto(GStrv) rest = divert_command_parse (command, NULL,
                                             N_("With a mistake in the configuration, the rules in force stay."),
                                             0, 0, arguments);
  g_autoptr(GDBusConnection) bus = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  if (!rest)
    return DIVERT_EXIT_USAGE;
  bus = divert_client_connect (&error);
  if (!bus)
    return divert_client_report (error);
  reply = divert_client_call (bus, DIVERT_CALL_CHANGES, "Reload", NULL, G_VARIANT_TYPE_UNIT, &error);
  return reply ? DIVERT_EXIT_DONE : divert_client_report (error);
}
