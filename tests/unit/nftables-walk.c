/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: nftables' side of the comparison. It knows the kernel's rules, and none of ours. */
#include "nftables-walk.h"

#include <netinet/in.h>

#define RTN_UNICAST 1

typedef struct
{
  const DivertNftTable *table;
  DivertSample         *sample;
  const char           *in, *out;
  gboolean              is_listening;
  NftablesWay           way;
} Walk;

typedef enum
{
  OUTCOME_NONE,     /* the end of a chain */
  OUTCOME_RETURNED, /* the same, before its last rules */
  OUTCOME_ACCEPTED,
  OUTCOME_DROPPED,
  OUTCOME_GIVEN,    /* to the proxy */
} Outcome;

static guint
get_type (guint bits)
{
  return bits != 0 ? (guint) g_bit_nth_lsf (bits, -1) : RTN_UNICAST;
}

static gboolean
has_ports (const DivertSample *sample)
{
  return sample->protocol == IPPROTO_TCP || sample->protocol == IPPROTO_UDP;
}

/* FALSE: there is no value, and the rule ends. */
static gboolean
load (const Walk   *walk,
      DivertNftKey  key,
      guint32      *ret_value)
{
  const DivertSample *sample = walk->sample;

  switch (key)
    {
    case DIVERT_NFT_KEY_IN_INDEX:
      *ret_value = g_str_equal (walk->in, "lo") ? 1 : 2;
      return walk->in[0] != '\0';
    case DIVERT_NFT_KEY_FAMILY:
      *ret_value = sample->destination.family == DIVERT_FAMILY_IPV6 ? 10 : 2;
      return TRUE;
    case DIVERT_NFT_KEY_MARK:
      *ret_value = sample->mark;
      return TRUE;
    case DIVERT_NFT_KEY_CONNMARK:
      *ret_value = sample->connmark;
      return sample->is_tracked;
    case DIVERT_NFT_KEY_PROTOCOL:
      *ret_value = sample->protocol;
      return TRUE;
    case DIVERT_NFT_KEY_SPORT:
      *ret_value = sample->sport;
      return has_ports (sample);
    case DIVERT_NFT_KEY_DPORT:
      *ret_value = sample->dport;
      return has_ports (sample);
    case DIVERT_NFT_KEY_TCP_FLAGS:
      *ret_value = sample->tcp_flags;
      g_assert (sample->protocol == IPPROTO_TCP);
      return TRUE;
    case DIVERT_NFT_KEY_ICMP_TYPE:
      *ret_value = sample->icmp_type;
      g_assert (sample->protocol == IPPROTO_ICMP);
      return TRUE;
    case DIVERT_NFT_KEY_ICMPV6_TYPE:
      *ret_value = sample->icmp_type;
      g_assert (sample->protocol == IPPROTO_ICMPV6);
      return TRUE;
    case DIVERT_NFT_KEY_GID:
      *ret_value = sample->gid;
      return sample->has_socket;
    case DIVERT_NFT_KEY_SOURCE_TYPE:
      *ret_value = get_type (sample->source_type);
      return TRUE;
    case DIVERT_NFT_KEY_DESTINATION_TYPE:
      *ret_value = get_type (sample->destination_type);
      return TRUE;
    case DIVERT_NFT_KEY_WILDCARD:
      *ret_value = sample->receiver == DIVERT_RECEIVER_SOMEBODY;
      return sample->receiver != DIVERT_RECEIVER_ANY;
    case DIVERT_NFT_KEY_OUT_INDEX:
    case DIVERT_NFT_KEY_IN_NAME:
    case DIVERT_NFT_KEY_OUT_NAME:
    case DIVERT_NFT_KEY_SOURCE:
    case DIVERT_NFT_KEY_DESTINATION:
    case DIVERT_NFT_KEY_CGROUP:
    default:
      g_assert_not_reached ();
    }
}

static gboolean
matches_name (const DivertNftExpr *expr,
              const char          *name)
{
  return g_str_equal (expr->name, name) == (expr->kind == DIVERT_NFT_MATCH_EQUAL);
}

/* In a hash table the kernel finds only what has the same bytes as the masked address. */
static gboolean
is_in_set (const DivertNftSet  *set,
           const DivertNftExpr *expr,
           const DivertPrefix  *address)
{
  DivertPrefix masked = *address;

  if (set->length == 0)
    return divert_prefixes_contain (set->prefixes, address);
  masked.length = expr->prefix.length;
  masked = divert_prefix_network (&masked);
  for (guint i = 0; i < set->prefixes->len; i++)
    if (memcmp (divert_prefixes_index (set->prefixes, i)->bytes, masked.bytes, sizeof masked.bytes) == 0)
      return TRUE;
  return FALSE;
}

