/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the chain "leaving-granted", the guard's short way for what goes to an intranet.
 *
 * Theory of operation.  In the guard, a jump to GRANTS is followed by a goto to GUARD_INTRANET for the intranets.  The
 * jump costs all packets the way through the grants and back, though only those to an intranet can have one, and the
 * goto compares their destination once more.  So what is for an intranet goes to a chain of its own here, which has the
 * grants, and leads to GUARD_INTRANET.  All others compare the intranets once, and go on (K7.7).
 *
 * Many intranets are in a set, and looking into that costs more than this way saves.  What their covers contain
 * (nftables-prefixes.c) meets the grants first then, which are few, and goes on to "leaving-covered".  There the set is
 * looked into, and what is for no intranet finds what it would find in the guard.
 *
 * The last rule of "leaving-granted" is there with or without a grant: without it, what has none would leave.
 */
#include "nftables-expand-private.h"

const DivertRule *
divert_nft_find_way (const DivertRuleset *ruleset,
                     guint                i)
{
  const DivertRule *jump = g_ptr_array_index (ruleset->rules, i), *way;

  if (jump->chain != DIVERT_CHAIN_GUARD || jump->verdict != DIVERT_VERDICT_JUMP || jump->to != DIVERT_CHAIN_GRANTS ||
      i + 1 == ruleset->rules->len)
    return NULL;
  way = g_ptr_array_index (ruleset->rules, i + 1);
  if (way->chain != jump->chain || way->to != DIVERT_CHAIN_GUARD_INTRANET)
    return NULL;
  for (guint j = 0; j < ruleset->rules->len; j++)
    {
      const DivertRule *rule = g_ptr_array_index (ruleset->rules, j);

      /* Where the internet goes direct as well.  All other grants are for intranets. */
      if (rule->chain == DIVERT_CHAIN_GRANTS && rule->destinations == NULL)
        return NULL;
    }
  return way;
}

static void
expand_entrance (DivertNftExpansion *e,
                 const DivertRule   *way)
{
  g_autoptr(GArray) covers = divert_nft_list_covers (way->destinations);
  DivertRule copy = *way;

  copy.destinations = covers;
  e->first = e->last = way;
  e->entrance[way->to] = DIVERT_NFT_CHAIN_GRANTED;
  divert_nft_expand_rule (e, &copy);
  e->entrance[way->to] = way->to;
}

/* Does @grant let go all that has been compared with @intranets (NULL: not known)? */
static gboolean
is_for_all (const DivertRule *grant,
            const GArray     *intranets)
{
  g_autoptr(GArray) granted = NULL;

  if (intranets == NULL || grant->destinations == NULL || !divert_nft_is_short (intranets))
    return FALSE;
  granted = divert_prefixes_merge (grant->destinations);
  return divert_prefixes_equal (granted, intranets);
}

/* Then no destination is compared again. */
static void
expand_grants (DivertNftExpansion  *e,
               const DivertRuleset *ruleset,
               const DivertRule    *way)
{
  e->where[DIVERT_CHAIN_GRANTS] = DIVERT_NFT_CHAIN_GRANTED;
  for (guint i = 0; i < ruleset->rules->len; i++)
    {
      const DivertRule *grant = g_ptr_array_index (ruleset->rules, i);
      DivertRule copy = *grant;

      if (grant->chain != DIVERT_CHAIN_GRANTS)
        continue;
      if (is_for_all (grant, way->destinations))
        copy.destinations = NULL;
      e->first = e->last = grant;
      divert_nft_expand_rule (e, &copy);
    }
  e->where[DIVERT_CHAIN_GRANTS] = DIVERT_CHAIN_GRANTS;
}

/* The intranets, and then all that comes behind them in the guard. */
static void
expand_covered (DivertNftExpansion  *e,
                const DivertRuleset *ruleset,
                const DivertRule    *way)
{
  const guint guard = e->where[DIVERT_CHAIN_GUARD];
  gboolean is_behind = FALSE;

  e->where[DIVERT_CHAIN_GUARD] = DIVERT_NFT_CHAIN_COVERED;
  for (guint i = 0; i < ruleset->rules->len; i++)
    {
      const DivertRule *rule = g_ptr_array_index (ruleset->rules, i);

      is_behind |= rule == way;
      if (!is_behind || rule->chain != DIVERT_CHAIN_GUARD)
        continue;
      e->first = e->last = rule;
      divert_nft_expand_rule (e, rule);
    }
  e->where[DIVERT_CHAIN_GUARD] = guard;
}

DivertNftRule *
divert_nft_rule_new_way_on (gboolean is_covered)
{
  DivertNftRule *rule = divert_nft_rule_new (DIVERT_NFT_CHAIN_GRANTED);

  divert_nft_rule_add (rule, DIVERT_NFT_GOTO)->chain = is_covered ? DIVERT_NFT_CHAIN_COVERED
                                                                  : DIVERT_CHAIN_GUARD_INTRANET;
  return rule;
}

void
divert_nft_expand_way (DivertNftExpansion  *e,
                       const DivertRuleset *ruleset,
                       const DivertRule    *way)
{
  const gboolean is_covered = !divert_nft_is_short (way->destinations);
  DivertNftRule *last = divert_nft_rule_new_way_on (is_covered);

  expand_entrance (e, way);
  expand_grants (e, ruleset, way);
  last->first = last->last = way;
  g_ptr_array_add (divert_nft_table_get_chain (e->table, DIVERT_NFT_CHAIN_GRANTED), last);
  if (is_covered)
    expand_covered (e, ruleset, way);
}

/* Only what has been compared with the intranets gets to these two.  (The proxy's own comes to INTRANET for other
 * addresses, too.  If it has met the fence, it is left alone there as well as by FENCED.) */
void
divert_nft_compare_once (const DivertNftExpansion *e,
                         DivertRule               *grant)
{
  if ((grant->chain == DIVERT_CHAIN_EXITS || grant->chain == DIVERT_CHAIN_FENCED) && is_for_all (grant, e->intranets))
    grant->destinations = NULL;
}
