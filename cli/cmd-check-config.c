/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-divert check-config: reads the configuration as the helper does, but in this process and without privileges.
 */
#include "divert-config.h"

#include <glib/gi18n.h>

#include "command.h"
#include "printable.h"
#include "system/files/config-files.h"
#include "system/files/group.h"

static DivertExitCode
report (const GError *error)
{
  g_autofree char *shown = divert_printable (error->message, DIVERT_PRINTABLE_LINE);

  divert_command_complain ("%s", shown);
  return DIVERT_EXIT_FAILED;
}

DivertExitCode
divert_cmd_check_config (const DivertCommand *command,
                         char               **arguments)
{
  g_auto(GStrv) rest = divert_command_parse (command, NULL,
                                             N_("Without FILE, the whole configuration is checked, "
                                                "ownership and permissions too."),
                                             0, 1, arguments);
  g_autoptr(DivertConfig) config = NULL;
  g_autoptr(GError) error = NULL;
  guint32 gid;

  if (!rest)
    return DIVERT_EXIT_USAGE;
  /* A file somewhere else is a draft, and its owner doesn't matter yet. */
  config = rest[0] ? divert_config_files_load_one (rest[0], FALSE, &error)
                   : divert_config_files_load (DIVERT_VENDOR_DIR, DIVERT_CONFIG_DIR, TRUE, &error);
  if (!config)
    return report (error);
  if (config->group && !divert_group_lookup (config->group, &gid, &error))
    return report (error);

  g_print (ngettext ("No mistake found; %u site.\n", "No mistake found; %u sites.\n", config->sites->len),
           config->sites->len);
  if (!divert_config_names_proxy (config))
    g_print ("%s\n", _("Nothing is diverted yet: there is neither a group nor a unit under [proxy]."));
  return DIVERT_EXIT_DONE;
}
