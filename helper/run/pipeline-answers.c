/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what is asked of the pipeline between two runs.
 */
#include "pipeline-private.h"

const DivertReport *
divert_pipeline_get_report (const DivertPipeline *pipeline)
{
  return pipeline->report;
}

const DivertConfig *
divert_pipeline_get_config (const DivertPipeline *pipeline)
{
  return divert_settings_get_config (pipeline->settings);
}

const DivertFacts *
divert_pipeline_get_facts (const DivertPipeline *pipeline)
{
  return pipeline->facts;
}

gboolean
divert_pipeline_get_gid (const DivertPipeline *pipeline,
                         guint32              *ret_gid)
{
  return divert_settings_get_gid (pipeline->settings, ret_gid);
}

gboolean
divert_pipeline_count_dropped (const DivertPipeline *pipeline,
                               guint64              *ret_packets)
{
  return divert_laying_count_dropped (pipeline->laying, ret_packets);
}

DivertRuleset *
divert_pipeline_plan (const DivertPipeline  *pipeline,
                      const DivertMode      *mode,
                      DivertDecision       **ret_decision)
{
  const DivertConfig *config = divert_settings_get_config (pipeline->settings);
  g_autoptr(DivertFacts) nothing = divert_facts_new ();
  const DivertFacts *facts = pipeline->facts != NULL ? pipeline->facts : nothing;
  g_autoptr(DivertDecision) decision = NULL;
  DivertRuleset *ruleset;
  guint32 gid = DIVERT_GID_UNKNOWN;

  divert_settings_get_gid (pipeline->settings, &gid);
  if (mode == NULL)
    {
      decision = divert_decide (config, divert_settings_get_mode (pipeline->settings), facts);
      divert_hold_apply (pipeline->hold, facts, decision, g_get_monotonic_time ());
    }
  else
    decision = divert_decision_suppose (config, mode, facts);
  /* Without the group nothing is laid: then that is the truth of now, while a supposed place is
   * shown as it would be. */
  if (mode == NULL && gid == DIVERT_GID_UNKNOWN)
    ruleset = divert_ruleset_new_empty ();
  else
    ruleset = divert_ruleset_new (config, decision, gid, facts);
  if (ret_decision != NULL)
    *ret_decision = g_steal_pointer (&decision);
  return ruleset;
}

gboolean
divert_pipeline_is_needed (const DivertPipeline *pipeline)
{
  return pipeline->report == NULL || !pipeline->report->laid || !g_str_equal (pipeline->report->place, "off");
}
