/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: where a chain has nothing more for IPv4.
 *
 * A machine has more addresses of IPv6 than of IPv4, and so has an intranet prefixes.  The grants have a rule for each
 * pair, at the head of everything, and a packet of IPv4 would be asked for its family by each of them.  Three such
 * questions cost more than a rule that ends them (K7.1).  It does what the end of the chain does.
 */
#include "nftables-expand-private.h"

#define RULES_MIN 3

static gboolean
is_for_ipv6 (const DivertNftRule *rule)
{
  const DivertNftExpr *first = divert_nft_rule_index (rule, 0);

  return first->kind == DIVERT_NFT_MATCH_EQUAL && first->key == DIVERT_NFT_KEY_FAMILY &&
         first->value == divert_nft_family_number (DIVERT_FAMILY_IPV6);
}

static void
shorten (DivertNftTable *table,
         guint           chain)
{
  GPtrArray *rules = table->rules[chain];
  guint n = rules->len;
  DivertNftRule *rule;

  while (n > 0 && is_for_ipv6 (g_ptr_array_index (rules, n - 1)))
    n--;
  if (n == 0 || rules->len - n < RULES_MIN)
    return;
  rule = divert_nft_rule_new (chain);
  divert_nft_emit_family (rule, DIVERT_FAMILY_IPV4);
  divert_nft_rule_add (rule, DIVERT_NFT_RETURN);
  g_ptr_array_insert (rules, n, rule);
}

void
divert_nft_emit_returns (DivertNftTable *table)
{
  for (guint chain = 0; chain < DIVERT_N_CHAINS; chain++)
    if (divert_chain_is_granting (chain) && table->rules[chain] != NULL)
      shorten (table, chain);
}
