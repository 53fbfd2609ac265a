/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: each rule's place in the table, and what it does.  nftables-emit-match.c has what it compares.
 */
#include "nftables-expand-private.h"

#include "nftables-hide.h"

#include <netinet/in.h>
#include <netinet/ip_icmp.h>

/* Packets that the guard drops are counted. */
static gboolean
is_guard (DivertChain chain)
{
  return (chain >= DIVERT_CHAIN_GUARD && chain <= DIVERT_CHAIN_GUARD_LANS) || chain == DIVERT_CHAIN_WIRE;
}

/* Among what stays on this machine are the errors that the chain "refuse" causes. */
static gboolean
leads_to_staying (const DivertNftExpansion *e,
                  const DivertRule         *origin)
{
  return origin->chain == DIVERT_CHAIN_JUDGE && origin->verdict == DIVERT_VERDICT_LEAVE && !origin->out_invert &&
         g_str_equal (origin->out_interface, "lo") && (e->families & DIVERT_FAMILIES_IPV4) != 0;
}

static void
add_goto (DivertNftExpansion *e,
          DivertNftRule      *rule,
          guint               chain)
{
  divert_nft_rule_add (rule, DIVERT_NFT_GOTO)->chain = chain;
  divert_nft_table_get_chain (e->table, chain);
}

static void
add_verdict (DivertNftExpansion     *e,
             DivertNftRule          *rule,
             const DivertRule       *origin,
             const DivertNftVariant *v)
{
  static const DivertNftKind kinds[] = {
    [DIVERT_VERDICT_LEAVE] = DIVERT_NFT_ACCEPT,       [DIVERT_VERDICT_DROP] = DIVERT_NFT_DROP,
    [DIVERT_VERDICT_JUMP] = DIVERT_NFT_JUMP,          [DIVERT_VERDICT_GOTO] = DIVERT_NFT_GOTO,
    [DIVERT_VERDICT_MARK] = DIVERT_NFT_SET_MARK,      [DIVERT_VERDICT_MARK_LEAVE] = DIVERT_NFT_SET_MARK,
    [DIVERT_VERDICT_CONNMARK] = DIVERT_NFT_SET_CONNMARK, [DIVERT_VERDICT_TPROXY] = DIVERT_NFT_TPROXY,
    [DIVERT_VERDICT_REDIRECT] = DIVERT_NFT_REDIRECT,  [DIVERT_VERDICT_REFUSE] = DIVERT_NFT_TPROXY,
  };
  DivertNftExpr *expr;

  if (origin->verdict == DIVERT_VERDICT_DROP && is_guard (origin->chain))
    divert_nft_rule_add (rule, DIVERT_NFT_COUNT);
  expr = divert_nft_rule_add (rule, kinds[origin->verdict]);
  expr->value = origin->port != 0 ? origin->port : origin->value;
  expr->mask = origin->mask;
  if (origin->verdict == DIVERT_VERDICT_JUMP || origin->verdict == DIVERT_VERDICT_GOTO)
    {
      expr->chain = e->entrance[origin->to];
      divert_nft_table_get_chain (e->table, expr->chain);
    }
  if (kinds[origin->verdict] == DIVERT_NFT_TPROXY)
    expr->last = v->has_family ? divert_nft_family_number (v->family) : 0;
  if (origin->on_loopback)
    expr->prefix = divert_prefix_loopback (v->family);
  if (kinds[origin->verdict] == DIVERT_NFT_TPROXY || origin->verdict == DIVERT_VERDICT_MARK_LEAVE)
    divert_nft_rule_add (rule, DIVERT_NFT_ACCEPT);
}

static DivertNftRule *
append_rule (DivertNftExpansion *e,
             guint               chain)
{
  DivertNftRule *rule;

  if (chain < DIVERT_N_CHAINS)
    chain = e->where[chain];
  rule = divert_nft_rule_new (chain);

  rule->first = e->first;
  rule->last = e->last;
  g_ptr_array_add (divert_nft_table_get_chain (e->table, chain), rule);
  return rule;
}

