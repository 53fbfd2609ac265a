/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which entries of a table are changed.
 *
 * Theory of operation.  A table is edited in memory and committed in one step, so the edits need no
 * particular order.  An entry that is not edited keeps its packet counters.  So the beginning and
 * the end that the old and the new chain have in common are left alone, and only the middle is
 * replaced.
 *
 * The chains that iptables-ours.c identifies are ours, and so are all jumps to them.  Any other
 * chain with one of our names is somebody else's: if we want it, that is an error; otherwise we
 * leave it and the jumps to it alone.
 *
 * A hook's jump can be anywhere in its built-in chain, because somebody may have moved it on
 * purpose.  If it is missing, it is inserted at the head, because somebody else's ACCEPT before it
 * would let packets out.
 */
#include "iptables-diff.h"
#include "iptables-chains.h"
#include "iptables-extension.h"
#include "iptables-ours.h"
#include "system/filter/backend.h"

#include <errno.h>
#include <glib/gi18n-lib.h>

#include <linux/netfilter/x_tables.h>

typedef struct
{
  DivertIptablesTable        *table;
  const DivertIptablesWanted *wanted;
  GStrv                       before; /* the chains at the start */
  GHashTable                 *ours;   /* set of the names of ours among them */
  guint                       edits;
} Diff;

/* libiptc's functions return 0 and set errno. */
static gboolean
check (Diff        *diff,
       int          result,
       const char  *chain,
       GError     **error)
{
  int code = errno;

  if (result == 0)
    {
      g_set_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_REFUSED,
                   _("cannot change the iptables chain: '%s': %s"), chain, g_strerror (code));
      return FALSE;
    }
  diff->edits++;
  return TRUE;
}

static gboolean
is_wanted (const Diff *diff,
           const char *chain)
{
  return g_hash_table_contains (diff->wanted->chains, chain);
}

static gboolean
is_ours (const Diff *diff,
         const char *chain)
{
  return g_hash_table_contains (diff->ours, chain);
}

/* libiptc would take our "-j MARK" for a jump to a chain named MARK. */
static gboolean
is_name_of_target (const char *chain)
{
  for (guint i = 0; i < divert_iptables_n_targets; i++)
    if (g_str_equal (chain, divert_iptables_targets[i].extension.name))
      return TRUE;
  return FALSE;
}

static gboolean
check_foreign (const Diff  *diff,
               GError     **error)
{
  for (char **chain = diff->before; *chain != NULL; chain++)
    if (!is_ours (diff, *chain) &&
        (is_wanted (diff, *chain) || (is_name_of_target (*chain) && !divert_iptables_wanted_is_empty (diff->wanted))))
      {
        g_set_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_FOREIGN,
                     _("an iptables chain of this name in table %s is somebody else's: '%s'"),
                     divert_xt_table_name (diff->wanted->table), *chain);
        return FALSE;
      }
  return TRUE;
}

static gboolean
equal (const Diff                *diff,
       const DivertIptablesEntry *entry,
       const void                *kernel)
{
  return divert_iptables_entry_equal (entry, kernel, diff->table->ops->get_target (kernel, diff->table->handle));
}

/* Creates every chain before there is a jump to it. */
static gboolean
create_chains (Diff    *diff,
               GError **error)
{
  const DivertIptablesFamily *ops = diff->table->ops;
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, diff->wanted->chains);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (!is_ours (diff, name) && !check (diff, ops->create_chain (name, diff->table->handle), name, error))
      return FALSE;
  return TRUE;
}

