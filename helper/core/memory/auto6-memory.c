/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which prefixes auto6 has let go direct so far.
 *
 * Theory of operation.  Packets to a configured intranet are judged one by one wherever we are, so
 * a flow that began at home does not stay direct elsewhere.  The prefixes that auto6 adds are known
 * only at home.  Elsewhere they would be ordinary internet addresses, whose connections are judged
 * only once, by their first packet, and at home that packet went direct.  So we remember these
 * prefixes.  They stay in the list of intranets, diverted, for the life of this helper.  If a
 * provider hands out many new ones, the oldest are dropped.
 */
#include "auto6-memory.h"

void
divert_former_learn (GArray               *former,
                     const DivertConfig   *config,
                     const DivertDecision *decision)
{
  const DivertSite *site = decision->site != NULL ? divert_config_find_site (config, decision->site) : NULL;

  for (guint i = 0; site != NULL && i < decision->direct->len; i++)
    {
      const DivertPrefix *prefix = divert_prefixes_index (decision->direct, i);

      if (divert_prefixes_contain (site->intranet, prefix) || divert_prefixes_contain (former, prefix))
        continue;
      if (former->len == DIVERT_FORMER_MAX)
        g_array_remove_index (former, 0);
      divert_prefixes_add (former, prefix);
    }
}