void
divert_nft_emit (DivertNftExpansion     *e,
                 const DivertRule       *origin,
                 const DivertNftVariant *v)
{
  DivertNftRule *rule = append_rule (e, origin->chain);

  /* What a REFUSE with a port leaves to the proxy's sockets is explained by the rules around it. */
  rule->comment = origin->verdict != DIVERT_VERDICT_REFUSE ? origin->why : NULL;
  divert_nft_emit_matches (e, rule, origin, v);
  if (leads_to_staying (e, origin))
    add_goto (e, rule, DIVERT_NFT_CHAIN_STAYING);
  else if (origin->chain == DIVERT_CHAIN_TAKE && origin->verdict == DIVERT_VERDICT_DROP)
    add_goto (e, rule, DIVERT_NFT_CHAIN_REFUSE);
  else
    add_verdict (e, rule, origin, v);
}

void
divert_nft_emit_other_family (DivertNftExpansion *e,
                              const DivertRule   *entrance)
{
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    if ((e->families & (1 << family)) == 0)
      {
        DivertNftRule *rule = append_rule (e, entrance->chain);

        divert_nft_emit_family (rule, family);
        divert_nft_rule_add (rule, DIVERT_NFT_ACCEPT);
      }
}

void
divert_nft_emit_refusal (DivertNftExpansion     *e,
                         const DivertRule       *origin,
                         const DivertNftVariant *v)
{
  DivertNftRule *rule = append_rule (e, origin->chain);

  rule->comment = origin->why;
  divert_nft_emit_matches (e, rule, origin, v);
  add_goto (e, rule, DIVERT_NFT_CHAIN_REFUSE);
}

/* What comes from an own LAN needs no disguise, because its answer goes back there.  No protocol is left out. */
static void
refuse_forwarded (DivertNftExpansion *e,
                  DivertFamily        family)
{
  DivertNftRule *rule;

  if (!e->forwards || (e->families & (1 << family)) == 0)
    return;
  rule = append_rule (e, DIVERT_NFT_CHAIN_REFUSE);
  divert_nft_emit_family (rule, family);
  divert_nft_emit_interface (rule, DIVERT_NFT_KEY_IN_INDEX, DIVERT_NFT_KEY_IN_NAME, "lo", 0, TRUE);
  divert_nft_rule_add (rule, DIVERT_NFT_UNREACHABLE)->family = family;
}

static void
refuse_datagrams (DivertNftExpansion *e,
                  DivertFamily        family)
{
  DivertNftRule *rule;

  if ((e->families & (1 << family)) == 0)
    return;
  rule = append_rule (e, DIVERT_NFT_CHAIN_REFUSE);
  divert_nft_emit_family (rule, family);
  divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_EQUAL, DIVERT_NFT_KEY_PROTOCOL, IPPROTO_UDP);
  if (family == DIVERT_FAMILY_IPV4)
    {
      divert_nft_rule_add (rule, DIVERT_NFT_HIDE);
      rule->comment = "the error must come from this machine, so the destination is put aside";
    }
  divert_nft_rule_add (rule, DIVERT_NFT_UNREACHABLE)->family = family;
}

void
divert_nft_emit_refuse (DivertNftExpansion *e)
{
  DivertNftRule *rule = append_rule (e, DIVERT_NFT_CHAIN_REFUSE);

  divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_EQUAL, DIVERT_NFT_KEY_PROTOCOL, IPPROTO_TCP);
  divert_nft_rule_add (rule, DIVERT_NFT_RESET);
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    refuse_forwarded (e, family);
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    refuse_datagrams (e, family);
  divert_nft_rule_add (append_rule (e, DIVERT_NFT_CHAIN_REFUSE), DIVERT_NFT_DROP);
}

void
divert_nft_emit_staying (DivertNftExpansion *e)
{
  static const DivertPrefix hidden = { .family = DIVERT_FAMILY_IPV4, .length = 32, .bytes = DIVERT_NFT_HIDDEN };
  DivertNftRule *rule = append_rule (e, DIVERT_NFT_CHAIN_STAYING);

  divert_nft_emit_family (rule, DIVERT_FAMILY_IPV4);
  divert_nft_emit_address (rule, DIVERT_NFT_KEY_SOURCE, DIVERT_FAMILY_IPV4, &hidden, NULL, 0, FALSE);
  divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_EQUAL, DIVERT_NFT_KEY_PROTOCOL, IPPROTO_ICMP);
  divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_EQUAL, DIVERT_NFT_KEY_ICMP_TYPE, ICMP_DEST_UNREACH);
  divert_nft_rule_add (rule, DIVERT_NFT_UNHIDE);
  rule->comment = "puts the destination back where the error quotes the packet";
}
