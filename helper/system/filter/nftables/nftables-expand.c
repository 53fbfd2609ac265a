/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: how a ruleset's rules look in nftables.
 *
 * Theory of operation.  One table holds both IP families, and most rules need not ask for one.
 * LEAVE is accept: it ends this table's work on the packet at this hook, however deeply chains are
 * nested, and other tables' chains still see the packet.  So GRANTS is a chain of its own, which
 * JUDGE jumps to, and emptying it withdraws the grant.  The guard has a chain for the same (nftables-granted.c).
 *
 * A jump costs as much as two comparisons (K7.1).  So a hook whose only rule is a jump has the rules of that
 * chain in its place.
 *
 * The prefixes of a short list are compared one by one, and those of a long one are looked up
 * (nftables-prefixes.c).  Nothing is looked up by several values at once, because that costs half
 * a microsecond per packet.  The matches of a rule are in the order of their cost.  A device is
 * compared by its index if that is known: a name costs three times as much.
 *
 * If the proxy does not listen, a packet continues after the TPROXY rule (K3.10).  It must go no further,
 * because it would be delivered to whatever service on this machine has the port.  So it goes to
 * the chain "refuse".  A TCP connection gets a reset, so that the program hears at once, and a
 * datagram the answer of a closed port.  The kernel does not route such an answer over IPv4, so
 * the datagram is changed before, and what the answer quotes of it after (nftables-hide.h).  What is known to be
 * closed, or somebody else would take, goes there before the TPROXY rule.
 *
 * This file uses only GLib, so that plan and the golden cases need no kernel.
 */
#include "nftables-expand-private.h"

static void
emit_ports (DivertNftExpansion *e,
            const DivertRule   *origin,
            DivertNftVariant    v)
{
  if (origin->dports == NULL)
    divert_nft_emit (e, origin, &v);
  for (guint i = 0; origin->dports != NULL && i < origin->dports->len; i++)
    {
      v.dports = divert_ports_index (origin->dports, i);
      divert_nft_emit (e, origin, &v);
    }
}

/* A rule that looks into the header after IP's, or gives the packet to a port, needs a single protocol;
 * tproxy and redirect do not accept a set for that. */
static gboolean
needs_one_protocol (const DivertRule *origin)
{
  return origin->verdict == DIVERT_VERDICT_TPROXY || origin->verdict == DIVERT_VERDICT_REDIRECT ||
         (origin->protocols & DIVERT_PROTOCOL_ICMP) != 0;
}

static void
emit_each_protocol (DivertNftExpansion *e,
                    const DivertRule   *origin,
                    DivertNftVariant    v)
{
  for (guint i = 0; i < DIVERT_N_PROTOCOLS; i++)
    {
      v.protocols = origin->protocols & (1u << i);
      if (v.protocols != 0)
        emit_ports (e, origin, v);
    }
}

/* Nearly all queries are datagrams. */
static void
emit_queries (DivertNftExpansion *e,
              const DivertRule   *origin,
              DivertNftVariant    v)
{
  v.protocols = DIVERT_PROTOCOL_UDP;
  emit_ports (e, origin, v);
  v.protocols = DIVERT_PROTOCOL_TCP;
  emit_ports (e, origin, v);
}

/* The kernel looks for the listener at each packet, and would feed whoever comes, also a proxy in another group, which
 * would get its own packets back.  So nothing new begins until we know who listens.  The connections that the proxy's
 * sockets still have go on. */
static void
emit_closed_port (DivertNftExpansion *e,
                  const DivertRule   *origin,
                  DivertNftVariant    v)
{
  DivertRule opening = *origin;

  v.protocols = origin->protocols & ~DIVERT_PROTOCOL_TCP;
  if (v.protocols != 0)
    divert_nft_emit_refusal (e, origin, &v);
  v.protocols = origin->protocols & DIVERT_PROTOCOL_TCP;
  if (v.protocols == 0)
    return;
  divert_rule_match_opening (&opening);
  divert_nft_emit_refusal (e, &opening, &v);
  emit_ports (e, origin, v);
  divert_nft_emit_refusal (e, origin, &v);
}

