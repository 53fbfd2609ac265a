/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-divert plan: the rules that the helper would install, as text for iptables-restore or nft.
 */
#include "divert-config.h"

#include <glib/gi18n.h>

#include "client.h"
#include "core/place/mode.h"
#include "printable.h"

static DivertExitCode
plan (const char *mode,
      const char *backend)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GDBusConnection) bus = divert_client_connect (&error);
  g_autoptr(GVariant) reply = NULL;
  g_autofree char *text = NULL;
  const char *rules;

  if (!bus)
    return divert_client_report (error);
  if (backend)
    reply = divert_client_call (bus, DIVERT_CALL_READS, "PlanFor", g_variant_new ("(ss)", mode, backend),
                                G_VARIANT_TYPE ("(s)"), &error);
  else
    reply = divert_client_call (bus, DIVERT_CALL_READS, "Plan", g_variant_new ("(s)", mode), G_VARIANT_TYPE ("(s)"),
                                &error);
  if (!reply)
    return divert_client_report (error);
  g_variant_get (reply, "(&s)", &rules);
  /* The text contains interface names, and those may contain anything except blanks and slashes. */
  text = divert_printable (rules, DIVERT_PRINTABLE_TEXT);
  g_print ("%s", text);
  return DIVERT_EXIT_DONE;
}

DivertExitCode
divert_cmd_plan (const DivertCommand *command,
                 char               **arguments)
{
  g_autofree char *place = NULL, *backend = NULL;
  const GOptionEntry entries[] = {
    { "as", 0, 0, G_OPTION_ARG_FILENAME, &place, N_("Suppose this place: away, off, or a site's name"), N_("PLACE") },
    { "backend", 0, 0, G_OPTION_ARG_FILENAME, &backend, N_("In the words of this backend: iptables or nftables"),
      N_("NAME") },
    { 0 },
  };
  g_auto(GStrv) rest = divert_command_parse (command, entries, NULL, 0, 0, arguments);
  g_autoptr(DivertMode) mode = NULL;

  if (!rest)
    return DIVERT_EXIT_USAGE;
  if (place && !(mode = divert_command_parse_place (command, place)))
    return DIVERT_EXIT_USAGE;
  return plan (mode ? divert_mode_get_name (mode) : "", backend);
}
