/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the x_tables rules while they are being made: which chain gets the next one, and which of them bears the tag.
 */
#include "iptables-expansion.h"

#include "iptables-chains.h"

static DivertXtRuleset *
new_empty (void)
{
  DivertXtRuleset *xt = g_new0 (DivertXtRuleset, 1);

  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    xt->rules[family] = g_array_new (FALSE, FALSE, sizeof (DivertXtRule));
  return xt;
}

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
divert_xt_expansion_begin (DivertXtExpansion *expansion)
{
  *expansion = (DivertXtExpansion) { .xt = new_empty () };
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    expansion->opened[family] = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint chain = 0; chain < DIVERT_N_CHAINS; chain++)
    expansion->where[chain] = g_strdup (divert_xt_chain_name (chain));
}

DivertXtRuleset *
divert_xt_expansion_end (DivertXtExpansion *expansion)
{
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    g_hash_table_unref (expansion->opened[family]);
  for (guint chain = 0; chain < DIVERT_N_CHAINS; chain++)
    g_free (expansion->where[chain]);
  return g_steal_pointer (&expansion->xt);
}

void
divert_xt_expansion_add (DivertXtExpansion  *expansion,
                         DivertFamily        family,
                         const char         *name,
                         const DivertXtRule *rule)
{
  DivertXtRule added = *rule;

  g_strlcpy (added.chain, name, sizeof added.chain);
  added.tagged = !g_hash_table_contains (expansion->opened[family], name) && divert_xt_is_own (rule->table, name);
  if (added.tagged)
    g_hash_table_add (expansion->opened[family], g_strdup (name));
  g_array_append_val (expansion->xt->rules[family], added);
}
