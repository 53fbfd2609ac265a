/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: writing one table, and what happens when a commit fails.
 *
 * Theory of operation.  First we read the table without the lock and compare.  In the common case
 * nothing differs, and we touch neither the lock nor the kernel.  Otherwise we take the lock, read
 * the table again because it may have changed, edit it in memory, commit it and release the lock.
 * Nothing else happens while we hold the lock (K1.3).  If the wanted rules are not those of the
 * last time, we know they differ, so we skip the first read: it is a fifth of a change of place.
 *
 * The result of a commit cannot be trusted (K1.4).  EAGAIN means that the table changed under us,
 * because somebody writes without the lock.  Our copy then stays stale forever, so we start over
 * and read again.  Any other error may have come after the new rules were installed, when only
 * restoring the counters failed.  So after every failure we read the table again, and if it is as
 * wanted, the commit was a success.
 */
#include "iptables-write.h"
#include "iptables-chains.h"
#include "iptables-diff.h"
#include "iptables-expand.h"
#include "iptables-read.h"
#include "kernel-log.h"
#include "system/base/cgroup.h"
#include "system/base/fault.h"
#include "system/filter/backend.h"
#include "xtables-lock.h"

#include <errno.h>
#include <glib/gi18n-lib.h>

/* How often we start over because somebody writes without the lock. */
#define ATTEMPTS_MAX 10

/* Opens the table and edits the copy. */
static gboolean
prepare (DivertIptablesTable         *table,
         const DivertIptablesFamily  *ops,
         const DivertIptablesWanted  *wanted,
         guint                       *ret_edits,
         GError                     **error)
{
  return divert_iptables_table_open (table, ops, wanted->table, error) &&
         divert_iptables_diff_apply (table, wanted, ret_edits, error);
}

/* Returns 0 or an error number. */
static int
commit (DivertIptablesTable *table,
        DivertXtTable        id)
{
  const DivertIptablesFamily *ops = table->ops;

  if (divert_fault_point ("iptables-commit-before:%s:%s", divert_xt_table_name (id), divert_family_name (ops->family)))
    return EINVAL;
  if (ops->commit (table->handle) == 0)
    return errno != 0 ? errno : EINVAL;
  if (divert_fault_point ("iptables-commit-after:%s:%s", divert_xt_table_name (id), divert_family_name (ops->family)))
    return EINVAL;
  return 0;
}

static void
set_commit_error (GError                     **error,
                  const DivertIptablesFamily  *ops,
                  DivertXtTable                table,
                  int                          code)
{
  g_autofree char *reason = divert_kernel_log_read ();

  if (code == EAGAIN)
    g_set_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_BUSY,
                 _("another program keeps changing the iptables table for %s: '%s'"),
                 divert_family_name (ops->family), divert_xt_table_name (table));
  else if (code == EPERM || code == EACCES)
    divert_iptables_set_open_error (error, ops, table, code);
  else
    g_set_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_REFUSED,
                 _("the kernel refused the rules of table %s for %s: '%s'"),
                 divert_xt_table_name (table), divert_family_name (ops->family),
                 reason != NULL ? reason : g_strerror (code));
}

static gboolean
commit_table (const DivertIptablesFamily  *ops,
              const DivertIptablesWanted  *wanted,
              gboolean                    *ret_wrote,
              GError                     **error)
{
  g_auto(DivertXtablesLock) lock = -1;
  g_auto(DivertIptablesTable) table = DIVERT_IPTABLES_TABLE_INIT;
  gboolean wrote = FALSE;
  int code = 0;

  divert_kernel_log_mark ();
  if (!divert_xtables_lock_acquire (&lock, error))
    return FALSE;
  for (guint attempt = 0; attempt <= ATTEMPTS_MAX; attempt++)
    {
      guint edits;

      if (!prepare (&table, ops, wanted, &edits, error))
        return FALSE;
      if (edits == 0)
        {
          *ret_wrote = wrote;
          return TRUE;
        }
      /* We have read it again, and it is still not as wanted. */
      if (attempt == ATTEMPTS_MAX || (code != 0 && code != EAGAIN))
        break;
      code = commit (&table, wanted->table);
      wrote = wrote || code != EAGAIN;
      if (code == 0)
        {
          *ret_wrote = TRUE;
          return TRUE;
        }
    }
  set_commit_error (error, ops, wanted->table, code);
  return FALSE;
}

/* The kernel takes no table with the path of a control group that has gone (K2.8).  What was the group's has ended by
 * then. */
