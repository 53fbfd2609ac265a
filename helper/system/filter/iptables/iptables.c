/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the iptables backend, and what happens when a commit fails.
 *
 * Theory of operation.  A table is first read without the lock and compared; in
 * the common case nothing differs, and neither lock nor kernel is touched.  Else the
 * lock is taken, the table is read again (it may have changed), edited in memory and
 * committed, and the lock is released: nothing else happens while it is held.  If the
 * wanted rules are not those of the last time, they are known to differ, and the first
 * reading is left out: it is a fifth of a change of place.
 *
 * A commit's answer is not the truth.  EAGAIN says that the table changed under us
 * (somebody writes without the lock): our copy is stale for ever, so all begins
 * again from reading.  Any other error may come after the new rules were
 * installed, when only the putting back of the counters failed.  So after every
 * failure the table is read again, and if it is as wanted, that is success.
 */
#include "iptables.h"
#include "iptables-diff.h"
#include "iptables-read.h"
#include "kernel-log.h"
#include "system/base/fault.h"
#include "xtables-lock.h"

#include <errno.h>
#include <glib/gi18n-lib.h>

/* How often somebody's writing without the lock may throw us back. */
#define ATTEMPTS_MAX 10

typedef struct
{
  DivertBackend  parent;
  GBytes        *last[DIVERT_N_TABLES][DIVERT_N_FAMILIES]; /* the last apply's that succeeded; NULL: none yet */
} IptablesBackend;

/* Rules are plain, and zero where nothing is said: their bytes are what they say. */
static GBytes *
get_rules (const DivertRuleset *ruleset,
           DivertTable          table,
           DivertFamily         family)
{
  GByteArray *rules = g_byte_array_new ();

  for (guint i = 0; i < ruleset->rules->len; i++)
    {
      const DivertRule *rule = g_ptr_array_index (ruleset->rules, i);

      if (rule->table == table && (rule->families & (1 << family)) != 0)
        g_byte_array_append (rules, (const guint8 *) rule, sizeof *rule);
    }
  return g_byte_array_free_to_bytes (rules);
}

static GPtrArray *
iptables_list_modules (DivertBackend *backend)
{
  return divert_iptables_list_modules ();
}

static gboolean
iptables_probe (DivertBackend  *backend,
                DivertFamily    family,
                GError        **error)
{
  return divert_iptables_probe (divert_iptables_family_get (family), error);
}

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

/* 0 or an error number. */
static int
commit (DivertIptablesTable *table,
        DivertTable          id)
{
  if (divert_fault_point ("iptables-commit-before:%s:%s", divert_table_name (id),
                          divert_family_name (table->ops->family)))
    return EINVAL;
  if (table->ops->commit (table->handle) == 0)
    return errno != 0 ? errno : EINVAL;
  if (divert_fault_point ("iptables-commit-after:%s:%s", divert_table_name (id),
                          divert_family_name (table->ops->family)))
    return EINVAL;
  return 0;
}

static void
set_commit_error (GError                     **error,
                  const DivertIptablesFamily  *ops,
                  DivertTable                  table,
                  int                          code,
                  DivertKernelLog              log)
{
  g_autofree char *reason = divert_kernel_log_read (log);

  if (code == EAGAIN)
    g_set_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_BUSY,
                 _("another program keeps changing the iptables table for %s: '%s'"),
                 divert_family_name (ops->family), divert_table_name (table));
  else if (code == EPERM || code == EACCES)
    divert_iptables_set_open_error (error, ops, table, code);
  else
    g_set_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_REFUSED,
                 _("the kernel refused the rules of table %s for %s: '%s'"),
                 divert_table_name (table), divert_family_name (ops->family),
                 reason != NULL ? reason : g_strerror (code));
}

static gboolean
write_table (const DivertIptablesFamily  *ops,
             const DivertIptablesWanted  *wanted,
             gboolean                    *ret_wrote,
             GError                     **error)
{
  g_auto(DivertXtablesLock) lock = -1;
  g_auto(DivertKernelLog) log = divert_kernel_log_open ();
  g_auto(DivertIptablesTable) table = DIVERT_IPTABLES_TABLE_INIT;
  gboolean wrote = FALSE;
  int code = 0;

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
      /* Read again, and it is still not as wanted. */
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
  set_commit_error (error, ops, wanted->table, code, log);
  return FALSE;
}

