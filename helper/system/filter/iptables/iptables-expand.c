/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: how a ruleset's rules look in x_tables.
 *
 * Theory of operation.  A rule in x_tables has one protocol, one source and one destination prefix,
 * and is in a table of one family; so each of our rules becomes one per combination.  LEAVE becomes
 * RETURN.  A hook enters our chains with a jump, and our chains enter each other with goto.  So
 * RETURN ends our work, and other people's rules after ours still see the packet.  In a chain that
 * one of our chains jumps to, RETURN would only lead back there.  PASS is such a chain, but it
 * needs no LEAVE, because it only sets marks.  The granting chains have no chain of their own; their
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
 * TPROXY drops what has no socket, in silence (K3.5), and "mangle" refuses nothing.  So what is known
 * to have no listener is refused in the table "filter", on its way out: a reset for a connection that
 * opens, and for a datagram an error of send().  Whatever belongs to a connection still goes to
 * TPROXY, which finds the proxy's socket.  What somebody else would take does not, and DELIVER drops
 * it as well.  The chains there mirror those that deliver, and there are none while nothing is refused.
 *
 * The hook AGAIN is left out, because no table has one that early.
 *
 * This file uses only GLib, so that plan and the golden cases need no kernel.
 */
#include "iptables-expand.h"

#include "iptables-chains.h"
#include "iptables-dispatch.h"

#define GRANTS_FIRST_MAX 12

/* What a REFUSE is outside of "filter". */
static DivertXtTarget
find_refusal (const DivertXtExpansion *expansion,
              const DivertRule        *rule)
{
  if (expansion->refusing != NULL)
    return DIVERT_XT_REJECT;
  if (divert_rule_refuses_by_redirection (rule))
    return DIVERT_XT_REDIRECT;
  return rule->port != 0 ? DIVERT_XT_TPROXY : DIVERT_XT_DROP;
}

/* Everything that does not depend on protocol and prefixes. */
static DivertXtRule
translate (const DivertXtExpansion *expansion,
           const DivertRule        *rule)
{
  static const DivertXtTarget targets[] = {
    [DIVERT_VERDICT_LEAVE] = DIVERT_XT_RETURN,     [DIVERT_VERDICT_DROP] = DIVERT_XT_DROP,
    [DIVERT_VERDICT_JUMP] = DIVERT_XT_JUMP,        [DIVERT_VERDICT_GOTO] = DIVERT_XT_GOTO,
    [DIVERT_VERDICT_MARK] = DIVERT_XT_MARK,        [DIVERT_VERDICT_MARK_LEAVE] = DIVERT_XT_MARK,
    [DIVERT_VERDICT_CONNMARK] = DIVERT_XT_CONNMARK, [DIVERT_VERDICT_TPROXY] = DIVERT_XT_TPROXY,
    [DIVERT_VERDICT_REDIRECT] = DIVERT_XT_REDIRECT,
    [DIVERT_VERDICT_REFUSE] = DIVERT_XT_REJECT,
  };
  const gboolean refusing = expansion->refusing != NULL;
  DivertXtRule xt = {
    .table = refusing ? DIVERT_XT_FILTER : divert_xt_chain_table (rule->chain),
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
    .cgroup = rule->cgroup,
    .cgroup_path = rule->cgroup_path,
    .dst_types = rule->dst_types,
    .src_types = rule->src_types,
    .receiver = rule->receiver,
    .target = rule->verdict == DIVERT_VERDICT_REFUSE ? find_refusal (expansion, rule) : targets[rule->verdict],
    .value = rule->value,
    .mask = rule->mask,
    .port = rule->port,
    .on_loopback = rule->on_loopback,
    .origin = refusing ? expansion->refusing : rule,
  };

  /* See the theory: there RETURN would not mean LEAVE.  PASS has no LEAVE. */
  g_assert (rule->verdict != DIVERT_VERDICT_JUMP || rule->chain < DIVERT_N_HOOKS || rule->to == DIVERT_CHAIN_PASS);
  g_assert (rule->verdict != DIVERT_VERDICT_LEAVE || rule->chain != DIVERT_CHAIN_PASS);
  g_strlcpy (xt.in_interface, rule->in_interface, sizeof xt.in_interface);
  g_strlcpy (xt.out_interface, rule->out_interface, sizeof xt.out_interface);
  if (rule->verdict == DIVERT_VERDICT_JUMP || rule->verdict == DIVERT_VERDICT_GOTO)
    g_strlcpy (xt.to, refusing ? divert_xt_chain_refusing (rule->to) : divert_xt_chain_name (rule->to), sizeof xt.to);
  return xt;
}

