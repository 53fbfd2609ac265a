/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what a run came to: the report, which reports are kept, and the snapshot that others get.
 */
#include "pipeline-private.h"

#include "system/base/clock.h"

DivertReport *
divert_pipeline_make_report (const DivertPipeline *pipeline,
                             DivertDecision       *decision,
                             GPtrArray            *problems,
                             gboolean              laid,
                             DivertApplied         applied)
{
  gint64 end = applied.writes > 0 ? applied.last_write : g_get_monotonic_time ();
  DivertReport *report = divert_report_new ();
  DivertClock now;

  report->mode = divert_mode_copy (divert_settings_get_mode (pipeline->settings));
  divert_clock_read (&now);
  report->mode->expires = divert_mode_get_expiry (report->mode, &now);
  report->decision = decision;
  report->laid = laid;
  if (laid)
    report->place = g_strdup (divert_decision_get_place (decision));
  else
    report->place = g_strdup (pipeline->in_force != NULL ? pipeline->in_force->place : "off");
  report->backend = divert_laying_get_backend (pipeline->laying);
  report->backend_why = g_strdup (divert_laying_get_backend_why (pipeline->laying));
  report->guard = divert_laying_get_guard (pipeline->laying);
  report->problems = problems;
  report->writes = applied.writes;
  report->took = end - pipeline->request.time;
  return report;
}

void
divert_pipeline_keep_report (DivertPipeline *pipeline,
                             DivertReport   *report)
{
  DivertReport *old = pipeline->report, *old_in_force = pipeline->in_force;

  pipeline->report = report;
  if (report->laid)
    pipeline->in_force = report;
  if (old != NULL && old != pipeline->in_force)
    divert_report_free (old);
  if (old_in_force != NULL && old_in_force != old && old_in_force != pipeline->in_force)
    divert_report_free (old_in_force);
}

static DivertSnapshot *
make_snapshot (DivertPipeline *pipeline)
{
  DivertSnapshot *snapshot = divert_snapshot_new ();

  snapshot->config = divert_config_ref (divert_settings_get_config (pipeline->settings));
  snapshot->config_dir = g_strdup (divert_settings_get_config_dir (pipeline->settings));
  snapshot->has_gid = divert_settings_get_gid (pipeline->settings, &snapshot->gid);
  snapshot->facts = pipeline->facts != NULL ? divert_facts_ref (pipeline->facts) : NULL;
  snapshot->report = pipeline->report != NULL ? divert_report_ref (pipeline->report) : NULL;
  if (divert_laying_get_laid (pipeline->laying) != NULL)
    snapshot->laid = divert_ruleset_ref (divert_laying_get_laid (pipeline->laying));
  snapshot->run_cost = pipeline->run_cost;
  snapshot->drift = divert_drifts_get (pipeline->drifts);
  return snapshot;
}

void
divert_pipeline_tell (DivertPipeline *pipeline)
{
  g_autoptr(DivertSnapshot) snapshot = NULL;

  if (pipeline->reported == NULL)
    return;
  snapshot = make_snapshot (pipeline);
  pipeline->reported (snapshot, pipeline->user_data);
}