static GArray *
list_living (const GArray *rules)
{
  GArray *living = g_array_sized_new (FALSE, FALSE, sizeof (DivertXtRule), rules->len);

  g_array_append_vals (living, rules->data, rules->len);
  for (guint i = living->len; i > 0; i--)
    {
      const char *path = divert_xt_rules_index (living, i - 1)->cgroup_path;

      if (path != NULL && divert_cgroup_get_id (path) == 0)
        divert_xt_rules_remove (living, i - 1);
    }
  return living;
}

static gboolean
has_cgroups (const GArray *rules)
{
  for (guint i = 0; i < rules->len; i++)
    if (divert_xt_rules_index ((GArray *) rules, i)->cgroup_path != NULL)
      return TRUE;
  return FALSE;
}

/* A group may go between the question and the commit, and whoever removes groups must not hold up what is revoked. */
static gboolean
commit_living (const DivertIptablesFamily  *ops,
               const GArray                *rules,
               DivertXtTable                table,
               gboolean                    *ret_wrote,
               GError                     **error)
{
  for (guint attempt = 0; attempt <= ATTEMPTS_MAX; attempt++)
    {
      g_autoptr(GArray) living = list_living (rules), after = NULL;
      g_autoptr(DivertIptablesWanted) wanted = divert_iptables_wanted_new (ops, living, table);
      g_autoptr(GError) failure = NULL;

      if (commit_table (ops, wanted, ret_wrote, &failure))
        return TRUE;
      after = list_living (rules);
      if (after->len == living->len || attempt == ATTEMPTS_MAX)
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
    }
  return FALSE;
}

gboolean
divert_iptables_write (DivertFamily    family,
                       DivertXtTable   table,
                       const GArray   *rules,
                       gboolean        differs,
                       gboolean       *ret_wrote,
                       GError        **error)
{
  const DivertIptablesFamily *ops = divert_iptables_family_get (family);
  g_autoptr(DivertIptablesWanted) wanted = divert_iptables_wanted_new (ops, rules, table);
  gboolean wrote = FALSE;

  if (!divert_iptables_wanted_is_empty (wanted) || divert_iptables_table_exists (ops, table))
    {
      g_auto(DivertIptablesTable) now = DIVERT_IPTABLES_TABLE_INIT;
      guint edits = 1;

      if (!differs && !prepare (&now, ops, wanted, &edits, error))
        return FALSE;
      if (edits > 0 && !(has_cgroups (rules) ? commit_living (ops, rules, table, &wrote, error)
                                             : commit_table (ops, wanted, &wrote, error)))
        return FALSE;
    }
  *ret_wrote = wrote;
  return TRUE;
}

static gboolean
holds (const DivertIptablesFamily *ops,
       DivertXtTable               table,
       const GArray               *rules)
{
  g_autoptr(DivertIptablesWanted) wanted = divert_iptables_wanted_new (ops, rules, table);
  g_auto(DivertIptablesTable) now = DIVERT_IPTABLES_TABLE_INIT;
  g_autoptr(GError) error = NULL;
  guint edits = 0;

  if (!divert_iptables_table_exists (ops, table))
    return divert_iptables_wanted_is_empty (wanted);
  if (!prepare (&now, ops, wanted, &edits, &error))
    return !g_error_matches (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_FOREIGN);
  return edits == 0;
}

gboolean
divert_iptables_holds (DivertFamily   family,
                       DivertXtTable  table,
                       const GArray  *rules)
{
  const DivertIptablesFamily *ops = divert_iptables_family_get (family);
  g_autoptr(GArray) living = NULL;

  if (holds (ops, table, rules))
    return TRUE;
  /* We may have left out groups that had just gone. */
  living = list_living (rules);
  return living->len < rules->len && holds (ops, table, living);
}

gboolean
divert_iptables_withdraw (DivertFamily   family,
                          GError       **error)
{
  const DivertIptablesFamily *ops = divert_iptables_family_get (family);
  g_auto(DivertIptablesTable) now = DIVERT_IPTABLES_TABLE_INIT;
  g_autoptr(GArray) rules = NULL;
  gboolean wrote = FALSE;

  if (!divert_iptables_table_exists (ops, DIVERT_XT_MANGLE))
    return TRUE;
  if (!divert_iptables_table_open (&now, ops, DIVERT_XT_MANGLE, error))
    return FALSE;
  rules = divert_iptables_read_rules (&now, DIVERT_XT_MANGLE);
  if (!divert_xt_rules_withdraw (rules))
    return TRUE;
  return commit_living (ops, rules, DIVERT_XT_MANGLE, &wrote, error);
}
