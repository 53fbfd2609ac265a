/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what each rule compares: the cheapest first, and what tells most packets apart.
 */
#include "nftables-expand-private.h"

#include "nftables-text.h"

#include <netinet/in.h>

#define LO_INDEX 1

guint
divert_nft_family_number (DivertFamily family)
{
  static const guint numbers[DIVERT_N_FAMILIES] = { [DIVERT_FAMILY_IPV4] = 2, [DIVERT_FAMILY_IPV6] = 10 };

  return numbers[family];
}

void
divert_nft_emit_family (DivertNftRule *rule,
                        DivertFamily   family)
{
  const gboolean is_frame = rule->chain < DIVERT_N_CHAINS && divert_chain_is_wire (rule->chain);

  divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_EQUAL,
                             is_frame ? DIVERT_NFT_KEY_ETHER_TYPE : DIVERT_NFT_KEY_FAMILY,
                             divert_nft_family_number (family));
}

void
divert_nft_emit_interface (DivertNftRule *rule,
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

void
divert_nft_emit_address (DivertNftRule      *rule,
                         DivertNftKey        key,
                         DivertFamily        family,
                         const DivertPrefix *prefix,
                         const char         *set,
                         guint               length,
                         gboolean            invert)
{
  DivertNftExpr *expr;

  if (prefix != NULL && prefix->length > 0)
    {
      expr = divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_EQUAL, key, 0);
      expr->family = family;
      expr->prefix = divert_prefix_network (prefix);
    }
  if (set != NULL)
    {
      expr = divert_nft_rule_add_match (rule, invert ? DIVERT_NFT_MATCH_NOT_SET : DIVERT_NFT_MATCH_SET, key, 0);
      expr->family = family;
      expr->prefix.length = length != 0 ? length : divert_family_bits (family);
      g_strlcpy (expr->name, set, sizeof expr->name);
    }
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

static void
add_destination (DivertNftRule          *rule,
                 const DivertRule       *origin,
                 const DivertNftVariant *v)
{
  if (v->has_family)
    divert_nft_emit_family (rule, v->family);
  divert_nft_emit_address (rule, DIVERT_NFT_KEY_DESTINATION, v->family, v->destination, v->destination_set,
                           v->destination_length, origin->destinations_invert);
}

static void
add_cgroup (DivertNftRule    *rule,
            const DivertRule *origin)
{
  DivertNftExpr *expr;

  if (origin->cgroup == 0)
    return;
  expr = divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_EQUAL, DIVERT_NFT_KEY_CGROUP,
                                    divert_cgroup_path_level (origin->cgroup_path));
  expr->cgroup = origin->cgroup;
  expr->path = origin->cgroup_path;
}

/* A port tells more packets apart than "TCP or UDP", and costs a third (K7.1).  It does no harm to look at what other
 * protocols have in its place.  It tells more apart than the destination, too, if a rule has both.  A device
 * costs more than the mark, and its name more than addresses. */
void
divert_nft_emit_matches (DivertNftExpansion     *e,
                         DivertNftRule          *rule,
                         const DivertRule       *origin,
                         const DivertNftVariant *v)
{
  const gboolean port_first = origin->dport != 0 && origin->destinations != NULL && origin->sources == NULL;

  /* The destination tells more packets apart than the source. */
  if (!port_first)
    add_destination (rule, origin, v);
  divert_nft_emit_address (rule, DIVERT_NFT_KEY_SOURCE, v->family, v->source, v->source_set, v->source_length, FALSE);
  add_mark (rule, DIVERT_NFT_KEY_MARK, &origin->mark);
  divert_nft_emit_interface (rule, DIVERT_NFT_KEY_IN_INDEX, DIVERT_NFT_KEY_IN_NAME, origin->in_interface, 0,
                             origin->in_invert);
  divert_nft_emit_interface (rule, DIVERT_NFT_KEY_OUT_INDEX, DIVERT_NFT_KEY_OUT_NAME, origin->out_interface,
                             origin->out_index, origin->out_invert);
  if (origin->has_mac)
    divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_EQUAL, DIVERT_NFT_KEY_MAC, 0)->mac = origin->mac;
  add_mark (rule, DIVERT_NFT_KEY_CONNMARK, &origin->connmark);
  if (v->protocols == DIVERT_PROTOCOLS_TCP_UDP || divert_nft_leaves_queries (origin))
    {
      add_transport (rule, origin, v);
      add_protocols (e, rule, v);
    }
  else
    {
      add_protocols (e, rule, v);
      add_transport (rule, origin, v);
    }
  if (port_first)
    add_destination (rule, origin, v);
  if (origin->has_gid)
    divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_EQUAL, DIVERT_NFT_KEY_GID, origin->gid);
  add_cgroup (rule, origin);
  add_types (e, rule, DIVERT_NFT_KEY_SOURCE_TYPE, origin->src_types);
  add_types (e, rule, DIVERT_NFT_KEY_DESTINATION_TYPE, origin->dst_types);
  add_receiver (rule, origin->receiver);
}
