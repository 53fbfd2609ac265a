/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: for which addresses a gateway vouches.
 *
 * An address that arrived after a gateway's last answer may be another network's, which was swapped without carrier
 * loss.  The next answer says that the network is still the same.  Any gateway of the link can say so, but not a
 * newcomer, because such a network often shows its own router first (core/memory/anchors.c).
 */
#include "freshness.h"

/* When did a gateway last vouch for @link?  0: none has. */
static gint64
last_answer (const DivertLink *link)
{
  gint64 last = 0;

  for (guint i = 0; i < link->gateways->len; i++)
    {
      const DivertGateway *gateway = g_ptr_array_index (link->gateways, i);

      if (gateway->state == DIVERT_GATEWAY_RESOLVED && !gateway->newcomer)
        last = MAX (last, gateway->last_answer);
    }
  return last;
}

void
divert_facts_fill_fresh (DivertFacts *facts)
{
  for (guint i = 0; i < facts->links->len; i++)
    {
      DivertLink *link = g_ptr_array_index (facts->links, i);
      const gint64 last = last_answer (link);

      g_array_set_size (link->fresh, 0);
      for (guint j = 0; j < link->arrivals->len; j++)
        {
          const DivertArrival *arrival = &g_array_index (link->arrivals, DivertArrival, j);

          if (arrival->at >= last)
            divert_prefixes_add (link->fresh, &arrival->address);
        }
      g_array_sort (link->fresh, (GCompareFunc) divert_prefix_compare);
    }
}
