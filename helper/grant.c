/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the decision whether the helper's unit gets CAP_NET_RAW.
 *
 * Theory of operation.  libiptc talks to the kernel through a raw socket, and only who uses the legacy tables needs
 * one.  These are the helper with backend=iptables, the helper on a kernel without all of nftables, and the helper that
 * finds legacy tables: an earlier version's rules may be in them, and the doctor looks at what is.  A unit can't say
 * that.  But systemd runs generators before it reads units, at the boot and at each "systemctl daemon-reload", and they
 * may add drop-ins.  In case of doubt the capability is granted, because without it the machine might have no rules.
 *
 * Legacy tables that come later are somebody else's.  The doctor then says that it can't read them.
 */
#include "grant.h"

#include <errno.h>
#include <glib/gstdio.h>

#include "system/base/iptables-family.h"
#include "system/base/journal.h"
#include "system/base/modules-load.h"
#include "system/filter/choice.h"

static const char drop_in[] = "# From nm-divert's generator, because the legacy tables of iptables are in use.\n"
                              "[Service]\n"
                              "CapabilityBoundingSet=CAP_NET_RAW\n";

static gboolean
tables_exist (void)
{
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      g_autofree char *names = NULL;

      if (g_file_get_contents (divert_iptables_family_get (family)->names_file, &names, NULL, NULL) &&
          names[0] != '\0')
        return TRUE;
    }
  return FALSE;
}

static gboolean
wants_legacy (const DivertConfig *config)
{
  g_autoptr(GPtrArray) modules = divert_choice_list_modules (DIVERT_BACKEND_NFTABLES, 0);

  return config == NULL || config->backend == DIVERT_BACKEND_IPTABLES || tables_exist () ||
         !divert_modules_can_load (modules);
}

gboolean
divert_grant_generate (const DivertConfig  *config,
                       const char          *directory,
                       GError             **error)
{
  g_autofree char *folder = g_build_filename (directory, DIVERT_JOURNAL_UNIT ".d", NULL);
  g_autofree char *file = g_build_filename (folder, "iptables.conf", NULL);

  if (!wants_legacy (config))
    return TRUE;
  if (g_mkdir_with_parents (folder, 0755) < 0)
    {
      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "cannot make '%s': %s", folder,
                   g_strerror (errno));
      return FALSE;
    }
  return g_file_set_contents (file, drop_in, -1, error);
}
