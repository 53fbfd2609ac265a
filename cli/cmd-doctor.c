/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-divert doctor: what other programs have in the kernel that stands in our way, and what cures it.
 */
#include "divert-config.h"

#include <stdio.h>

#include <glib/gi18n.h>

#include "client.h"
#include "json.h"
#include "view.h"

DivertExitCode
divert_cmd_doctor (const DivertCommand *command,
                   char               **arguments)
{
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_("Print JSON, as nm-divert(1) documents it"), NULL },
    { 0 },
  };
  g_auto(GStrv) rest = divert_command_parse (command, entries, NULL, 0, 0, arguments);
  g_autoptr(GDBusConnection) bus = NULL;
  g_autoptr(GVariant) diagnosis = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;

  if (!rest)
    return DIVERT_EXIT_USAGE;
  bus = divert_client_connect (&error);
  if (bus)
    diagnosis = divert_client_get (bus, "Doctor", NULL, &error);
  if (!diagnosis)
    return divert_client_report (error);
  text = json ? divert_json_diagnosis (diagnosis) : divert_view_diagnosis (diagnosis);
  if (json)
    printf ("%s\n", text);
  else
    g_print ("%s", text);
  return DIVERT_EXIT_DONE;
}