/* The kernel reads the bytes where that family has its address, whatever the packet's own family is. */
static gboolean
matches_address (const Walk          *walk,
                 const DivertNftExpr *expr)
{
  const gboolean is_source = expr->key == DIVERT_NFT_KEY_SOURCE;
  const DivertPrefix *address = is_source ? &walk->sample->source : &walk->sample->destination;

  g_assert (walk->sample->destination.family == expr->family);
  if (is_source && !walk->sample->has_source)
    return FALSE;
  if (divert_nft_expr_has_set (expr))
    return is_in_set (divert_nft_table_find_set (walk->table, expr->name), expr, address) ==
           (expr->kind == DIVERT_NFT_MATCH_SET);
  return divert_prefix_contains (&expr->prefix, address);
}

static gboolean
matches (const Walk          *walk,
         const DivertNftExpr *expr)
{
  guint32 value;

  if (expr->key == DIVERT_NFT_KEY_OUT_INDEX)
    return walk->out[0] != '\0' && matches_name (expr, walk->out);
  if (expr->key == DIVERT_NFT_KEY_IN_NAME || expr->key == DIVERT_NFT_KEY_OUT_NAME)
    return matches_name (expr, expr->key == DIVERT_NFT_KEY_IN_NAME ? walk->in : walk->out);
  if (expr->key == DIVERT_NFT_KEY_SOURCE || expr->key == DIVERT_NFT_KEY_DESTINATION)
    return matches_address (walk, expr);
  if (expr->key == DIVERT_NFT_KEY_CGROUP)
    return walk->sample->has_socket && walk->sample->cgroup == expr->cgroup;
  if (!load (walk, expr->key, &value))
    return FALSE;
  switch (expr->kind)
    {
    case DIVERT_NFT_MATCH_EQUAL:
      return (value & expr->mask) == expr->value;
    case DIVERT_NFT_MATCH_NOT_EQUAL:
      return (value & expr->mask) != expr->value;
    case DIVERT_NFT_MATCH_RANGE:
      return value >= expr->value && value <= expr->last;
    default:
      return value < 32 && (divert_nft_table_find_set (walk->table, expr->name)->bits & (1u << value)) != 0;
    }
}

static Outcome walk_chain (Walk *walk, guint chain);

/* @ret_goes_on: should the rule's next expression be looked at? */
static Outcome
carry_out (Walk                *walk,
           const DivertNftExpr *expr,
           gboolean            *ret_goes_on)
{
  DivertSample *sample = walk->sample;

  *ret_goes_on = FALSE;
  switch (expr->kind)
    {
    case DIVERT_NFT_SET_MARK:
      sample->mark = (sample->mark & ~expr->mask) | expr->value;
      *ret_goes_on = TRUE;
      return OUTCOME_NONE;
    case DIVERT_NFT_SET_CONNMARK:
      *ret_goes_on = sample->is_tracked;
      if (sample->is_tracked)
        sample->connmark = (sample->connmark & ~expr->mask) | expr->value;
      return OUTCOME_NONE;
    case DIVERT_NFT_HIDE:
    case DIVERT_NFT_UNHIDE:
    case DIVERT_NFT_COUNT:
      *ret_goes_on = TRUE;
      return OUTCOME_NONE;
    case DIVERT_NFT_TPROXY:
      *ret_goes_on = walk->is_listening;
      walk->way.port = expr->value;
      return OUTCOME_NONE;
    case DIVERT_NFT_REDIRECT:
      walk->way.port = expr->value;
      return OUTCOME_GIVEN;
    case DIVERT_NFT_ACCEPT:
      return OUTCOME_ACCEPTED;
    case DIVERT_NFT_RETURN:
      return OUTCOME_RETURNED;
    case DIVERT_NFT_JUMP:
    case DIVERT_NFT_GOTO:
      walk->way.refused |= expr->chain == DIVERT_NFT_CHAIN_REFUSE;
      return walk_chain (walk, expr->chain);
    case DIVERT_NFT_RESET:
    case DIVERT_NFT_UNREACHABLE:
    case DIVERT_NFT_DROP:
    default:
      return OUTCOME_DROPPED;
    }
}

