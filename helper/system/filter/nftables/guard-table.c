/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what the guard's table consists of.
 *
 * It is what nftables makes of the guard's rules, but the grants look their device up in a set whose elements lapse.
 * So what lapses is a device's grant as a whole, and a renewal is one element.  If there is only one device, the set
 * says which it is.  A lookup costs more than any comparison, so it comes last.
 */
#include "guard-table.h"

#include "nftables-expand.h"
#include "nftables-text.h"
#include "system/filter/guard.h"

const char *const *
divert_guard_list_modules (void)
{
  static const char *const names[] = { "nf_tables", "nft_ct", "nft_fib_inet", "nft_tproxy", "nft_reject_inet", NULL };

  return names;
}

/* Of the match of a device; len: none. */
static guint
find_device (const DivertNftRule *rule)
{
  guint i = 0;

  while (i < rule->exprs->len && divert_nft_rule_index (rule, i)->key != DIVERT_NFT_KEY_OUT_NAME)
    i++;
  return i;
}

static void
make_lapse (DivertNftRule *rule,
            gboolean       is_only)
{
  DivertNftExpr match = { .kind = DIVERT_NFT_MATCH_SET, .key = DIVERT_NFT_KEY_OUT_NAME, .mask = G_MAXUINT32 };
  const guint device = find_device (rule);
  guint i = 0;

  if (device == rule->exprs->len)
    return;
  if (is_only)
    g_array_remove_index (rule->exprs, device);
  while (divert_nft_expr_is_match (divert_nft_rule_index (rule, i)))
    i++;
  g_strlcpy (match.name, DIVERT_GUARD_GRANTED, sizeof match.name);
  g_array_insert_val (rule->exprs, i, match);
}

/* The devices of the grants, each once. */
static GStrv
list_devices (const DivertRuleset *rules)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; i < rules->rules->len; i++)
    {
      const DivertRule *rule = g_ptr_array_index (rules->rules, i);

      if (divert_chain_is_granting (rule->chain) && rule->out_interface[0] != '\0' &&
          !g_ptr_array_find_with_equal_func (names, rule->out_interface, g_str_equal, NULL))
        g_ptr_array_add (names, g_strdup (rule->out_interface));
    }
  g_ptr_array_add (names, NULL);
  return (GStrv) g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

DivertNftTable *
divert_guard_table_new (const DivertRuleset *rules,
                        guint                lifetime_ms)
{
  DivertNftTable *table = divert_nft_table_new_from_ruleset (DIVERT_GUARD_TABLE, rules);
  GStrv devices;

  if (table->rules[DIVERT_CHAIN_GRANTS] == NULL)
    return table;
  devices = list_devices (rules);
  for (guint chain = 0; chain < DIVERT_N_CHAINS; chain++)
    {
      const GPtrArray *grants = divert_chain_is_granting (chain) ? table->rules[chain] : NULL;

      for (guint i = 0; grants != NULL && i < grants->len; i++)
        make_lapse (g_ptr_array_index (grants, i), g_strv_length (devices) == 1);
    }
  divert_nft_table_add_interfaces (table, DIVERT_GUARD_GRANTED, devices, lifetime_ms);
  return table;
}

const DivertNftSet *
divert_guard_table_get_granted (const DivertNftTable *table)
{
  return divert_nft_table_find_set (table, DIVERT_GUARD_GRANTED);
}

char *
divert_guard_to_text (const DivertRuleset *whole,
                      gboolean             delivers,
                      guint                lifetime_ms)
{
  g_autoptr(DivertRuleset) rules = divert_ruleset_new_guard (whole, delivers);
  g_autoptr(DivertNftTable) table = divert_guard_table_new (rules, lifetime_ms);

  return divert_ruleset_is_empty (rules) ? g_strdup ("") : divert_nft_table_to_text (table);
}
