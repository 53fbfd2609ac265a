/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the list of all intranets.
 */
#include "intranets.h"

GArray *
divert_intranets_collect (const DivertConfig   *config,
                          const DivertDecision *decision,
                          const DivertFacts    *facts)
{
  g_autoptr(GArray) all = divert_prefixes_copy (decision->direct);

  if (facts != NULL)
    g_array_append_vals (all, facts->former->data, facts->former->len);
  for (guint i = 0; i < config->sites->len; i++)
    {
      const DivertSite *site = g_ptr_array_index (config->sites, i);

      g_array_append_vals (all, site->intranet->data, site->intranet->len);
    }
  return divert_prefixes_merge (all);
}