static void
emit_protocols (DivertNftExpansion *e,
                const DivertRule   *origin,
                DivertNftVariant    v)
{
  v.protocols = origin->protocols;
  if (origin->verdict == DIVERT_VERDICT_REFUSE && origin->port != 0)
    emit_closed_port (e, origin, v);
  else if (origin->verdict == DIVERT_VERDICT_REFUSE)
    divert_nft_emit_refusal (e, origin, &v);
  else if (needs_one_protocol (origin))
    emit_each_protocol (e, origin, v);
  else if (divert_nft_leaves_queries (origin))
    emit_queries (e, origin, v);
  else
    emit_ports (e, origin, v);
  /* What the proxy's sockets do not take. */
  if (origin->verdict == DIVERT_VERDICT_TPROXY)
    divert_nft_emit_refusal (e, origin, &v);
}

/* What the set is for, judging by where it is looked up. */
static const char *
name_destinations (const DivertRule *origin)
{
  if (origin->destinations_invert)
    return "dns-except";
  if (origin->verdict == DIVERT_VERDICT_GOTO)
    return "intranets";
  return origin->chain == DIVERT_CHAIN_GRANTS || origin->chain == DIVERT_CHAIN_NAMES_INTRANET ||
                 origin->chain == DIVERT_CHAIN_EXITS ||
                 origin->chain == DIVERT_CHAIN_INTRANET || origin->chain == DIVERT_CHAIN_FENCED ||
                 origin->chain == DIVERT_CHAIN_DELIVER_INTRANET || origin->chain == DIVERT_CHAIN_LAN ||
                 origin->chain == DIVERT_CHAIN_WIRE_GRANTS
             ? "site" : "bypass";
}

/* What is in the cover at @i. */
static void
emit_covered (DivertNftExpansion  *e,
              const DivertRule    *origin,
              DivertNftVariant     v,
              const DivertNftSets *sets,
              guint                i)
{
  v.destination = &sets->covers.prefixes[i];
  if (sets->covers.is_member[i])
    {
      emit_protocols (e, origin, v);
      return;
    }
  for (guint j = 0; j < sets->n; j++)
    {
      v.destination_set = sets->names[j];
      v.destination_length = sets->lengths[j];
      emit_protocols (e, origin, v);
    }
}

static void
emit_destinations (DivertNftExpansion *e,
                   const DivertRule   *origin,
                   DivertNftVariant    v)
{
  const GArray *list = origin->destinations;
  DivertNftSets sets;

  /* There is no prefix that the addresses of the family could be in. */
  if (list == NULL || (origin->destinations_invert && !divert_nft_list_has (list, v.family)))
    {
      emit_protocols (e, origin, v);
      return;
    }
  sets = divert_nft_choose_sets (e, name_destinations (origin), v.family, list, origin->destinations_invert);
  if (sets.n > 0)
    {
      for (guint i = 0; i < sets.covers.n; i++)
        emit_covered (e, origin, v, &sets, i);
      return;
    }
  for (guint i = 0; i < list->len; i++)
    {
      v.destination = divert_prefixes_index (list, i);
      if (v.destination->family == v.family)
        emit_protocols (e, origin, v);
    }
}

static void
emit_sources (DivertNftExpansion *e,
              const DivertRule   *origin,
              DivertNftVariant    v)
{
  const GArray *list = origin->sources;
  DivertNftSets sets;

  if (list == NULL)
    {
      emit_destinations (e, origin, v);
      return;
    }
  sets = divert_nft_choose_sets (e, "own", v.family, list, FALSE);
  for (guint i = 0; i < sets.n; i++)
    {
      v.source_set = sets.names[i];
      v.source_length = sets.lengths[i];
      emit_destinations (e, origin, v);
    }
  if (sets.n > 0)
    return;
  for (guint i = 0; i < list->len; i++)
    {
      v.source = divert_prefixes_index (list, i);
      if (v.source->family == v.family)
        emit_destinations (e, origin, v);
    }
}

