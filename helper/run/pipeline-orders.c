/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: requests to the pipeline from outside.  Every one of them ends in a run.
 */
#include "pipeline-private.h"

#define SETTLE_US G_USEC_PER_SEC /* for a refresh with settle */

void
divert_pipeline_refresh (DivertPipeline  *pipeline,
                         const char      *event,
                         gboolean         settle,
                         DivertRefreshed  refreshed,
                         gpointer         user_data)
{
  divert_waiters_add (pipeline->waiters, settle ? g_get_monotonic_time () + SETTLE_US : 0, refreshed, user_data);
  divert_run_request_put (&pipeline->request, event);
}

void
divert_pipeline_await_flows (DivertPipeline  *pipeline,
                             DivertRefreshed  ended,
                             gpointer         user_data)
{
  divert_flows_await (pipeline->flows, ended, user_data);
}

void
divert_pipeline_ask_gateways (DivertPipeline *pipeline)
{
  const DivertFacts *facts = pipeline->facts;

  pipeline->learning = TRUE;
  for (guint i = 0; facts != NULL && i < facts->connections->len; i++)
    {
      const DivertConnection *connection = g_ptr_array_index (facts->connections, i);
      const DivertLink *link = divert_facts_find_link (facts, connection->device);

      if (connection->up && !connection->external && link != NULL)
        divert_kernel_resolve_gateways (pipeline->kernel, link->ifindex);
    }
}

void
divert_pipeline_set_mode (DivertPipeline   *pipeline,
                          const DivertMode *mode,
                          DivertSettled     settled,
                          gpointer          user_data)
{
  divert_run_request_put (&pipeline->request, "switch");
  divert_settings_set_mode (pipeline->settings, mode, settled, user_data);
}

void
divert_pipeline_reload (DivertPipeline *pipeline,
                        DivertSettled   settled,
                        gpointer        user_data)
{
  divert_settings_reload (pipeline->settings, settled, user_data);
}

void
divert_pipeline_keep_site (DivertPipeline *pipeline,
                           const char     *site,
                           const char     *text,
                           DivertSettled   settled,
                           gpointer        user_data)
{
  divert_settings_keep_site (pipeline->settings, site, text, settled, user_data);
}
