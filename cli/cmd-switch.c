/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-divert switch: sets the mode and shows the result, because a site that can't be true now is accepted, but diverts,
 * and away holds even if it can't be kept.
 */
#include "divert-config.h"

#include <glib/gi18n.h>

#include "bus/dbus-names.h"
#include "client.h"
#include "core/place/mode.h"
#include "core/words/escape.h"
#include "view.h"

static DivertExitCode
show_result (GDBusConnection *bus)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) status = divert_client_get (bus, "Status", NULL, &error);
  g_autoptr(GString) text = g_string_new (NULL);
  g_autofree char *place = NULL;
  g_autofree char *reason = NULL;
  g_autofree char *mode = NULL;

  if (!status)
    return divert_client_report (error);
  mode = divert_view_mode (status, g_get_real_time () / G_USEC_PER_SEC);
  place = divert_view_place (status);
  reason = divert_view_reason (status);
  divert_view_append_field (text, _("Mode"), mode);
  divert_view_append_field (text, _("Place"), place);
  divert_view_append_field (text, _("Reason"), reason);
  divert_view_append_problem (text, status, DIVERT_PROBLEM_MODE_FILE);
  g_print ("%s", text->str);
  return DIVERT_EXIT_DONE;
}

/* When the mode ends, seconds since the epoch; 0: never. */
static gboolean
parse_end (const DivertCommand *command,
           const char          *duration,
           guint64             *ret_expires)
{
  guint64 seconds;

  if (!duration)
    {
      *ret_expires = 0;
      return TRUE;
    }
  if (!divert_duration_parse (duration, &seconds))
    {
      g_autofree char *shown = divert_escape (duration);

      divert_command_misuse (command, _("not a duration (90s, 30m, 2h, 1d; at most a year): '%s'"), shown);
      return FALSE;
    }
  *ret_expires = g_get_real_time () / G_USEC_PER_SEC + seconds;
  return TRUE;
}

static DivertExitCode
switch_to (const char *mode,
           guint64     expires,
           gboolean    until_network_change)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GDBusConnection) bus = divert_client_connect (&error);
  g_autoptr(GVariant) reply = NULL;

  if (!bus)
    return divert_client_report (error);
  reply = divert_client_call (bus, DIVERT_CALL_CHANGES, "Switch",
                              g_variant_new ("(stb)", mode, expires, until_network_change), G_VARIANT_TYPE_UNIT,
                              &error);
  if (divert_client_error_is (error, DIVERT_DBUS_ERROR_UNKNOWN_SITE))
    {
      divert_command_complain (_("no such site: '%s'"), mode);
      return DIVERT_EXIT_FAILED;
    }
  return reply ? show_result (bus) : divert_client_report (error);
}

DivertExitCode
divert_cmd_switch (const DivertCommand *command,
                   char               **arguments)
{
  g_autofree char *duration = NULL;
  gboolean until_network_change = FALSE;
  const GOptionEntry entries[] = {
    { "for", 0, 0, G_OPTION_ARG_FILENAME, &duration, N_("Return to auto after this time: 90s, 30m, 2h, 1d, 1h30m"),
      N_("DURATION") },
    { "until-network-change", 0, 0, G_OPTION_ARG_NONE, &until_network_change,
      N_("Return to auto when another network becomes active"), NULL },
    { 0 },
  };
  g_auto(GStrv) rest = divert_command_parse (command, entries,
                                             N_("auto: where this machine is decides. away: divert everything. "
                                                "off: remove the rules.\n"
                                                "SITE: as if at that site; packets still leave only by a device that "
                                                "holds an\n"
                                                "address of the site's subnet."),
                                             1, 1, arguments);
  g_autoptr(DivertMode) mode = NULL;
  guint64 expires;

  if (!rest)
    return DIVERT_EXIT_USAGE;
  mode = divert_mode_parse (rest[0]);
  if (!mode)
    {
      g_autofree char *shown = divert_escape (rest[0]);

      return divert_command_misuse (command, _("neither auto, away, off nor a site's name: '%s'"), shown);
    }
  if (mode->kind == DIVERT_MODE_AUTO && (duration || until_network_change))
    return divert_command_misuse (command, _("auto has no end"));
  if (!parse_end (command, duration, &expires))
    return DIVERT_EXIT_USAGE;
  return switch_to (divert_mode_get_name (mode), expires, until_network_change);
}
