/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: how a ruleset's rules look in x_tables.
 *
 * Theory of operation.  A rule in x_tables has one protocol, one source and one destination prefix,
 * and is in a table of one family; so each of our rules becomes one per combination.  LEAVE becomes
 * RETURN.  A hook enters our chains with a jump, and our chains enter each other with goto.  So
 * RETURN ends our work, and other people's rules after ours still see the packet.  In a chain that
 * one of our chains jumps to, RETURN would only lead back there.  PASS is such a chain, but it
 * needs no LEAVE, because it only sets marks.  GRANTS and FENCED have no chain of their own; their
 * rules are written in place of the jump.
 *
 * x_tables tries rules one after the other.  A few grants at the very beginning cost next to
 * nothing, but more than GRANTS_FIRST_MAX would cost every packet of the machine.  Beyond that
 * limit they move to the head of INTRANET and of GUARD_INTRANET, where only packets to an intranet
 * come by; that includes every packet with a grant.  The rules in between make no difference to
 * such a packet: some leave it alone as well, and one is the goto.  The remaining one sends on what
 * was diverted before, but those connections are forgotten when a site is reached (run/flows.c).
 * Long lists in a goto are spread (iptables-dispatch.c).
 *
 * This file uses only GLib, so that plan and the golden cases need no kernel.
 */
#include "iptables-expand.h"

#include "iptables-chains.h"
#include "iptables-dispatch.h"

#define GRANTS_FIRST_MAX 12

/* Everything that does not depend on protocol and prefixes. */
static DivertXtRule
translate (const DivertRule *rule,
           DivertFamily      family)
{
  static const DivertXtTarget targets[] = {
    [DIVERT_VERDICT_LEAVE] = DIVERT_XT_RETURN,     [DIVERT_VERDICT_DROP] = DIVERT_XT_DROP,
    [DIVERT_VERDICT_JUMP] = DIVERT_XT_JUMP,        [DIVERT_VERDICT_GOTO] = DIVERT_XT_GOTO,
    [DIVERT_VERDICT_MARK] = DIVERT_XT_MARK,        [DIVERT_VERDICT_MARK_LEAVE] = DIVERT_XT_MARK,
    [DIVERT_VERDICT_CONNMARK] = DIVERT_XT_CONNMARK, [DIVERT_VERDICT_TPROXY] = DIVERT_XT_TPROXY,
    [DIVERT_VERDICT_REDIRECT] = DIVERT_XT_REDIRECT,
  };
  DivertXtRule xt = {
    .table = divert_xt_chain_table (rule->chain),
    .in_invert = rule->in_invert,
    .out_invert = rule->out_invert,
    .sport = rule->sport,
    .dport = rule->dport,
    .has_tcp_flags = rule->has_tcp_flags,
    .tcp_flags_invert = rule->tcp_flags_invert,
    .tcp_flags_mask = rule->tcp_flags_mask,
    .tcp_flags_value = rule->tcp_flags_value,
    .icmpv6_type = rule->icmpv6_type,
    .mark = rule->mark,
    .connmark = rule->connmark,
    .has_gid = rule->has_gid,
    .gid = rule->gid,
    .dst_types = rule->dst_types,
    .src_types = rule->src_types,
    .receiver = rule->receiver,
    .target = targets[rule->verdict],
    .value = rule->value,
    .mask = rule->mask,
    .port = rule->port,
    .origin = rule,
  };

  /* See the theory: there RETURN would not mean LEAVE.  PASS has no LEAVE. */
  g_assert (rule->verdict != DIVERT_VERDICT_JUMP || rule->chain < DIVERT_N_HOOKS || rule->to == DIVERT_CHAIN_PASS);
  g_assert (rule->verdict != DIVERT_VERDICT_LEAVE || rule->chain != DIVERT_CHAIN_PASS);
  g_strlcpy (xt.in_interface, rule->in_interface, sizeof xt.in_interface);
  g_strlcpy (xt.out_interface, rule->out_interface, sizeof xt.out_interface);
  if (rule->verdict == DIVERT_VERDICT_JUMP || rule->verdict == DIVERT_VERDICT_GOTO)
    g_strlcpy (xt.to, divert_xt_chain_name (rule->to), sizeof xt.to);
  return xt;
}

static void
add_ports (DivertXtExpansion *expansion,
           const DivertRule  *rule,
           DivertFamily       family,
           const char        *name,
           DivertXtRule      *xt)
{
  if (rule->dports == NULL)
    divert_xt_expansion_add (expansion, family, name, xt);
  for (guint i = 0; rule->dports != NULL && i < rule->dports->len; i++)
    {
      const DivertPorts *range = divert_ports_index (rule->dports, i);

      xt->dport = range->first;
      xt->dport_last = range->last != range->first ? range->last : 0;
      divert_xt_expansion_add (expansion, family, name, xt);
    }
}

static void
add_protocols (DivertXtExpansion *expansion,
               const DivertRule  *rule,
               DivertFamily       family,
               const char        *name,
               DivertXtRule      *xt)
{
  if (rule->protocols == 0)
    divert_xt_expansion_add (expansion, family, name, xt);
  for (guint i = 0; i < DIVERT_N_PROTOCOLS; i++)
    if ((rule->protocols & (1u << i)) != 0)
      {
        xt->protocol = divert_protocol_number (1 << i, family);
        add_ports (expansion, rule, family, name, xt);
      }
}

