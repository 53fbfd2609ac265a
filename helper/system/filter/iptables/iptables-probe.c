/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: asking the kernel which matches and targets it has.
 *
 * As in iptables itself, asking loads the module of the extension.  Otherwise a missing one would
 * only show at the commit, as a bare ENOENT.  The probe creates no table.
 */
#include "iptables-extension.h"
#include "iptables-table.h"
#include "system/filter/backend.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netfilter/x_tables.h>

static gboolean
probe_extension (int                             fd,
                 const DivertIptablesFamily     *ops,
                 const DivertIptablesExtension  *extension,
                 int                             option,
                 GError                        **error)
{
  struct xt_get_revision revision = { .revision = extension->revision };
  socklen_t length = sizeof revision;

  if ((extension->families & (1 << ops->family)) == 0)
    return TRUE;
  g_strlcpy (revision.name, extension->name, sizeof revision.name);
  if (getsockopt (fd, ops->level, option, &revision, &length) == 0)
    return TRUE;

  if (errno == ENOENT || errno == EPROTONOSUPPORT)
    g_set_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_UNAVAILABLE,
                 _("the kernel lacks an extension of iptables for %s, revision %u: '%s'"),
                 divert_family_name (ops->family), extension->revision, extension->name);
  else
    divert_iptables_set_open_error (error, ops, DIVERT_XT_MANGLE, errno);
  return FALSE;
}

gboolean
divert_iptables_probe (const DivertIptablesFamily  *ops,
                       gboolean                     cgroups,
                       GError                     **error)
{
  int fd = socket (ops->domain, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
  gboolean good = TRUE;

  if (fd < 0)
    {
      divert_iptables_set_open_error (error, ops, DIVERT_XT_MANGLE, errno);
      return FALSE;
    }
  for (guint i = 0; good && i < divert_iptables_n_matches; i++)
    if (cgroups || !g_str_equal (divert_iptables_matches[i].extension.name, DIVERT_IPTABLES_CGROUP))
      good = probe_extension (fd, ops, &divert_iptables_matches[i].extension, ops->get_match_revision, error);
  for (guint i = 0; good && i < divert_iptables_n_targets; i++)
    good = probe_extension (fd, ops, &divert_iptables_targets[i].extension, ops->get_target_revision, error);
  close (fd);
  return good;
}