static void
add_ports (DivertXtExpansion *expansion,
           const DivertRule  *rule,
           const char        *name,
           DivertXtRule      *xt)
{
  if (rule->dports == NULL)
    divert_xt_expansion_add (expansion, name, xt);
  for (guint i = 0; rule->dports != NULL && i < rule->dports->len; i++)
    {
      const DivertPorts *range = divert_ports_index (rule->dports, i);

      xt->dport = range->first;
      xt->dport_last = range->last != range->first ? range->last : 0;
      divert_xt_expansion_add (expansion, name, xt);
    }
}

static void
add_protocols (DivertXtExpansion *expansion,
               const DivertRule  *rule,
               const char        *name,
               DivertXtRule      *xt)
{
  if (rule->protocols == 0)
    divert_xt_expansion_add (expansion, name, xt);
  for (guint i = 0; i < DIVERT_N_PROTOCOLS; i++)
    if ((rule->protocols & (1u << i)) != 0)
      {
        xt->protocol = divert_protocol_number (1 << i, expansion->family);
        add_ports (expansion, rule, name, xt);
      }
}

static void
add_destinations (DivertXtExpansion *expansion,
                  const DivertRule  *rule,
                  const char        *name,
                  DivertXtRule      *xt)
{
  xt->has_destination = rule->destinations != NULL && !rule->destinations_invert;
  if (!xt->has_destination)
    add_protocols (expansion, rule, name, xt);
  for (guint i = 0; xt->has_destination && i < rule->destinations->len; i++)
    {
      xt->destination = *divert_prefixes_index (rule->destinations, i);
      if (xt->destination.family == expansion->family)
        add_protocols (expansion, rule, name, xt);
    }
}

/* @to: goes there if it matches; NULL: its own verdict. */
static void
add_translated (DivertXtExpansion *expansion,
                const DivertRule  *rule,
                const char        *name,
                gboolean           leaves,
                const char        *to)
{
  DivertXtRule xt = translate (expansion, rule);

  if (leaves || to != NULL)
    {
      xt.target = to != NULL ? DIVERT_XT_GOTO : DIVERT_XT_RETURN;
      xt.value = xt.mask = xt.port = 0;
      g_strlcpy (xt.to, to != NULL ? to : "", sizeof xt.to);
    }
  if (to != NULL)
    xt.origin = NULL;
  xt.has_source = rule->sources != NULL;
  if (!xt.has_source)
    add_destinations (expansion, rule, name, &xt);
  for (guint i = 0; xt.has_source && i < rule->sources->len; i++)
    {
      xt.source = *divert_prefixes_index (rule->sources, i);
      if (xt.source.family == expansion->family)
        add_destinations (expansion, rule, name, &xt);
    }
}

/* Adds @rule to the chain @name. */
static void
add_rule (DivertXtExpansion *expansion,
          const DivertRule  *rule,
          const char        *name)
{
  add_translated (expansion, rule, name, FALSE, NULL);
  if (rule->verdict == DIVERT_VERDICT_MARK_LEAVE)
    add_translated (expansion, rule, name, TRUE, NULL);
}

/* A rule that has a verdict for all that it matches, except for some destinations. */
static void
add_except (DivertXtExpansion *expansion,
            const DivertRule  *rule)
{
  g_autofree char *except = divert_xt_expansion_name_part (expansion, rule->chain, DIVERT_XT_EXCEPT);
  g_autofree char *otherwise = divert_xt_expansion_name_part (expansion, rule->chain, DIVERT_XT_ELSE);

  add_translated (expansion, rule, expansion->where[rule->chain], FALSE, except);
  add_rule (expansion, rule, otherwise);
  divert_xt_dispatch_except (expansion, rule, except, otherwise);
}

static guint
count_prefixes (const GArray *prefixes)
{
  return prefixes != NULL ? prefixes->len : 1;
}

/* How many combinations of source and destination the rules of @chain have, including those of different families.
 * 0: they don't compare the destination, so they are not for the intranets alone. */
static guint
count_pairs (const DivertRuleset *ruleset,
             DivertChain          chain)
{
  guint n = 0;

  for (guint i = 0; i < ruleset->rules->len; i++)
    {
      const DivertRule *rule = g_ptr_array_index (ruleset->rules, i);

      if (rule->chain == chain && rule->destinations == NULL)
        return 0;
      if (rule->chain == chain)
        n += count_prefixes (rule->sources) * rule->destinations->len;
    }
  return n;
}

/* The chain in which the rules of @jump's goal are written. */
static const char *
find_place (const DivertXtExpansion *expansion,
            const DivertRuleset     *ruleset,
            const DivertRule        *jump)
{
  if ((jump->to != DIVERT_CHAIN_GRANTS && jump->to != DIVERT_CHAIN_NAMES_INTRANET) ||
      count_pairs (ruleset, jump->to) <= GRANTS_FIRST_MAX)
    return expansion->where[jump->chain];
  return expansion->where[jump->chain == DIVERT_CHAIN_JUDGE ? DIVERT_CHAIN_INTRANET : DIVERT_CHAIN_GUARD_INTRANET];
}

