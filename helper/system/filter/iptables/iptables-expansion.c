/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the x_tables rules while they are being made: which chain gets the next one, which of them bears the tag, and
 * names for more chains.
 *
 * A packet that has left a chain for one of its parts must never get back into it, because the kernel refuses the
 * table then (K1.17).  So each part is made once, under a name of its own, and the chain goes on behind it.
 */
#include "iptables-expansion.h"

void
divert_xt_ruleset_free (DivertXtRuleset *xt)
{
  if (xt == NULL)
    return;
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    g_array_unref (xt->rules[family]);
  g_free (xt);
}

gboolean
divert_xt_rules_use (const GArray  *rules,
                     DivertXtTable  table)
{
  for (guint i = 0; i < rules->len; i++)
    if (divert_xt_rules_index (rules, i)->table == table)
      return TRUE;
  return FALSE;
}

void
divert_xt_expansion_begin (DivertXtExpansion *expansion,
                           DivertFamily       family)
{
  *expansion = (DivertXtExpansion) { .family = family };
  expansion->rules = g_array_new (FALSE, FALSE, sizeof (DivertXtRule));
  expansion->opened = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint chain = 0; chain < DIVERT_N_CHAINS; chain++)
    expansion->where[chain] = g_strdup (divert_xt_chain_name (chain));
}

GArray *
divert_xt_expansion_end (DivertXtExpansion *expansion)
{
  g_hash_table_unref (expansion->opened);
  for (guint chain = 0; chain < DIVERT_N_CHAINS; chain++)
    g_free (expansion->where[chain]);
  return g_steal_pointer (&expansion->rules);
}

void
divert_xt_expansion_add (DivertXtExpansion  *expansion,
                         const char         *name,
                         const DivertXtRule *rule)
{
  DivertXtRule added = *rule;

  g_strlcpy (added.chain, name, sizeof added.chain);
  added.tagged = !g_hash_table_contains (expansion->opened, name) && divert_xt_is_own (rule->table, name);
  if (added.tagged)
    g_hash_table_add (expansion->opened, g_strdup (name));
  g_array_append_val (expansion->rules, added);
}

char *
divert_xt_expansion_name_part (DivertXtExpansion *expansion,
                               DivertChain        chain,
                               DivertXtPart       part)
{
  if ((expansion->parts[chain] & 1u << part) != 0)
    return divert_xt_expansion_name_sub (expansion, chain, "");
  expansion->parts[chain] |= 1u << part;
  return divert_xt_chain_part (chain, part);
}

char *
divert_xt_expansion_name_sub (DivertXtExpansion *expansion,
                              DivertChain        chain,
                              const char        *letter)
{
  return divert_xt_chain_sub (chain, letter, ++expansion->n_subs[chain]);
}
