/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which rules of a ruleset make up the guard of the intranets if it has to stand alone.
 *
 * A packet filter's tables can be flushed by another program, all of them at once.  So a guard stands in another packet
 * filter's table as well.  It decides as the ruleset's own guard does, because it consists of the same rules: the
 * grants, and those of GUARD_INTRANET.
 *
 * What isn't for an intranet is none of its business: it is there to stop a leak to the intranet, and dropping DNS and
 * the rest would be the end of the network.  What goes to the fence's device is left to that, because nobody is to be
 * told with an error what is swallowed in silence.  So FENCED isn't needed.  EXITS lapses with the grants.
 *
 * A site that lets the internet or DNS go direct is the exception.  Once its grant has lapsed, nothing else would hold
 * that: the rules and the fence are still as the helper left them.
 *
 * Every packet that leaves comes by here, on top of the rules that judged it, so the way is short.  The hook compares
 * the destination and nothing else.  What is for an intranet meets the grants first, and they don't compare the
 * destination again if all intranets are granted.
 *
 * One thing it does besides: if br_netfilter is in use, legacy tables can't give the proxy what an own LAN's bridge
 * sends (K3.15).  They mark it.  The guard has AGAIN then, and the chains that AGAIN leads to.  Without them, nobody
 * gets those packets.
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
add_interfaces (DivertRuleset  *guard,
                DivertFamilies  families,
                DivertChain     chain)
{
  static const char *const names[] = { "lo", DIVERT_FENCE_DEVICE };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_strlcpy (add_new (guard, chain, families, DIVERT_VERDICT_LEAVE)->out_interface, names[i],
               sizeof ((DivertRule *) NULL)->out_interface);
}

static void
add_grant (DivertRuleset    *guard,
           const DivertRule *rule,
           const GArray     *intranets)
{
  g_autoptr(GArray) granted = rule->destinations != NULL ? divert_prefixes_merge (rule->destinations) : NULL;
  DivertRule *copy = add_copy (guard, rule, DIVERT_CHAIN_GRANTS);

  /* The guard looks a device up by its name. */
  copy->out_index = 0;
  if (granted != NULL && divert_prefixes_equal (granted, intranets))
    g_clear_pointer (&copy->destinations, g_array_unref);
}

/* The rule that leads from @from to @chain; NULL: there is none. */
static const DivertRule *
find_way (const DivertRuleset *whole,
          DivertChain          from,
          DivertChain          chain)
{
  for (guint i = 0; i < whole->rules->len; i++)
    {
      const DivertRule *rule = g_ptr_array_index (whole->rules, i);

      if (rule->chain == from && rule->verdict == DIVERT_VERDICT_GOTO && rule->to == chain)
        return rule;
    }
  return NULL;
}

/* @grants, then @chain, for what comes from @from to @chain. */
static void
add_granted (DivertRuleset       *guard,
             const DivertRuleset *whole,
             DivertChain          from,
             DivertChain          grants,
             DivertChain          chain)
{
  const DivertRule *way = find_way (whole, from, chain);

  if (way == NULL)
    return;
  add_copy (guard, way, DIVERT_HOOK_GUARD)->to = grants;
  add_interfaces (guard, way->families, chain);
  for (guint i = 0; i < whole->rules->len; i++)
    {
      const DivertRule *rule = g_ptr_array_index (whole->rules, i);

      if (rule->chain == grants && rule->verdict == DIVERT_VERDICT_LEAVE)
        add_copy (guard, rule, grants)->out_index = 0;
      else if (rule->chain == chain && rule->verdict != DIVERT_VERDICT_JUMP)
        add_copy (guard, rule, chain);
    }
  add_new (guard, grants, way->families, DIVERT_VERDICT_GOTO)->to = chain;
}

static void
add_if_wanted (DivertRuleset    *guard,
               const DivertRule *rule,
               const GArray     *intranets)
{
  if (rule->chain == DIVERT_CHAIN_GUARD_INTRANET &&
      (rule->verdict != DIVERT_VERDICT_JUMP || rule->to == DIVERT_CHAIN_EXITS))
    add_copy (guard, rule, DIVERT_CHAIN_GUARD_INTRANET);
  else if (rule->chain == DIVERT_CHAIN_EXITS)
    add_copy (guard, rule, DIVERT_CHAIN_EXITS)->out_index = 0;
  else if (rule->chain == DIVERT_CHAIN_GRANTS)
    add_grant (guard, rule, intranets);
}

/* GUARD_INTERNET leads there. */
static void
add_lans (DivertRuleset       *guard,
          const DivertRuleset *whole)
{
  for (guint i = 0; i < whole->rules->len; i++)
    {
      const DivertRule *rule = g_ptr_array_index (whole->rules, i);

      if (rule->chain == DIVERT_CHAIN_GUARD_LANS || rule->chain == DIVERT_CHAIN_EXITS_INTERNET)
        add_copy (guard, rule, rule->chain)->out_index = 0;
    }
}

gboolean
divert_ruleset_delivers_again (const DivertRuleset *whole)
{
  for (guint i = 0; i < whole->rules->len; i++)
    if (((const DivertRule *) g_ptr_array_index (whole->rules, i))->chain == DIVERT_HOOK_AGAIN)
      return TRUE;
  return FALSE;
}

static void
add_delivery (DivertRuleset       *guard,
              const DivertRuleset *whole)
{
  for (guint i = 0; divert_ruleset_delivers_again (whole) && i < whole->rules->len; i++)
    {
      const DivertRule *rule = g_ptr_array_index (whole->rules, i);

      if (rule->chain == DIVERT_HOOK_AGAIN || rule->chain == DIVERT_CHAIN_DELIVER ||
          rule->chain == DIVERT_CHAIN_DELIVER_INTRANET)
        add_copy (guard, rule, rule->chain);
    }
}

DivertRuleset *
divert_ruleset_new_guard (const DivertRuleset *whole,
                          gboolean             delivers)
{
  DivertRuleset *guard = divert_ruleset_new_empty ();
  const DivertRule *entrance = find_way (whole, DIVERT_CHAIN_GUARD, DIVERT_CHAIN_GUARD_INTRANET);

  if (delivers)
    add_delivery (guard, whole);
  if (entrance == NULL)
    return guard;
  /* DNS that goes direct has a mark, which all others respect. */
  add_granted (guard, whole, DIVERT_CHAIN_GUARD_DNS, DIVERT_CHAIN_NAMES_LEAVING, DIVERT_CHAIN_GUARD_NAMES);
  add_copy (guard, entrance, DIVERT_HOOK_GUARD)->to = DIVERT_CHAIN_GRANTS;
  add_interfaces (guard, entrance->families, DIVERT_CHAIN_GUARD_INTRANET);
  for (guint i = 0; i < whole->rules->len; i++)
    add_if_wanted (guard, g_ptr_array_index (whole->rules, i), entrance->destinations);
  add_new (guard, DIVERT_CHAIN_GRANTS, entrance->families, DIVERT_VERDICT_GOTO)->to = DIVERT_CHAIN_GUARD_INTRANET;
  add_granted (guard, whole, DIVERT_CHAIN_GUARD, DIVERT_CHAIN_INTERNET, DIVERT_CHAIN_GUARD_INTERNET);
  add_lans (guard, whole);
  return guard;
}
