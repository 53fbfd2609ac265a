/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which rules of a ruleset make up the guard of the intranets if it has to stand alone.
 *
 * A packet filter's tables can be flushed by another program, all of them at once.  So a guard stands in another packet
 * filter's table as well.  It decides as the ruleset's own guard does, because it consists of the same rules: the
 * grants, those of GUARD_INTRANET, and the one that drops what bears our mark.
 *
 * What isn't for an intranet is none of its business: it is there to stop a leak to the intranet, and dropping DNS and
 * the rest would be the end of the network.  What goes to the fence's device is left to that, because nobody is to be
 * told with an error what is swallowed in silence.  So FENCED isn't needed.
 *
 * Every packet that leaves comes by here, on top of the rules that judged it, so the way is short.  The hook compares
 * the destination and nothing else.  What is for an intranet meets the grants first, and they don't compare the
 * destination again if all intranets are granted.
 *
 * A connection of the proxy's own, or one that somebody opened to this machine, is known by its connection mark, which
 * only the ruleset's other chains set.  Where those are gone, connections that have it keep it, and new packets of the
 * proxy are still known by their group.
 */
#include "fence.h"
#include "ruleset.h"

static DivertRule *
add_copy (DivertRuleset    *guard,
          const DivertRule *rule,
          DivertChain       chain)
{
  DivertRule *copy = divert_rule_copy (rule);

  copy->chain = chain;
  g_ptr_array_add (guard->rules, copy);
  return copy;
}

static DivertRule *
add_new (DivertRuleset *guard,
         DivertChain    chain,
         DivertFamilies families,
         DivertVerdict  verdict)
{
  DivertRule *rule = divert_rule_new (chain, families);

  rule->verdict = verdict;
  g_ptr_array_add (guard->rules, rule);
  return rule;
}

static void
add_interface (DivertRuleset  *guard,
               DivertFamilies  families,
               const char     *name)
{
  DivertRule *rule = add_new (guard, DIVERT_CHAIN_GUARD_INTRANET, families, DIVERT_VERDICT_LEAVE);

  g_strlcpy (rule->out_interface, name, sizeof rule->out_interface);
}

/* Of all intranets; NULL: there is none. */
static const DivertRule *
find_entrance (const DivertRuleset *whole)
{
  for (guint i = 0; i < whole->rules->len; i++)
    {
      const DivertRule *rule = g_ptr_array_index (whole->rules, i);

      if (rule->chain == DIVERT_CHAIN_GUARD && rule->to == DIVERT_CHAIN_GUARD_INTRANET)
        return rule;
    }
  return NULL;
}

static void
add_grant (DivertRuleset    *guard,
           const DivertRule *rule,
           const GArray     *intranets)
{
  g_autoptr(GArray) granted = divert_prefixes_merge (rule->destinations);
  DivertRule *copy = add_copy (guard, rule, DIVERT_CHAIN_GRANTS);

  /* The guard looks a device up by its name. */
  copy->out_index = 0;
  if (divert_prefixes_equal (granted, intranets))
    g_clear_pointer (&copy->destinations, g_array_unref);
}

static void
add_if_wanted (DivertRuleset    *guard,
               const DivertRule *rule,
               const GArray     *intranets)
{
  if (rule->chain == DIVERT_CHAIN_GUARD && rule->verdict == DIVERT_VERDICT_DROP)
    add_copy (guard, rule, DIVERT_CHAIN_GUARD_INTRANET);
  else if (rule->chain == DIVERT_CHAIN_GUARD_INTRANET && rule->verdict != DIVERT_VERDICT_JUMP)
    add_copy (guard, rule, DIVERT_CHAIN_GUARD_INTRANET);
  else if (rule->chain == DIVERT_CHAIN_GRANTS)
    add_grant (guard, rule, intranets);
}

DivertRuleset *
divert_ruleset_new_guard (const DivertRuleset *whole)
{
  DivertRuleset *guard = divert_ruleset_new_empty ();
  const DivertRule *entrance = find_entrance (whole);

  if (entrance == NULL)
    return guard;
  add_copy (guard, entrance, DIVERT_HOOK_GUARD)->to = DIVERT_CHAIN_GRANTS;
  add_interface (guard, entrance->families, "lo");
  add_interface (guard, entrance->families, DIVERT_FENCE_DEVICE);
  for (guint i = 0; i < whole->rules->len; i++)
    add_if_wanted (guard, g_ptr_array_index (whole->rules, i), entrance->destinations);
  add_new (guard, DIVERT_CHAIN_GRANTS, entrance->families, DIVERT_VERDICT_GOTO)->to = DIVERT_CHAIN_GUARD_INTRANET;
  return guard;
}
