/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the expressions of each rule: what it compares (the cheapest first, and what tells most
 * packets apart), and what it does then.
 */
#include "nftables-expand-private.h"

#include "nftables-hide.h"
#include "nftables-text.h"

#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#define LO_INDEX 1

/* NFPROTO_x */
static const guint family_numbers[DIVERT_N_FAMILIES] = { [DIVERT_FAMILY_IPV4] = 2, [DIVERT_FAMILY_IPV6] = 10 };

static void
add_interface (DivertNftRule *rule,
               DivertNftKey   index_key,
               DivertNftKey   name_key,
               const char    *name,
               guint          index,
               gboolean       invert)
{
  const DivertNftKind kind = invert ? DIVERT_NFT_MATCH_NOT_EQUAL : DIVERT_NFT_MATCH_EQUAL;

  if (name[0] == '\0')
    return;
  if (g_str_equal (name, "lo"))
    index = LO_INDEX;
  g_strlcpy (divert_nft_rule_add_match (rule, kind, index != 0 ? index_key : name_key, index)->name, name,
             DIVERT_NFT_SET_NAME_MAX);
}

static void
add_address (DivertNftRule      *rule,
             DivertNftKey        key,
             DivertFamily        family,
             const DivertPrefix *prefix,
             const char         *set)
{
  DivertNftExpr *expr;

  if (set == NULL && (prefix == NULL || prefix->length == 0))
    return;
  expr = divert_nft_rule_add_match (rule, set != NULL ? DIVERT_NFT_MATCH_SET : DIVERT_NFT_MATCH_EQUAL, key, 0);
  expr->family = family;
  if (set != NULL)
    g_strlcpy (expr->name, set, sizeof expr->name);
  else
    expr->prefix = divert_prefix_network (prefix);
}

static void
add_mark (DivertNftRule         *rule,
          DivertNftKey           key,
          const DivertMarkMatch *mark)
{
  if (mark->has)
    divert_nft_rule_add_match (rule, mark->invert ? DIVERT_NFT_MATCH_NOT_EQUAL : DIVERT_NFT_MATCH_EQUAL, key,
                               mark->value)->mask = mark->mask;
}

static void
add_protocols (DivertNftExpansion     *e,
               DivertNftRule          *rule,
               const DivertNftVariant *v)
{
  DivertNftExpr *expr;

  if (v->protocols == 0)
    return;
  if (v->protocols != DIVERT_PROTOCOLS_TCP_UDP)
    {
      divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_EQUAL, DIVERT_NFT_KEY_PROTOCOL,
                                 divert_protocol_number (v->protocols, v->family));
      return;
    }
  expr = divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_SET, DIVERT_NFT_KEY_PROTOCOL, 0);
  g_strlcpy (expr->name,
             divert_nft_table_add_bits (e->table, "tcp-udp", DIVERT_NFT_SET_PROTOCOLS,
                                        1u << IPPROTO_TCP | 1u << IPPROTO_UDP),
             sizeof expr->name);
}

static void
add_ports (DivertNftRule          *rule,
           const DivertNftVariant *v,
           guint16                 sport,
           guint16                 dport)
{
  if (sport != 0)
    divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_EQUAL, DIVERT_NFT_KEY_SPORT, sport);
  if (dport != 0)
    divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_EQUAL, DIVERT_NFT_KEY_DPORT, dport);
  if (v->dports != NULL && v->dports->first == v->dports->last)
    divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_EQUAL, DIVERT_NFT_KEY_DPORT, v->dports->first);
  else if (v->dports != NULL)
    divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_RANGE, DIVERT_NFT_KEY_DPORT, v->dports->first)->last =
        v->dports->last;
}

