/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: sending packets to a chain by destination prefix, at a cost that does not grow with the
 * number of prefixes.
 *
 * Theory of operation.  x_tables tries rules one after the other, so a thousand prefixes in a row
 * cost a thousand comparisons per packet.  Up to DISPATCH_LINEAR prefixes are in the chain itself.
 * More than that are split into a few groups, with a prefix that covers the whole of each.  Each
 * group gets its own chain, in which the same is done again.  Every step is a goto.  A packet that
 * matches none of a group's prefixes continues in CHAIN_REST, which gets the rules that come after
 * the dispatch.  Most packets do, and are compared with each group: so there are no more of them
 * than it takes to tell most of these packets apart.
 *
 * A rule for any destination but some is CHAIN_ELSE.  The packets that it might match go to
 * CHAIN_EXCEPT, which sends those destinations to CHAIN_AFTER, where the later rules are, and what
 * is left to CHAIN_ELSE.
 *
 * A second rule of either kind in a chain gets parts of its own, with numbers (iptables-expansion.c).
 */
#include "iptables-dispatch.h"

#include "core/words/prefix-groups.h"

#define DISPATCH_LINEAR 12
#define DISPATCH_WAYS 4

typedef struct
{
  DivertXtExpansion *expansion;
  const DivertRule  *rule;
  const char        *to;       /* gets the packets that match */
  const char        *rest;     /* gets the others */
  const char        *letter;   /* in the names of the sub-chains */
} Dispatch;

/* @prefix: NULL for everything that is left. */
static void
add_goto (const Dispatch     *d,
          const char         *chain,
          const DivertPrefix *prefix,
          const char         *to)
{
  DivertXtRule rule = { .table = divert_xt_chain_table (d->rule->chain), .target = DIVERT_XT_GOTO };

  g_strlcpy (rule.to, to, sizeof rule.to);
  if (prefix != NULL)
    {
      rule.has_destination = TRUE;
      rule.destination = *prefix;
    }
  divert_xt_expansion_add (d->expansion, chain, &rule);
}

static void
dispatch_group (const Dispatch    *d,
                const char        *chain,
                const GArray      *prefixes,
                DivertPrefixGroup  group)
{
  DivertPrefixGroup groups[DISPATCH_WAYS];
  guint n_groups;

  if (group.count <= DISPATCH_LINEAR)
    {
      for (guint i = 0; i < group.count; i++)
        add_goto (d, chain, divert_prefixes_index (prefixes, group.first + i), d->to);
      return;
    }

  n_groups = divert_prefixes_divide (prefixes, group, 2, DISPATCH_WAYS, groups);
  for (guint i = 0; i < n_groups; i++)
    {
      const DivertPrefix covering = divert_prefixes_cover (prefixes, groups[i]);
      g_autofree char *sub = NULL;

      if (groups[i].count == 1)
        {
          add_goto (d, chain, &covering, d->to);
          continue;
        }
      sub = divert_xt_expansion_name_sub (d->expansion, d->rule->chain, d->letter);
      add_goto (d, chain, &covering, sub);
      dispatch_group (d, sub, prefixes, groups[i]);
      add_goto (d, sub, NULL, d->rest);
    }
}

gboolean
divert_xt_needs_dispatch (const DivertXtExpansion *expansion,
                          const DivertRule        *rule)
{
  /* The steps ask for nothing else. */
  const DivertRule plain = { .chain = rule->chain, .families = rule->families, .destinations = rule->destinations,
                             .verdict = DIVERT_VERDICT_GOTO, .to = rule->to };

  return rule->destinations != NULL &&
         divert_prefixes_group (rule->destinations, expansion->family).count > DISPATCH_LINEAR &&
         divert_rule_equal (rule, &plain, expansion->family);
}

/* What is left in the chain goes to @next, where the later rules of the chain @chain are. */
static void
go_on (const Dispatch *d,
       DivertChain     chain,
       char           *next)
{
  add_goto (d, d->expansion->where[chain], NULL, next);
  g_free (d->expansion->where[chain]);
  d->expansion->where[chain] = next;
}

void
divert_xt_dispatch (DivertXtExpansion *expansion,
                    const DivertRule  *rule)
{
  char *rest = divert_xt_expansion_name_part (expansion, rule->chain, DIVERT_XT_REST);
  const Dispatch d = { expansion, rule, divert_xt_chain_name (rule->to), rest, "" };

  dispatch_group (&d, expansion->where[rule->chain], rule->destinations,
                  divert_prefixes_group (rule->destinations, expansion->family));
  go_on (&d, rule->chain, rest);
}

void
divert_xt_dispatch_except (DivertXtExpansion *expansion,
                           const DivertRule  *rule,
                           const char        *except,
                           const char        *otherwise)
{
  char *after = divert_xt_expansion_name_part (expansion, rule->chain, DIVERT_XT_AFTER);
  const Dispatch d = { expansion, rule, after, otherwise, DIVERT_XT_EXCEPT_SUB };

  dispatch_group (&d, except, rule->destinations, divert_prefixes_group (rule->destinations, expansion->family));
  add_goto (&d, except, NULL, otherwise);
  go_on (&d, rule->chain, after);
}