static gboolean
iptables_apply (DivertBackend        *backend,
                const DivertRuleset  *ruleset,
                DivertTable           table,
                DivertFamily          family,
                gboolean             *ret_wrote,
                GError              **error)
{
  const DivertIptablesFamily *ops = divert_iptables_family_get (family);
  g_autoptr(DivertIptablesWanted) wanted = divert_iptables_wanted_new (ops, ruleset, table);
  GBytes **last = &((IptablesBackend *) backend)->last[table][family];
  g_autoptr(GBytes) rules = get_rules (ruleset, table, family);
  gboolean differs = *last != NULL && !g_bytes_equal (*last, rules);
  gboolean wrote = FALSE;

  if (!divert_iptables_wanted_is_empty (wanted) || divert_iptables_table_exists (ops, table))
    {
      g_auto(DivertIptablesTable) now = DIVERT_IPTABLES_TABLE_INIT;
      guint edits = 1;

      if (!differs && !prepare (&now, ops, wanted, &edits, error))
        return FALSE;
      if (edits > 0 && !write_table (ops, wanted, &wrote, error))
        return FALSE;
    }
  g_clear_pointer (last, g_bytes_unref);
  *last = g_steal_pointer (&rules);
  if (ret_wrote != NULL)
    *ret_wrote = wrote;
  return TRUE;
}

/* What is there, without the rules that let go straight, is what is wanted. */
static gboolean
withdraw_family (const DivertIptablesFamily  *ops,
                 GError                     **error)
{
  g_auto(DivertIptablesTable) now = DIVERT_IPTABLES_TABLE_INIT;
  g_autoptr(DivertRuleset) rules = NULL;
  g_autoptr(DivertIptablesWanted) wanted = NULL;
  gboolean wrote = FALSE;

  if (!divert_iptables_table_exists (ops, DIVERT_TABLE_MANGLE))
    return TRUE;
  if (!divert_iptables_table_open (&now, ops, DIVERT_TABLE_MANGLE, error))
    return FALSE;
  rules = divert_iptables_read_rules (&now, DIVERT_TABLE_MANGLE);
  if (!divert_ruleset_withdraw (rules))
    return TRUE;
  wanted = divert_iptables_wanted_new (ops, rules, DIVERT_TABLE_MANGLE);
  return write_table (ops, wanted, &wrote, error);
}

static gboolean
iptables_withdraw (DivertBackend  *backend,
                   GError        **error)
{
  gboolean ok = TRUE;

  /* One family's failure does not keep the other's. */
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    if (!withdraw_family (divert_iptables_family_get (family), ok ? error : NULL))
      ok = FALSE;
  return ok;
}

static char *
iptables_read (DivertBackend  *backend,
               DivertTable     table,
               DivertFamily    family,
               GError        **error)
{
  const DivertIptablesFamily *ops = divert_iptables_family_get (family);
  g_auto(DivertIptablesTable) now = DIVERT_IPTABLES_TABLE_INIT;

  if (!divert_iptables_table_exists (ops, table))
    {
      g_autoptr(DivertRuleset) nothing = divert_ruleset_new_empty ();

      return divert_ruleset_to_save_text (nothing, family, table);
    }
  if (!divert_iptables_table_open (&now, ops, table, error))
    return NULL;
  return divert_iptables_read_text (&now, table);
}

static gboolean
iptables_count_dropped (DivertBackend  *backend,
                        guint64        *ret_packets,
                        GError        **error)
{
  guint64 packets = 0;

  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      const DivertIptablesFamily *ops = divert_iptables_family_get (family);
      g_auto(DivertIptablesTable) now = DIVERT_IPTABLES_TABLE_INIT;

      if (!divert_iptables_table_exists (ops, DIVERT_TABLE_MANGLE))
        continue;
      if (!divert_iptables_table_open (&now, ops, DIVERT_TABLE_MANGLE, error))
        return FALSE;
      packets += divert_iptables_read_dropped (&now, DIVERT_TABLE_MANGLE);
    }
  *ret_packets = packets;
  return TRUE;
}

static void
iptables_free (DivertBackend *backend)
{
  IptablesBackend *self = (IptablesBackend *) backend;

  for (guint table = 0; table < DIVERT_N_TABLES; table++)
    for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
      g_clear_pointer (&self->last[table][family], g_bytes_unref);
  g_free (self);
}

static const DivertBackendClass iptables_class = {
  .name = "iptables",
  .list_modules = iptables_list_modules,
  .probe = iptables_probe,
  .apply = iptables_apply,
  .withdraw = iptables_withdraw,
  .read = iptables_read,
  .count_dropped = iptables_count_dropped,
  .free = iptables_free,
};

DivertBackend *
divert_backend_iptables_new (void)
{
  IptablesBackend *self = g_new0 (IptablesBackend, 1);

  self->parent.klass = &iptables_class;
  return &self->parent;
}