/* The fields of the header after IP's. */
static void
add_transport (DivertNftRule          *rule,
               const DivertRule       *origin,
               const DivertNftVariant *v)
{
  add_ports (rule, v, origin->sport, origin->dport);
  if (origin->has_tcp_flags)
    divert_nft_rule_add_match (rule, origin->tcp_flags_invert ? DIVERT_NFT_MATCH_NOT_EQUAL : DIVERT_NFT_MATCH_EQUAL,
                               DIVERT_NFT_KEY_TCP_FLAGS, origin->tcp_flags_value)->mask = origin->tcp_flags_mask;
  if (origin->icmpv6_type != 0)
    divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_EQUAL, DIVERT_NFT_KEY_ICMPV6_TYPE, origin->icmpv6_type);
}

/* "local-broadcast" */
static char *
name_types (guint types)
{
  g_autoptr(GString) name = g_string_new (NULL);

  for (guint i = 0; i < 32; i++)
    if ((types & (1u << i)) != 0)
      g_string_append_printf (name, "%s%s", name->len > 0 ? "-" : "", divert_nft_addrtype_name (i));
  return g_string_free (g_steal_pointer (&name), FALSE);
}

/* @types: 1 << RTN_x */
static void
add_types (DivertNftExpansion *e,
           DivertNftRule      *rule,
           DivertNftKey        key,
           guint               types)
{
  const guint first = types != 0 ? g_bit_nth_lsf (types, -1) : 0;
  g_autofree char *name = NULL;
  DivertNftExpr *expr;

  if (types == 0)
    return;
  if (types == 1u << first)
    {
      divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_EQUAL, key, first);
      return;
    }
  name = name_types (types);
  expr = divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_SET, key, 0);
  g_strlcpy (expr->name, divert_nft_table_add_bits (e->table, name, DIVERT_NFT_SET_ADDRTYPES, types),
             sizeof expr->name);
}

/* SOMEBODY needs no value of its own: with a socket the result is 0 or 1, and without one there is no result. */
static void
add_receiver (DivertNftRule  *rule,
              DivertReceiver  receiver)
{
  if (receiver == DIVERT_RECEIVER_SOMEBODY)
    divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_RANGE, DIVERT_NFT_KEY_WILDCARD, 0)->last = 1;
  else if (receiver == DIVERT_RECEIVER_BOUND)
    divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_EQUAL, DIVERT_NFT_KEY_WILDCARD, 0);
}

/* A port tells more packets apart than "TCP or UDP", and costs a third (K7.1).  It does no harm to look at what other
 * protocols have in its place.  A device's name costs more than addresses. */
static void
add_matches (DivertNftExpansion     *e,
             DivertNftRule          *rule,
             const DivertRule       *origin,
             const DivertNftVariant *v)
{
  if (v->has_family)
    divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_EQUAL, DIVERT_NFT_KEY_FAMILY, family_numbers[v->family]);
  /* The destination tells more packets apart than the source. */
  add_address (rule, DIVERT_NFT_KEY_DESTINATION, v->family, v->destination, v->destination_set);
  add_address (rule, DIVERT_NFT_KEY_SOURCE, v->family, v->source, v->source_set);
  add_interface (rule, DIVERT_NFT_KEY_IN_INDEX, DIVERT_NFT_KEY_IN_NAME, origin->in_interface, 0, origin->in_invert);
  add_interface (rule, DIVERT_NFT_KEY_OUT_INDEX, DIVERT_NFT_KEY_OUT_NAME, origin->out_interface, origin->out_index,
                 origin->out_invert);
  add_mark (rule, DIVERT_NFT_KEY_MARK, &origin->mark);
  add_mark (rule, DIVERT_NFT_KEY_CONNMARK, &origin->connmark);
  if (v->protocols == DIVERT_PROTOCOLS_TCP_UDP)
    {
      add_transport (rule, origin, v);
      add_protocols (e, rule, v);
    }
  else
    {
      add_protocols (e, rule, v);
      add_transport (rule, origin, v);
    }
  if (origin->has_gid)
    divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_EQUAL, DIVERT_NFT_KEY_GID, origin->gid);
  add_types (e, rule, DIVERT_NFT_KEY_SOURCE_TYPE, origin->src_types);
  add_types (e, rule, DIVERT_NFT_KEY_DESTINATION_TYPE, origin->dst_types);
  add_receiver (rule, origin->receiver);
}

