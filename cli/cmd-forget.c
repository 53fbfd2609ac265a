/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-divert forget: undoes what trust wrote, for one connection or for the whole site.
 */
#include "divert-config.h"

#include <glib/gi18n.h>

#include "bus/dbus-names.h"
#include "client.h"
#include "core/config/config.h"
#include "core/words/escape.h"
#include "profiles.h"

static DivertExitCode
forget (const char *site,
        const char *connection)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GDBusConnection) bus = divert_client_connect (&error);
  g_autoptr(GVariant) reply = NULL;
  g_autofree char *uuid = NULL;

  if (!bus)
    return divert_client_report (error);
  uuid = connection ? divert_profiles_find_uuid (bus, connection, &error) : g_strdup ("");
  if (!uuid)
    {
      divert_command_complain ("%s", error->message);
      return DIVERT_EXIT_FAILED;
    }
  reply = divert_client_call (bus, DIVERT_CALL_CHANGES, "Forget", g_variant_new ("(ss)", site, uuid),
                              G_VARIANT_TYPE_UNIT, &error);
  if (divert_client_error_is (error, DIVERT_DBUS_ERROR_UNKNOWN_SITE))
    {
      divert_command_complain (_("no such site: '%s'"), site);
      return DIVERT_EXIT_FAILED;
    }
  return reply ? DIVERT_EXIT_DONE : divert_client_report (error);
}

DivertExitCode
divert_cmd_forget (const DivertCommand *command,
                   char               **arguments)
{
  g_autofree char *connection = NULL;
  const GOptionEntry entries[] = {
    { "connection", 0, 0, G_OPTION_ARG_FILENAME, &connection, N_("Only this connection of the site"), N_("ID|UUID") },
    { 0 },
  };
  g_auto(GStrv) rest = divert_command_parse (command, entries,
                                             N_("Only what trust wrote is taken back, never a file written by hand."),
                                             1, 1, arguments);

  if (!rest)
    return DIVERT_EXIT_USAGE;
  if (!divert_site_name_is_valid (rest[0]))
    {
      g_autofree char *shown = divert_escape (rest[0]);

      return divert_command_misuse (command, _("not a site's name: '%s'"), shown);
    }
  return forget (rest[0], connection);
}