static gboolean
concerns (const DivertXtExpansion *expansion,
          const DivertRule        *rule)
{
  return (rule->families & (1 << expansion->family)) != 0;
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

      if (rule->chain == jump->to && concerns (expansion, rule))
        add_rule (expansion, rule, name);
    }
}

static void
expand (DivertXtExpansion   *expansion,
        const DivertRuleset *ruleset)
{
  for (guint i = 0; i < ruleset->rules->len; i++)
    {
      const DivertRule *rule = g_ptr_array_index (ruleset->rules, i);

      if (!concerns (expansion, rule) || divert_chain_is_granting (rule->chain) || rule->chain == DIVERT_HOOK_AGAIN ||
          divert_chain_is_wire (rule->chain))
        continue;
      if (rule->verdict == DIVERT_VERDICT_JUMP && divert_chain_is_granting (rule->to))
        write_in_place (expansion, ruleset, rule);
      else if (rule->destinations_invert)
        add_except (expansion, rule);
      else if (divert_xt_needs_dispatch (expansion, rule))
        divert_xt_dispatch (expansion, rule);
      else
        add_rule (expansion, rule, expansion->where[rule->chain]);
    }
}

/* Adds @rule's counterpart to the table "filter". */
static void
refuse (DivertXtExpansion *expansion,
        const DivertRule  *rule)
{
  const char *name = divert_xt_chain_refusing (rule->chain);
  DivertRule variant = *rule;

  expansion->refusing = rule;
  /* There it is on its way out. */
  variant.in_interface[0] = '\0';
  variant.on_loopback = FALSE;
  if (rule->verdict == DIVERT_VERDICT_TPROXY || rule->verdict == DIVERT_VERDICT_DROP)
    variant.verdict = DIVERT_VERDICT_LEAVE;
  if (rule->verdict == DIVERT_VERDICT_REFUSE && rule->port != 0 && (rule->protocols & DIVERT_PROTOCOL_TCP) != 0)
    {
      divert_rule_match_opening (&variant);
      add_translated (expansion, &variant, name, FALSE, NULL);
      variant.has_tcp_flags = FALSE;
      variant.tcp_flags_mask = variant.tcp_flags_value = 0;
      variant.protocols = rule->protocols & ~DIVERT_PROTOCOL_TCP;
    }
  if (variant.protocols != 0 || rule->protocols == 0)
    add_translated (expansion, &variant, name, FALSE, NULL);
  expansion->refusing = NULL;
}

static gboolean
has_refusals (const DivertXtExpansion *expansion,
              const DivertRuleset     *ruleset)
{
  for (guint i = 0; i < ruleset->rules->len; i++)
    {
      const DivertRule *rule = g_ptr_array_index (ruleset->rules, i);

      if (rule->verdict == DIVERT_VERDICT_REFUSE && concerns (expansion, rule) &&
          !divert_rule_refuses_by_redirection (rule))
        return TRUE;
    }
  return FALSE;
}

static void
expand_refusals (DivertXtExpansion   *expansion,
                 const DivertRuleset *ruleset)
{
  const gboolean refuses = has_refusals (expansion, ruleset);

  for (guint i = 0; refuses && i < ruleset->rules->len; i++)
    {
      const DivertRule *rule = g_ptr_array_index (ruleset->rules, i);

      /* The last rule drops the rest, and there the end of the chain leaves it.  What is forwarded doesn't go out. */
      if (concerns (expansion, rule) && divert_xt_chain_refusing (rule->chain) != NULL && !rule->in_invert &&
          (rule->verdict != DIVERT_VERDICT_DROP || rule->sources != NULL || rule->destinations != NULL))
        refuse (expansion, rule);
    }
}

DivertXtRuleset *
divert_xt_ruleset_new (const DivertRuleset *ruleset)
{
  DivertXtRuleset *xt = g_new0 (DivertXtRuleset, 1);

  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      DivertXtExpansion expansion;

      divert_xt_expansion_begin (&expansion, family);
      expand (&expansion, ruleset);
      expand_refusals (&expansion, ruleset);
      xt->rules[family] = divert_xt_expansion_end (&expansion);
    }
  return xt;
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

void
divert_xt_rules_remove (GArray *rules,
                        guint   i)
{
  pass_tag_on (rules, i);
  g_array_remove_index (rules, i);
}

gboolean
divert_xt_rules_withdraw (GArray *rules)
{
  const guint before = rules->len;

  for (guint i = rules->len; i > 0; i--)
    if (divert_xt_is_grant (divert_xt_rules_index (rules, i - 1)))
      divert_xt_rules_remove (rules, i - 1);
  return rules->len != before;
}
