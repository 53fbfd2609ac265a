/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: choosing the priorities of our ip rules.
 *
 * Theory of operation.  Nobody guarantees the order of ip rules.  A rule that is added without a priority gets one
 * before the lowest that is there (K6.4), so whoever starts after us lands before us, as wg-quick's two rules do.
 * Such a rule may send diverted packets into a tunnel instead of to lo, and packets for an intranet past the fence.
 * We don't judge what a rule is for: ours stand before all others except the one for the table "local".  That takes
 * nothing from anybody, because ours only take packets with our mark, and those for an intranet.
 *
 * They stand as far behind as that allows.  If ours were the first behind "local" at priority 0, rules without a
 * priority would end up in the order in which they are added, and wg-quick relies on the reverse.
 */
#include "precedence.h"

DivertPrecedence
divert_precedence_choose (const DivertRuleOrder *others)
{
  DivertPrecedence chosen = { DIVERT_RULE_PRIORITY, DIVERT_NAMES_PRIORITY, DIVERT_FENCE_PRIORITY };

  if (others->first <= DIVERT_FENCE_PRIORITY)
    {
      chosen.mark = others->first > 2 ? others->first - 2 : 0;
      chosen.fence = others->first > 1 ? others->first - 1 : 0;
    }
  chosen.names = chosen.mark > 0 ? chosen.mark - 1 : 0;
  /* A rule goes behind those of the same priority.  If somebody has put "local" further behind than ours need to be, it
   * has to take care of itself. */
  if (others->local <= DIVERT_RULE_PRIORITY)
    {
      chosen.mark = MAX (chosen.mark, others->local);
      chosen.names = MAX (chosen.names, others->local);
      chosen.fence = MAX (chosen.fence, others->local);
    }
  return chosen;
}
