/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which prefixes auto6 has let go straight so far.
 *
 * Theory of operation.  A configured intranet is judged packet by packet wherever we are, so
 * a flow that began at home does not go on straight elsewhere.  What auto6 adds is
 * known at home only; elsewhere it would be any address of the internet, whose
 * connections are judged once, by their first packet: and that went straight.  So it is
 * remembered, and stays one of the intranets, diverted, while this helper lives.  Old ones
 * go when a provider has given many new ones.
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