static gboolean
fill_chain (Diff             *diff,
            const char       *chain,
            const GPtrArray  *wanted,
            GError          **error)
{
  const DivertIptablesFamily *ops = diff->table->ops;
  g_autoptr(GPtrArray) present = divert_iptables_table_list (diff->table, chain);
  guint shorter = MIN (present->len, wanted->len);
  guint head = 0, tail = 0;

  while (head < shorter && equal (diff, wanted->pdata[head], present->pdata[head]))
    head++;
  while (tail < shorter - head &&
         equal (diff, wanted->pdata[wanted->len - 1 - tail], present->pdata[present->len - 1 - tail]))
    tail++;

  for (guint i = present->len - tail; i > head; i--)
    if (!check (diff, ops->delete_entry (chain, i - 1, diff->table->handle), chain, error))
      return FALSE;
  for (guint i = head; i < wanted->len - tail; i++)
    {
      const DivertIptablesEntry *entry = wanted->pdata[i];

      if (!check (diff, ops->insert_entry (chain, entry->bytes, i, diff->table->handle), chain, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
fill_chains (Diff    *diff,
             GError **error)
{
  GHashTableIter iter;
  gpointer name, wanted;

  g_hash_table_iter_init (&iter, diff->wanted->chains);
  while (g_hash_table_iter_next (&iter, &name, &wanted))
    if (!fill_chain (diff, name, wanted, error))
      return FALSE;
  return TRUE;
}

/* The hook that @kernel is, if it was not @seen before; otherwise -1. */
static int
find_hook (const Diff     *diff,
           const char     *chain,
           const void     *kernel,
           const gboolean *seen)
{
  const GPtrArray *hooks = diff->wanted->hooks;

  for (guint i = 0; i < hooks->len; i++)
    {
      const DivertIptablesEntry *hook = hooks->pdata[i];

      if (!seen[i] && g_str_equal (hook->chain, chain) && equal (diff, hook, kernel))
        return i;
    }
  return -1;
}

/* Deletes from somebody else's or a built-in chain all jumps to our chains, except the first one of each hook. */
static gboolean
prune_chain (Diff        *diff,
             const char  *chain,
             gboolean    *seen,
             GError     **error)
{
  const DivertIptablesFamily *ops = diff->table->ops;
  g_autoptr(GPtrArray) present = divert_iptables_table_list (diff->table, chain);
  guint deleted = 0;

  for (guint i = 0; i < present->len; i++)
    {
      const char *target = ops->get_target (present->pdata[i], diff->table->handle);
      int hook;

      if (!is_ours (diff, target))
        continue;
      hook = find_hook (diff, chain, present->pdata[i], seen);
      if (hook >= 0)
        {
          seen[hook] = TRUE;
          continue;
        }
      if (!check (diff, ops->delete_entry (chain, i - deleted, diff->table->handle), chain, error))
        return FALSE;
      deleted++;
    }
  return TRUE;
}

static gboolean
hook_chains (Diff    *diff,
             GError **error)
{
  const GPtrArray *hooks = diff->wanted->hooks;
  g_autofree gboolean *seen = g_new0 (gboolean, hooks->len + 1);

  for (char **chain = diff->before; *chain != NULL; chain++)
    if (!is_ours (diff, *chain) && !prune_chain (diff, *chain, seen, error))
      return FALSE;

  /* Backwards, so that several hooks of a chain end up in order. */
  for (guint i = hooks->len; i > 0; i--)
    {
      const DivertIptablesEntry *hook = hooks->pdata[i - 1];

      if (!seen[i - 1] &&
          !check (diff, diff->table->ops->insert_entry (hook->chain, hook->bytes, 0, diff->table->handle), hook->chain,
                  error))
        return FALSE;
    }
  return TRUE;
}

/* Empty all of them before deleting any, because they jump to each other. */
static gboolean
delete_chains (Diff    *diff,
               GError **error)
{
  const DivertIptablesFamily *ops = diff->table->ops;

  for (char **chain = diff->before; *chain != NULL; chain++)
    if (is_ours (diff, *chain) && !is_wanted (diff, *chain) &&
        !check (diff, ops->flush_chain (*chain, diff->table->handle), *chain, error))
      return FALSE;
  for (char **chain = diff->before; *chain != NULL; chain++)
    if (is_ours (diff, *chain) && !is_wanted (diff, *chain) &&
        !check (diff, ops->delete_chain (*chain, diff->table->handle), *chain, error))
      return FALSE;
  return TRUE;
}

/* At every commit, libiptc sets the counters of the built-in chains' policies to zero, unless told to set them. */
static gboolean
keep_policy_counters (Diff    *diff,
                      GError **error)
{
  const DivertIptablesFamily *ops = diff->table->ops;

  for (char **chain = diff->before; *chain != NULL; chain++)
    {
      struct xt_counters counters;
      const char *policy;

      if (!divert_xt_is_builtin (*chain))
        continue;
      policy = ops->get_policy (*chain, &counters, diff->table->handle);
      if (policy != NULL &&
          !check (diff, ops->set_policy (*chain, policy, &counters, diff->table->handle), *chain, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
divert_iptables_diff_apply (DivertIptablesTable         *table,
                            const DivertIptablesWanted  *wanted,
                            guint                       *ret_edits,
                            GError                     **error)
{
  g_auto(GStrv) before = divert_iptables_table_list_chains (table);
  g_autoptr(GHashTable) ours = divert_iptables_ours_find (table, wanted->table, before, wanted->hooks);
  Diff diff = { table, wanted, before, ours, 0 };

  if (!check_foreign (&diff, error) || !create_chains (&diff, error) || !fill_chains (&diff, error) ||
      !hook_chains (&diff, error) || !delete_chains (&diff, error))
    return FALSE;
  if (diff.edits > 0 && !keep_policy_counters (&diff, error))
    return FALSE;
  *ret_edits = diff.edits;
  return TRUE;
}