static Outcome
walk_rule (Walk                *walk,
           const DivertNftRule *rule)
{
  gboolean goes_on = TRUE;
  Outcome outcome = OUTCOME_NONE;

  for (guint i = 0; goes_on && i < rule->exprs->len; i++)
    {
      const DivertNftExpr *expr = divert_nft_rule_index (rule, i);

      if (divert_nft_expr_is_match (expr))
        goes_on = matches (walk, expr);
      else
        outcome = carry_out (walk, expr, &goes_on);
    }
  return outcome;
}

static Outcome
walk_chain (Walk  *walk,
            guint  chain)
{
  const GPtrArray *rules = walk->table->rules[chain];

  for (guint i = 0; rules != NULL && i < rules->len; i++)
    {
      const DivertNftRule *rule = g_ptr_array_index (rules, i);
      const DivertNftExpr *last = divert_nft_rule_index (rule, rule->exprs->len - 1);
      const guint steps = ++walk->way.steps;
      Outcome outcome = walk_rule (walk, rule);

      if (outcome == OUTCOME_RETURNED)
        return OUTCOME_NONE;
      /* If a goto was taken, further rules were looked at, because its chains are never empty. */
      if (outcome != OUTCOME_NONE || (last->kind == DIVERT_NFT_GOTO && walk->way.steps > steps))
        return outcome;
    }
  return OUTCOME_NONE;
}

/* Nobody listens on that port, so this refuses. */
static DivertPath
find_redirected_path (const Walk *walk)
{
  return walk->way.port == DIVERT_PORT_CLOSED ? DIVERT_PATH_BLOCK : DIVERT_PATH_DNS;
}

NftablesWay
nftables_walk (const DivertNftTable *table,
               const DivertRouting  *routing,
               DivertSample         *sample,
               gboolean              is_listening)
{
  Walk walk = { .table = table, .sample = sample, .in = "", .is_listening = is_listening };

  walk.out = (sample->destination_type & DIVERT_ADDRTYPE_LOCAL) != 0 ? "lo" : sample->interface;
  if (walk_chain (&walk, DIVERT_HOOK_OUTPUT) == OUTCOME_DROPPED)
    walk.way.path = DIVERT_PATH_BLOCK;
  else if (sample->is_first && walk_chain (&walk, DIVERT_HOOK_DNS) == OUTCOME_GIVEN)
    walk.way.path = find_redirected_path (&walk);
  else if ((sample->mark & routing->mask) == routing->mark && !sample->is_bound)
    {
      walk.in = "lo";
      walk.out = "";
      walk.way.port = 0;
      walk.way.path = walk_chain (&walk, DIVERT_HOOK_DELIVER) == OUTCOME_ACCEPTED && walk.way.port != 0
                        ? DIVERT_PATH_DIVERT
                        : DIVERT_PATH_BLOCK;
    }
  else
    walk.way.path = walk_chain (&walk, DIVERT_HOOK_GUARD) == OUTCOME_DROPPED ? DIVERT_PATH_BLOCK : DIVERT_PATH_DIRECT;
  if (walk.way.path != DIVERT_PATH_DNS && walk.way.path != DIVERT_PATH_DIVERT)
    walk.way.port = 0;
  return walk.way;
}

void
nftables_walk_arriving (const DivertNftTable *table,
                        DivertSample         *sample)
{
  Walk walk = { .table = table, .sample = sample, .in = sample->interface, .out = "" };

  walk_chain (&walk, DIVERT_HOOK_ARRIVE);
}

NftablesWay
nftables_walk_forwarded (const DivertNftTable *table,
                         DivertSample         *sample)
{
  Walk walk = { .table = table, .sample = sample, .in = sample->interface, .out = "", .is_listening = TRUE };
  Outcome outcome;

  if (sample->is_first && walk_chain (&walk, DIVERT_HOOK_LAN_DNS) == OUTCOME_GIVEN)
    {
      walk.way.path = find_redirected_path (&walk);
      walk.way.port = walk.way.path == DIVERT_PATH_DNS ? walk.way.port : 0;
      return walk.way;
    }
  walk.way.port = 0;
  outcome = walk_chain (&walk, DIVERT_HOOK_DELIVER);
  if (outcome == OUTCOME_DROPPED)
    walk.way.path = DIVERT_PATH_BLOCK;
  else
    walk.way.path = walk.way.port != 0 ? DIVERT_PATH_DIVERT : DIVERT_PATH_DIRECT;
  return walk.way;
}