/* A hook sees both families, but after its jump there are only the families with rules. */
static gboolean
needs_family (const DivertNftExpansion *e,
              const DivertRule         *rule)
{
  return rule->families != (rule->chain < DIVERT_N_HOOKS ? DIVERT_FAMILIES_BOTH : e->families) ||
         rule->on_loopback || rule->sources != NULL || rule->destinations != NULL ||
         (rule->protocols & DIVERT_PROTOCOL_ICMP) != 0;
}

/* A jump to a chain that is in the hook's place.  What comes or goes by the device that the jump does not match goes on
 * at once. */
static void
expand_entrance (DivertNftExpansion *e,
                 const DivertRule   *jump)
{
  const DivertNftVariant v = { 0 };
  DivertRule rest = *jump;

  divert_nft_emit_other_family (e, jump);
  if (jump->out_interface[0] == '\0' && jump->in_interface[0] == '\0')
    return;
  rest.verdict = DIVERT_VERDICT_LEAVE;
  rest.in_invert = rest.out_invert = FALSE;
  divert_nft_emit (e, &rest, &v);
}

void
divert_nft_expand_rule (DivertNftExpansion *e,
                        const DivertRule   *rule)
{
  DivertNftVariant v = { .has_family = needs_family (e, rule) };

  if (rule->chain < DIVERT_N_HOOKS && e->where[rule->to] == rule->chain)
    {
      expand_entrance (e, rule);
      return;
    }
  if (!v.has_family)
    {
      emit_sources (e, rule, v);
      return;
    }
  for (v.family = 0; v.family < DIVERT_N_FAMILIES; v.family++)
    if ((rule->families & (1 << v.family)) != 0)
      emit_sources (e, rule, v);
}

/* Do both say the same about packets from or to addresses of certain types, each for its own types in its
 * own family?  iptables needs more than one rule for that (K1.8).  Here one list of types is enough,
 * because no IPv6 address has one of IPv4's types. */
static gboolean
differs_in_types (const DivertRule *a,
                  const DivertRule *b)
{
  DivertRule other = *b;

  if ((a->dst_types | a->src_types) == 0 || (a->dst_types == 0) != (b->dst_types == 0) ||
      (a->src_types == 0) != (b->src_types == 0) || (a->dst_types != 0 && a->src_types != 0))
    return FALSE;
  other.families = a->families;
  other.dst_types = a->dst_types;
  other.src_types = a->src_types;
  return divert_rule_equal (a, &other, DIVERT_FAMILY_IPV4) && divert_rule_equal (a, &other, DIVERT_FAMILY_IPV6);
}

/* Handles the rule at @i and those after it that go together with it; returns how many they are. */
static guint
expand_at (DivertNftExpansion  *e,
           const DivertRuleset *ruleset,
           guint                i)
{
  DivertRule *rule = g_ptr_array_index (ruleset->rules, i);
  const DivertRule *way = divert_nft_find_way (ruleset, i);
  DivertRule merged = *rule;
  guint n = 1;

  if (way != NULL)
    {
      divert_nft_expand_way (e, ruleset, way);
      return 2;
    }
  for (; i + n < ruleset->rules->len; n++)
    {
      const DivertRule *next = g_ptr_array_index (ruleset->rules, i + n);

      if (!differs_in_types (&merged, next))
        break;
      merged.families |= next->families;
      merged.dst_types |= next->dst_types;
      merged.src_types |= next->src_types;
    }
  divert_nft_compare_once (e, &merged);
  if (divert_rule_refuses_by_redirection (rule))
    merged.verdict = DIVERT_VERDICT_REDIRECT;
  e->first = rule;
  e->last = g_ptr_array_index (ruleset->rules, i + n - 1);
  divert_nft_expand_rule (e, &merged);
  return n;
}

