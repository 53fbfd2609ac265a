/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which of the chains with our names are ours, and which are somebody else's.
 *
 * A chain is ours if one of its rules has the tag.  An empty chain carries no tag.  The only one that a commit of ours
 * leaves behind is what comes after a chain's last rule (AFTER), beside chains with a tag.  Any other was emptied, or
 * was never ours:
 *
 *   - If another chain with one of our names in the table has the tag, then this one was emptied (iptables -F CHAIN),
 *     and is ours.
 *   - If none has it, the whole table may have been emptied (iptables -F).  Then the chains of every ruleset are all
 *     there and all empty, and nothing but our own hooks jumps to an empty chain with one of our names.  In that case
 *     they are ours.
 *   - Otherwise it is somebody else's, and so is a chain that has rules but no tag.
 */
#include "iptables-ours.h"

#include "iptables-chains.h"

typedef struct
{
  const DivertIptablesTable *table;
  const GPtrArray           *hooks;
  GHashTable                *tagged; /* sets of names */
  GHashTable                *empty;
} Finder;

static void
sort_chain (Finder     *finder,
            const char *chain)
{
  g_autoptr(GPtrArray) entries = divert_iptables_table_list (finder->table, chain);

  if (entries->len == 0)
    g_hash_table_add (finder->empty, (gpointer) chain);
  for (guint i = 0; i < entries->len; i++)
    if (divert_iptables_entry_is_tagged (finder->table->ops, entries->pdata[i]))
      {
        g_hash_table_add (finder->tagged, (gpointer) chain);
        return;
      }
}

static gboolean
is_hook (const Finder *finder,
         const char   *chain,
         const void   *kernel,
         const char   *target)
{
  for (guint i = 0; finder->hooks != NULL && i < finder->hooks->len; i++)
    {
      const DivertIptablesEntry *hook = finder->hooks->pdata[i];

      if (g_str_equal (hook->chain, chain) && divert_iptables_entry_equal (hook, kernel, target))
        return TRUE;
    }
  return FALSE;
}

/* Does somebody else use an empty chain with one of our names? */
static gboolean
has_foreign_jump (const Finder *finder,
                  const char   *chain)
{
  g_autoptr(GPtrArray) entries = divert_iptables_table_list (finder->table, chain);

  for (guint i = 0; i < entries->len; i++)
    {
      const char *target = finder->table->ops->get_target (entries->pdata[i], finder->table->handle);

      if (g_hash_table_contains (finder->empty, target) && !is_hook (finder, chain, entries->pdata[i], target))
        return TRUE;
    }
  return FALSE;
}

static gboolean
was_flushed (const Finder   *finder,
             DivertXtTable   id,
             char          **chains)
{
  const char *always;

  for (guint i = 0; (always = divert_xt_always (id, i)) != NULL; i++)
    if (!g_hash_table_contains (finder->empty, always))
      return FALSE;
  for (; *chains != NULL; chains++)
    if (has_foreign_jump (finder, *chains))
      return FALSE;
  return TRUE;
}

GHashTable *
divert_iptables_ours_find (const DivertIptablesTable  *table,
                           DivertXtTable               id,
                           char                      **chains,
                           const GPtrArray            *hooks)
{
  g_autoptr(GHashTable) tagged = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr(GHashTable) empty = g_hash_table_new (g_str_hash, g_str_equal);
  Finder finder = { table, hooks, tagged, empty };
  GHashTableIter iter;
  gpointer name;

  for (char **chain = chains; *chain != NULL; chain++)
    if (divert_xt_is_own (id, *chain))
      sort_chain (&finder, *chain);
  if (g_hash_table_size (tagged) > 0 || was_flushed (&finder, id, chains))
    {
      g_hash_table_iter_init (&iter, empty);
      while (g_hash_table_iter_next (&iter, &name, NULL))
        g_hash_table_add (tagged, name);
    }
  return g_steal_pointer (&tagged);
}
