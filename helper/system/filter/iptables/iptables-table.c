/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: opening a table, and what it means if that fails.
 */
#include "iptables-table.h"
#include "iptables-chains.h"
#include "divert-config.h"
#include "system/base/modules.h"
#include "system/filter/backend.h"

#include <errno.h>
#include <glib/gi18n-lib.h>

void
divert_iptables_set_open_error (GError                     **error,
                                const DivertIptablesFamily  *ops,
                                DivertXtTable                table,
                                int                          code)
{
  switch (code)
    {
    case EPERM:
    case EACCES:
      g_set_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_PERMISSION,
                   _("the packet filter needs CAP_NET_ADMIN and CAP_NET_RAW: '%s'"), g_strerror (code));
      break;
    case EAFNOSUPPORT:
      g_set_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_NO_FAMILY, _("the kernel does not speak %s"),
                   divert_family_name (ops->family));
      break;
    case ENOPROTOOPT:
    case EPROTONOSUPPORT:
      g_set_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_UNAVAILABLE,
                   _("legacy iptables for %s is not in the kernel; its module is '%s': %s"),
                   divert_family_name (ops->family), ops->module, divert_modules_advise (ops->module, DIVERT_RUN_DIR));
      break;
    case ENOENT:
      g_set_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_UNAVAILABLE,
                   _("the kernel has no legacy iptables table for %s: '%s'"),
                   divert_family_name (ops->family), divert_xt_table_name (table));
      break;
    default:
      g_set_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_UNAVAILABLE,
                   _("cannot read the iptables table for %s: '%s': %s"),
                   divert_family_name (ops->family), divert_xt_table_name (table), g_strerror (code));
      break;
    }
}

gboolean
divert_iptables_table_exists (const DivertIptablesFamily *ops,
                              DivertXtTable               table)
{
  g_autofree char *text = NULL;
  g_auto(GStrv) names = NULL;

  /* Without that file, the module is not loaded, so there is no table. */
  if (!g_file_get_contents (ops->names_file, &text, NULL, NULL))
    return FALSE;
  names = g_strsplit (text, "\n", -1);
  return g_strv_contains ((const char *const *) names, divert_xt_table_name (table));
}

gboolean
divert_iptables_table_open (DivertIptablesTable         *self,
                            const DivertIptablesFamily  *ops,
                            DivertXtTable                table,
                            GError                     **error)
{
  struct xtc_handle *handle = ops->init (divert_xt_table_name (table));

  if (handle == NULL)
    {
      divert_iptables_set_open_error (error, ops, table, errno);
      return FALSE;
    }
  divert_iptables_table_close (self);
  self->ops = ops;
  self->handle = handle;
  return TRUE;
}

void
divert_iptables_table_close (DivertIptablesTable *self)
{
  if (self->handle != NULL)
    self->ops->free (self->handle);
  self->handle = NULL;
}

GPtrArray *
divert_iptables_table_list (const DivertIptablesTable *self,
                            const char                *chain)
{
  GPtrArray *entries = g_ptr_array_new ();
  const void *entry;

  for (entry = self->ops->first_entry (chain, self->handle); entry != NULL;
       entry = self->ops->next_entry (entry, self->handle))
    g_ptr_array_add (entries, (gpointer) entry);
  return entries;
}

GStrv
divert_iptables_table_list_chains (const DivertIptablesTable *self)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new ();
  const char *name;

  for (name = self->ops->first_chain (self->handle); name != NULL; name = self->ops->next_chain (self->handle))
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_add (names, NULL);
  return (GStrv) g_ptr_array_free (g_steal_pointer (&names), FALSE);
}