/* Does it match everything, or everything but a device? */
static gboolean
is_entrance (const DivertRule *rule)
{
  const gboolean has_device = rule->in_interface[0] != '\0' || rule->out_interface[0] != '\0';

  return rule->chain < DIVERT_N_HOOKS && rule->verdict == DIVERT_VERDICT_JUMP && !rule->mark.has &&
         (!has_device || rule->in_invert || rule->out_invert);
}

static void
look_around (DivertNftExpansion  *e,
             const DivertRuleset *ruleset)
{
  const gboolean is_wire = e->table->family == DIVERT_NFT_NETDEV;

  for (guint chain = 0; chain < DIVERT_N_CHAINS; chain++)
    e->where[chain] = e->entrance[chain] = chain;
  for (guint i = 0; i < ruleset->rules->len; i++)
    {
      const DivertRule *rule = g_ptr_array_index (ruleset->rules, i);

      if (divert_chain_is_wire (rule->chain) != is_wire)
        continue;
      e->families |= rule->families;
      e->forwards |= rule->chain == DIVERT_CHAIN_TAKE || rule->chain == DIVERT_HOOK_AGAIN;
      if (rule->chain == DIVERT_CHAIN_GUARD && rule->to == DIVERT_CHAIN_GUARD_INTRANET)
        e->intranets = rule->destinations;
      if (is_entrance (rule))
        e->where[rule->to] = rule->chain;
    }
}

static void
expand (DivertNftExpansion  *e,
        const DivertRuleset *ruleset)
{
  const gboolean is_wire = e->table->family == DIVERT_NFT_NETDEV;

  look_around (e, ruleset);
  for (guint i = 0; i < ruleset->rules->len;)
    {
      const DivertRule *rule = g_ptr_array_index (ruleset->rules, i);

      i += divert_chain_is_wire (rule->chain) == is_wire ? expand_at (e, ruleset, i) : 1;
    }
  e->first = e->last = NULL;
}

DivertNftTable *
divert_nft_table_new_from_ruleset (const char          *name,
                                   const DivertRuleset *ruleset)
{
  g_autoptr(GArray) named = g_array_new (FALSE, FALSE, sizeof (DivertNftNamed));
  DivertNftExpansion e = { .table = divert_nft_table_new (name), .named = named };

  expand (&e, ruleset);
  if (e.table->rules[DIVERT_NFT_CHAIN_REFUSE] != NULL)
    divert_nft_emit_refuse (&e);
  if (e.table->rules[DIVERT_NFT_CHAIN_STAYING] != NULL)
    divert_nft_emit_staying (&e);
  divert_nft_emit_returns (e.table);
  return e.table;
}

DivertNftTable *
divert_nft_table_new_wire (const DivertRuleset *ruleset)
{
  g_autoptr(GArray) named = g_array_new (FALSE, FALSE, sizeof (DivertNftNamed));
  DivertNftTable *table = divert_nft_table_new (DIVERT_NFT_TABLE);
  DivertNftExpansion e = { .table = table, .named = named };

  table->family = DIVERT_NFT_NETDEV;
  for (guint i = 0; i < ruleset->rules->len; i++)
    {
      const DivertRule *rule = g_ptr_array_index (ruleset->rules, i);

      if (rule->chain != DIVERT_HOOK_WIRE ||
          g_ptr_array_find_with_equal_func (table->devices, rule->out_interface, g_str_equal, NULL))
        continue;
      g_ptr_array_add (table->devices, g_strdup (rule->out_interface));
      g_array_append_val (table->device_indexes, rule->out_index);
    }
  expand (&e, ruleset);
  return table;
}