/* Packets that the guard drops are counted. */
static gboolean
is_guard (DivertChain chain)
{
  return chain == DIVERT_CHAIN_GUARD || chain == DIVERT_CHAIN_GUARD_DNS || chain == DIVERT_CHAIN_GUARD_INTRANET;
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
    [DIVERT_VERDICT_REDIRECT] = DIVERT_NFT_REDIRECT,
  };
  DivertNftExpr *expr;

  if (origin->verdict == DIVERT_VERDICT_DROP && is_guard (origin->chain))
    divert_nft_rule_add (rule, DIVERT_NFT_COUNT);
  expr = divert_nft_rule_add (rule, kinds[origin->verdict]);
  expr->value = origin->port != 0 ? origin->port : origin->value;
  expr->mask = origin->mask;
  if (origin->verdict == DIVERT_VERDICT_JUMP || origin->verdict == DIVERT_VERDICT_GOTO)
    {
      expr->chain = origin->to;
      divert_nft_table_get_chain (e->table, origin->to);
    }
  if (origin->verdict == DIVERT_VERDICT_TPROXY)
    expr->last = v->has_family ? family_numbers[v->family] : 0;
  if (origin->verdict == DIVERT_VERDICT_TPROXY || origin->verdict == DIVERT_VERDICT_MARK_LEAVE)
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

  rule->comment = origin->why;
  add_matches (e, rule, origin, v);
  if (leads_to_staying (e, origin))
    add_goto (e, rule, DIVERT_NFT_CHAIN_STAYING);
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

        divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_EQUAL, DIVERT_NFT_KEY_FAMILY, family_numbers[family]);
        divert_nft_rule_add (rule, DIVERT_NFT_ACCEPT);
      }
}

void
divert_nft_emit_refusal (DivertNftExpansion     *e,
                         const DivertRule       *origin,
                         const DivertNftVariant *v)
{
  DivertNftRule *rule = append_rule (e, origin->chain);

  add_matches (e, rule, origin, v);
  add_goto (e, rule, DIVERT_NFT_CHAIN_REFUSE);
}

static void
refuse_datagrams (DivertNftExpansion *e,
                  DivertFamily        family)
{
  DivertNftRule *rule;

  if ((e->families & (1 << family)) == 0)
    return;
  rule = append_rule (e, DIVERT_NFT_CHAIN_REFUSE);
  divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_EQUAL, DIVERT_NFT_KEY_FAMILY, family_numbers[family]);
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
    refuse_datagrams (e, family);
  divert_nft_rule_add (append_rule (e, DIVERT_NFT_CHAIN_REFUSE), DIVERT_NFT_DROP);
}

void
divert_nft_emit_staying (DivertNftExpansion *e)
{
  static const DivertPrefix hidden = { .family = DIVERT_FAMILY_IPV4, .length = 32, .bytes = DIVERT_NFT_HIDDEN };
  DivertNftRule *rule = append_rule (e, DIVERT_NFT_CHAIN_STAYING);

  divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_EQUAL, DIVERT_NFT_KEY_FAMILY, family_numbers[DIVERT_FAMILY_IPV4]);
  add_address (rule, DIVERT_NFT_KEY_SOURCE, DIVERT_FAMILY_IPV4, &hidden, NULL);
  divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_EQUAL, DIVERT_NFT_KEY_PROTOCOL, IPPROTO_ICMP);
  divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_EQUAL, DIVERT_NFT_KEY_ICMP_TYPE, ICMP_DEST_UNREACH);
  divert_nft_rule_add (rule, DIVERT_NFT_UNHIDE);
  rule->comment = "puts the destination back where the error quotes the packet";
}
