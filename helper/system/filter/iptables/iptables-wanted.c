/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: sorting rules into chains of entries.
 */
#include "iptables-wanted.h"

#include "iptables-chains.h"

static GPtrArray *
ensure_chain (DivertIptablesWanted *wanted,
              const char           *name)
{
  GPtrArray *entries = g_hash_table_lookup (wanted->chains, name);

  if (entries == NULL)
    {
      entries = g_ptr_array_new_with_free_func (g_free);
      g_hash_table_insert (wanted->chains, g_strdup (name), entries);
    }
  return entries;
}

DivertIptablesWanted *
divert_iptables_wanted_new (const DivertIptablesFamily *ops,
                            const GArray               *rules,
                            DivertXtTable               table)
{
  DivertIptablesWanted *wanted = g_new0 (DivertIptablesWanted, 1);

  wanted->table = table;
  wanted->chains = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
  wanted->hooks = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < rules->len; i++)
    {
      const DivertXtRule *rule = divert_xt_rules_index (rules, i);
      gboolean is_hook = divert_xt_is_builtin (rule->chain);

      if (rule->table != table)
        continue;
      g_ptr_array_add (is_hook ? wanted->hooks : ensure_chain (wanted, rule->chain),
                       divert_iptables_entry_new (ops, rule));
      /* libiptc takes a jump to a missing chain for an extension, and only the commit fails (K1.7). */
      if (rule->target == DIVERT_XT_JUMP || rule->target == DIVERT_XT_GOTO)
        ensure_chain (wanted, rule->to);
    }
  return wanted;
}

void
divert_iptables_wanted_free (DivertIptablesWanted *wanted)
{
  if (wanted == NULL)
    return;
  g_hash_table_unref (wanted->chains);
  g_ptr_array_unref (wanted->hooks);
  g_free (wanted);
}

gboolean
divert_iptables_wanted_is_empty (const DivertIptablesWanted *wanted)
{
  return g_hash_table_size (wanted->chains) == 0 && wanted->hooks->len == 0;
}
