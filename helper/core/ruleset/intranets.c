/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the list of all intranets.
 *
 * Unless there is something of auto6's, it is that of the configuration.  There may be thousands of prefixes, and each
 * ruleset and each fence that is kept has the list.
 */
#include "intranets.h"

static gboolean
is_known (const DivertConfig *config,
          const GArray       *prefixes)
{
  return config->intranets != NULL && divert_prefixes_merged_contain (config->intranets, prefixes);
}

GArray *
divert_intranets_collect (const DivertConfig   *config,
                          const DivertDecision *decision,
                          const DivertFacts    *facts)
{
  g_autoptr(GArray) all = NULL;

  if (is_known (config, decision->direct) && (facts == NULL || is_known (config, facts->former)))
    return g_array_ref (config->intranets);

  all = divert_prefixes_copy (decision->direct);
  if (facts != NULL)
    g_array_append_vals (all, facts->former->data, facts->former->len);
  for (guint i = 0; i < config->sites->len; i++)
    {
      const DivertSite *site = g_ptr_array_index (config->sites, i);

      g_array_append_vals (all, site->intranet->data, site->intranet->len);
    }
  return divert_prefixes_merge (all);
}