static void
add_destinations (DivertXtExpansion *expansion,
                  const DivertRule  *rule,
                  DivertFamily       family,
                  const char        *name,
                  DivertXtRule      *xt)
{
  xt->has_destination = rule->destinations != NULL;
  if (!xt->has_destination)
    add_protocols (expansion, rule, family, name, xt);
  for (guint i = 0; xt->has_destination && i < rule->destinations->len; i++)
    {
      xt->destination = *divert_prefixes_index (rule->destinations, i);
      if (xt->destination.family == family)
        add_protocols (expansion, rule, family, name, xt);
    }
}

static void
add_translated (DivertXtExpansion *expansion,
                const DivertRule  *rule,
                const char        *name,
                gboolean           leaves)
{
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      DivertXtRule xt = translate (rule, family);

      if ((rule->families & (1 << family)) == 0)
        continue;
      if (leaves)
        {
          xt.target = DIVERT_XT_RETURN;
          xt.value = xt.mask = 0;
        }
      xt.has_source = rule->sources != NULL;
      if (!xt.has_source)
        add_destinations (expansion, rule, family, name, &xt);
      for (guint i = 0; xt.has_source && i < rule->sources->len; i++)
        {
          xt.source = *divert_prefixes_index (rule->sources, i);
          if (xt.source.family == family)
            add_destinations (expansion, rule, family, name, &xt);
        }
    }
}

/* Adds @rule to the chain @name, for each of its families. */
static void
add_rule (DivertXtExpansion *expansion,
          const DivertRule  *rule,
          const char        *name)
{
  add_translated (expansion, rule, name, FALSE);
  if (rule->verdict == DIVERT_VERDICT_MARK_LEAVE)
    add_translated (expansion, rule, name, TRUE);
}

static guint
count_prefixes (const GArray *prefixes)
{
  return prefixes != NULL ? prefixes->len : 1;
}

/* How many combinations of source and destination the rules of @chain have, including those of different families. */
static guint
count_pairs (const DivertRuleset *ruleset,
             DivertChain          chain)
{
  guint n = 0;

  for (guint i = 0; i < ruleset->rules->len; i++)
    {
      const DivertRule *rule = g_ptr_array_index (ruleset->rules, i);

      if (rule->chain == chain)
        n += count_prefixes (rule->sources) * count_prefixes (rule->destinations);
    }
  return n;
}

/* The chain in which the rules of @jump's goal are written. */
static const char *
find_place (const DivertXtExpansion *expansion,
            const DivertRuleset     *ruleset,
            const DivertRule        *jump)
{
  if (jump->to == DIVERT_CHAIN_FENCED || count_pairs (ruleset, jump->to) <= GRANTS_FIRST_MAX)
    return expansion->where[jump->chain];
  return expansion->where[jump->chain == DIVERT_CHAIN_JUDGE ? DIVERT_CHAIN_INTRANET : DIVERT_CHAIN_GUARD_INTRANET];
}

/* Writes the rules of @jump's goal in its place. */
static void
write_in_place (DivertXtExpansion   *expansion,
                const DivertRuleset *ruleset,
                const DivertRule    *jump)
{
  const char *name = find_place (expansion, ruleset, jump);

  for (guint i = 0; i < ruleset->rules->len; i++)
    {
      const DivertRule *rule = g_ptr_array_index (ruleset->rules, i);

      if (rule->chain == jump->to)
        add_rule (expansion, rule, name);
    }
}

static void
expand (DivertXtExpansion   *expansion,
        const DivertRuleset *ruleset)
{
  for (guint i = 0; i < ruleset->rules->len; i++)
    expansion->families |= ((const DivertRule *) g_ptr_array_index (ruleset->rules, i))->families;

  for (guint i = 0; i < ruleset->rules->len; i++)
    {
      const DivertRule *rule = g_ptr_array_index (ruleset->rules, i);

      if (divert_chain_is_granting (rule->chain))
        continue;
      if (rule->verdict == DIVERT_VERDICT_JUMP && divert_chain_is_granting (rule->to))
        write_in_place (expansion, ruleset, rule);
      else if (divert_xt_needs_dispatch (rule))
        divert_xt_dispatch (expansion, rule);
      else
        add_rule (expansion, rule, expansion->where[rule->chain]);
    }
}

DivertXtRuleset *
divert_xt_ruleset_new (const DivertRuleset *ruleset)
{
  DivertXtExpansion expansion;

  divert_xt_expansion_begin (&expansion);
  expand (&expansion, ruleset);
  return divert_xt_expansion_end (&expansion);
}

/* Keeps the tag at the head of the chain. */
static void
pass_tag_on (GArray *rules,
             guint   i)
{
  const DivertXtRule *rule = divert_xt_rules_index (rules, i);

  for (guint j = i + 1; rule->tagged && j < rules->len; j++)
    {
      DivertXtRule *next = divert_xt_rules_index (rules, j);

      if (next->table != rule->table || !g_str_equal (next->chain, rule->chain))
        continue;
      next->tagged = TRUE;
      return;
    }
}

gboolean
divert_xt_rules_withdraw (GArray *rules)
{
  const guint before = rules->len;

  for (guint i = rules->len; i > 0; i--)
    if (divert_xt_is_grant (divert_xt_rules_index (rules, i - 1)))
      {
        pass_tag_on (rules, i - 1);
        g_array_remove_index (rules, i - 1);
      }
  return rules->len != before;
}
