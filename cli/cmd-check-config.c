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

/* SECURITY.md says how a user would do it. */
static void
name_weak_sites (const DivertConfig *config)
{
  for (guint i = 0; i < config->sites->len; i++)
    {
      const DivertSite *site = g_ptr_array_index (config->sites, i);

      if (site->gateway_macs->len > 0 || site->has_beacon)
        continue;
      g_print (_("Site '%s' asks for neither gateway-mac nor beacon, so any user of this machine can make another "
                 "network pass for it."), site->name);
      g_print ("\n");
    }
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
  name_weak_sites (config);
  return DIVERT_EXIT_DONE;
}
