/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the run.  Every event, whatever it is, leads to the same run over all
 * stages, and a run that finds nothing to change writes nothing.
 *
 * Theory of operation.  An event sets one flag; the run happens in the main loop
 * at high priority, before anybody's method call is served, and is one stretch of work
 * without waiting: about a millisecond.  What must be waited for (a gateway's
 * answer, NetworkManager's first reading, a held lock) is asked for, and its coming
 * is an event.  So runs never overlap, SIGTERM never cuts one short, and there is
 * no queue.
 *
 * Where rules are found, the first run waits until NetworkManager has been read, and
 * then a moment for proofs that are pending: a helper that was restarted at home must
 * find the rules as they are and leave them.  Where there are none, nothing is kept by
 * waiting: away is laid at once.
 */
#include "pipeline.h"

#include "apply.h"
#include "core/anchors.h"
#include "core/former.h"
#include "flows.h"
#include "inquiry.h"
#include "settings.h"
#include "system/beacon.h"
#include "system/kernel.h"
#include "system/network.h"
#include "system/sleep.h"
#include "waiters.h"

#define START_WAIT_US (2 * G_USEC_PER_SEC)   /* for NetworkManager to answer */
#define START_SETTLE_US (300 * 1000)         /* for proofs that are pending at the start */
#define START_BEACON_US (700 * 1000)         /* and then for a beacon that alone is missing */
#define SETTLE_US G_USEC_PER_SEC             /* for a refresh that is to settle */
#define RETRY_FIRST_MS 50
#define RETRY_LAST_MS 30000
#define EXPIRY_CHECK_S 30                    /* the wall clock can be set: look at it now and then */

struct DivertPipeline
{
  DivertReported   reported;
  gpointer         user_data;

  DivertSettings  *settings;
  DivertNetwork   *network;
  DivertKernel    *kernel;
  DivertSleep     *sleep;
  DivertBeacons   *beacons;
  DivertRoutes    *routes;
  DivertBackend   *backend;
  gboolean         probed;     /* the backend works here */

  DivertFacts     *facts;      /* of the last run */
  DivertAnchors   *anchors;
  GArray          *former;     /* see core/former.h */
  DivertReport    *report;     /* of the last run */
  guint32          mark, mask; /* of the rules in force */
  DivertReport    *in_force;   /* of the last run that could lay its rules (may be @report); NULL: none yet */
  DivertWaiters   *waiters;

  gboolean         bus_lost;
  gboolean         learning;   /* somebody waits for the gateways' addresses themselves */
  gboolean         started;    /* the first run is over, or there is nothing to be kept by waiting */
  gint64           start_until;
  const char      *event;      /* that asked for the next run */
  gint64           event_time;
  guint            run_id;     /* sources */
  guint            timer_id;
  guint            retry_id;
  guint            retry_ms;
};

static void request_run (DivertPipeline *pipeline, const char *event);

static gboolean
on_timer (gpointer user_data)
{
  DivertPipeline *pipeline = user_data;

  pipeline->timer_id = 0;
  request_run (pipeline, "timer");
  return G_SOURCE_REMOVE;
}

/* Looks again at monotonic time @when. */
static void
set_timer (DivertPipeline *pipeline,
           gint64          when)
{
  gint64 delay = (when - g_get_monotonic_time ()) / 1000;

  g_clear_handle_id (&pipeline->timer_id, g_source_remove);
  if (when != 0)
    pipeline->timer_id = g_timeout_add (CLAMP (delay, 0, G_MAXINT) + 1, on_timer, pipeline);
}

static gboolean
on_retry (gpointer user_data)
{
  DivertPipeline *pipeline = user_data;

  pipeline->retry_id = 0;
  request_run (pipeline, "retry");
  return G_SOURCE_REMOVE;
}

/* A held lock is soon free; for anything else, less and less often. */
static void
schedule_retry (DivertPipeline *pipeline,
                gboolean        busy)
{
  g_clear_handle_id (&pipeline->retry_id, g_source_remove);
  pipeline->retry_id = g_timeout_add (busy ? RETRY_FIRST_MS : pipeline->retry_ms, on_retry, pipeline);
  pipeline->retry_ms = busy ? RETRY_FIRST_MS : MIN (pipeline->retry_ms * 2, RETRY_LAST_MS);
}

static void
add_problem (GPtrArray         *problems,
             DivertProblemCode  code,
             const char        *detail)
{
  g_ptr_array_add (problems, divert_problem_new (code, detail));
}

static DivertProblemCode
classify (const GError *error)
{
  if (error->domain == DIVERT_BACKEND_ERROR)
    switch ((DivertBackendError) error->code)
      {
      case DIVERT_BACKEND_ERROR_UNAVAILABLE:
        return DIVERT_PROBLEM_BACKEND;
      case DIVERT_BACKEND_ERROR_PERMISSION:
        return DIVERT_PROBLEM_PERMISSION;
      case DIVERT_BACKEND_ERROR_BUSY:
        return DIVERT_PROBLEM_BUSY;
      case DIVERT_BACKEND_ERROR_FOREIGN:
        return DIVERT_PROBLEM_FOREIGN;
      case DIVERT_BACKEND_ERROR_REFUSED:
      default:
        return DIVERT_PROBLEM_APPLY;
      }
  return DIVERT_PROBLEM_APPLY;
}

/* Stage: facts.  What cannot be had is empty, and that is away. */
static DivertFacts *
gather (DivertPipeline *pipeline,
        GPtrArray      *problems)
{
  DivertFacts *facts = divert_facts_new ();
  g_autoptr(GError) error = NULL;

  if (!pipeline->bus_lost)
    divert_network_gather (pipeline->network, facts);
  divert_inquiry_follow_access_points (pipeline->beacons, pipeline->facts, facts);
  if (!divert_kernel_gather (pipeline->kernel, facts, &error))
    add_problem (problems, DIVERT_PROBLEM_FACTS, error->message);
  divert_inquiry_distrust (pipeline->beacons, pipeline->facts, facts);
  divert_beacons_gather (pipeline->beacons, facts);
  facts->sleeping = divert_sleep_is_near (pipeline->sleep);
  divert_facts_sort (facts);
  divert_anchors_fill (pipeline->anchors, facts);
  g_array_append_vals (facts->former, pipeline->former->data, pipeline->former->len);
  return facts;
}

/* A mode that is over becomes auto. */
static void
end_mode (DivertPipeline    *pipeline,
          const DivertFacts *facts)
{
  g_autofree char *network = facts->nm_running ? divert_facts_network (facts) : NULL;

  if (divert_mode_is_over (divert_settings_get_mode (pipeline->settings), g_get_real_time () / G_USEC_PER_SEC, network))
    divert_settings_end_mode (pipeline->settings);
}

/* Stage: apply.  TRUE if the kernel now holds the decision's rules. */
static gboolean
lay (DivertPipeline       *pipeline,
     const DivertDecision *decision,
     const DivertFacts    *facts,
     GPtrArray            *problems,
     DivertApplied        *applied)
{
  const DivertConfig *config = divert_settings_get_config (pipeline->settings);
  g_autoptr(DivertRuleset) ruleset = NULL;
  g_autoptr(GError) error = NULL;
  guint32 gid = 0;

  /* Without the group the proxy's own packets could not be told from others: a loop.  But what an earlier helper
   * has let go straight must not outlast that. */
  if (decision->place != DIVERT_PLACE_OFF && !divert_settings_get_gid (pipeline->settings, &gid))
    {
      if (!pipeline->backend->klass->withdraw (pipeline->backend, &error))
        {
          add_problem (problems, classify (error), error->message);
          schedule_retry (pipeline, g_error_matches (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_BUSY));
        }
      return FALSE;
    }

  ruleset = divert_ruleset_new (config, decision, gid, facts);
  if (!pipeline->probed && !divert_ruleset_is_empty (ruleset))
    {
      if (!pipeline->backend->klass->probe (pipeline->backend, ruleset->routing.families, &error))
        {
          add_problem (problems, classify (error), error->message);
          return FALSE;
        }
      pipeline->probed = TRUE;
    }

  if (!divert_apply (pipeline->backend, pipeline->routes, ruleset, applied, &error))
    {
      add_problem (problems, classify (error), error->message);
      schedule_retry (pipeline, g_error_matches (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_BUSY));
      return FALSE;
    }
  pipeline->retry_ms = RETRY_FIRST_MS;
  return TRUE;
}

static void
keep_report (DivertPipeline *pipeline,
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

/* Is this start-up, and does a moment's patience serve?  A moment only: the rules that were found are kept meanwhile, and may be home's
 * of a place that was left while no helper was there.  Where all else speaks for home a TLS handshake has a little more,
 * so that a helper that is restarted at home does not go away first; a second in all. */
static gboolean
should_wait (DivertPipeline       *pipeline,
             const DivertDecision *decision)
{
  gint64 now = g_get_monotonic_time (), until;

  if (pipeline->started || pipeline->bus_lost)
    return FALSE;
  if (!divert_network_is_ready (pipeline->network))
    {
      if (now >= pipeline->start_until)
        return FALSE;
      set_timer (pipeline, pipeline->start_until);
      return TRUE;
    }
  pipeline->start_until = MIN (pipeline->start_until, now + START_SETTLE_US);
  if (decision == NULL)
    return FALSE;
  until = pipeline->start_until + (divert_inquiry_awaits_beacon (decision) ? START_BEACON_US : 0);
  if (!divert_decision_is_pending (decision) || now >= until)
    return FALSE;
  set_timer (pipeline, until);
  return TRUE;
}

/* Does the kernel hold rules of an earlier helper? */
static gboolean
find_rules (DivertBackend *backend)
{
  g_autoptr(DivertRuleset) nothing = divert_ruleset_new_empty ();
  g_autofree char *empty = divert_ruleset_to_save_text (nothing, DIVERT_FAMILY_IPV4, DIVERT_TABLE_MANGLE);
  g_autofree char *found = backend->klass->read (backend, DIVERT_TABLE_MANGLE, DIVERT_FAMILY_IPV4, NULL);

  return g_strcmp0 (found, empty) != 0;
}

static void
set_next_timer (DivertPipeline *pipeline)
{
  const DivertMode *mode = divert_settings_get_mode (pipeline->settings);
  gint64 deadline = divert_waiters_get_deadline (pipeline->waiters);

  if (mode->expires != 0)
    {
      gint64 left = (gint64) mode->expires - g_get_real_time () / G_USEC_PER_SEC;
      gint64 when = g_get_monotonic_time () + CLAMP (left, 0, EXPIRY_CHECK_S) * G_USEC_PER_SEC;

      deadline = deadline == 0 ? when : MIN (deadline, when);
    }
  set_timer (pipeline, deadline);
}

/* Does nobody owe an answer any more?  Gateways' count only while somebody wants to know them, not their part in a decision. */
static gboolean
is_settled (const DivertPipeline *pipeline,
            const DivertDecision *decision)
{
  const DivertFacts *facts = pipeline->facts;

  for (guint i = 0; pipeline->learning && i < facts->links->len; i++)
    {
      const DivertLink *link = g_ptr_array_index (facts->links, i);

      for (guint j = 0; j < link->gateways->len; j++)
        if (((DivertGateway *) g_ptr_array_index (link->gateways, j))->state == DIVERT_GATEWAY_PENDING)
          return FALSE;
    }
  return !divert_decision_is_pending (decision);
}

static gboolean
is_news (const DivertReport *report,
         const DivertReport *previous)
{
  return previous == NULL || report->writes > 0 || !g_str_equal (previous->place, report->place) ||
         !divert_problems_equal (previous->problems, report->problems);
}

static void
log_report (const DivertReport *report,
            const char         *event)
{
  g_autofree char *text = divert_report_to_text (report, event);

  g_message ("%s", text);
  for (guint i = 0; i < report->problems->len; i++)
    {
      const DivertProblem *problem = g_ptr_array_index (report->problems, i);
      g_autofree char *line = divert_problem_to_text (problem->code, problem->detail, NULL);

      g_warning ("%s", line);
    }
}

/* Stage: report. */
static DivertReport *
make_report (DivertPipeline *pipeline,
             DivertDecision *decision,
             GPtrArray      *problems,
             gboolean        laid,
             DivertApplied   applied)
{
  gint64 end = applied.writes > 0 ? applied.last_write : g_get_monotonic_time ();
  DivertReport *report = g_new0 (DivertReport, 1);

  report->mode = divert_mode_copy (divert_settings_get_mode (pipeline->settings));
  report->decision = decision;
  report->laid = laid;
  if (laid)
    report->place = g_strdup (divert_decision_get_place (decision));
  else
    report->place = g_strdup (pipeline->in_force != NULL ? pipeline->in_force->place : "off");
  report->backend = pipeline->probed ? pipeline->backend->klass->name : "";
  report->problems = problems;
  report->writes = applied.writes;
  report->took = end - pipeline->event_time;
  return report;
}

static void
run (DivertPipeline *pipeline)
{
  const DivertConfig *config = divert_settings_get_config (pipeline->settings);
  g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_problem_free);
  g_autoptr(DivertFacts) facts = NULL;
  g_autoptr(DivertDecision) decision = NULL;
  DivertCrossing crossing = { .before = pipeline->in_force != NULL ? pipeline->in_force->decision : NULL };
  DivertReport *report;
  gboolean laid, news, settled;
  guint32 gid = 0;
  DivertApplied applied = { 0, 0 };

  if (should_wait (pipeline, NULL))
    return;

  divert_settings_add_problems (pipeline->settings, problems);
  facts = gather (pipeline, problems);
  end_mode (pipeline, facts);
  decision = divert_decide (config, divert_settings_get_mode (pipeline->settings), facts);
  if (should_wait (pipeline, decision))
    {
      divert_inquiry_ask (pipeline->kernel, pipeline->beacons, config, decision);
      /* So that the next run knows a link for the same network, and does not forget the answer that it waits for. */
      divert_facts_free (pipeline->facts);
      pipeline->facts = g_steal_pointer (&facts);
      return;
    }
  pipeline->started = TRUE;

  laid = lay (pipeline, decision, facts, problems, &applied);
  report = make_report (pipeline, g_steal_pointer (&decision), g_steal_pointer (&problems), laid, applied);

  /* Behind the writes: no flow can come up again on the way that was closed. */
  divert_settings_get_gid (pipeline->settings, &gid);
  crossing.now = report->decision;
  crossing.left = pipeline->facts != NULL && divert_facts_have_left (pipeline->facts, facts);
  crossing.remarked = crossing.before != NULL && crossing.before->place != DIVERT_PLACE_OFF &&
                      (config->mark != pipeline->mark || config->mask != pipeline->mask);
  if (laid && (applied.writes > 0 || crossing.left))
    divert_flows_end (config, &crossing, gid);
  if (laid)
    {
      pipeline->mark = config->mark;
      pipeline->mask = config->mask;
    }
  divert_anchors_learn (pipeline->anchors, facts, report->decision);
  divert_former_learn (pipeline->former, config, report->decision);
  divert_inquiry_ask (pipeline->kernel, pipeline->beacons, config, report->decision);

  divert_facts_free (pipeline->facts);
  pipeline->facts = g_steal_pointer (&facts);
  news = is_news (report, pipeline->report);
  keep_report (pipeline, report);
  if (news)
    log_report (report, pipeline->event);

  if (report->laid && pipeline->facts->sleeping)
    divert_sleep_allow (pipeline->sleep);
  pipeline->reported (report, pipeline->user_data);
  settled = is_settled (pipeline, report->decision);
  if (settled)
    pipeline->learning = FALSE;
  divert_waiters_tell (pipeline->waiters, report, settled, g_get_monotonic_time ());
  set_next_timer (pipeline);
}

static gboolean
on_run (gpointer user_data)
{
  DivertPipeline *pipeline = user_data;

  pipeline->run_id = 0;
  run (pipeline);
  return G_SOURCE_REMOVE;
}

static void
request_run (DivertPipeline *pipeline,
             const char     *event)
{
  if (pipeline->run_id != 0)
    return;
  pipeline->event = event;
  pipeline->event_time = g_get_monotonic_time ();
  pipeline->run_id = g_idle_add_full (G_PRIORITY_HIGH, on_run, pipeline, NULL);
}

static void
on_network_changed (gpointer user_data)
{
  request_run (user_data, "networkmanager");
}

static void
on_kernel_changed (gpointer user_data)
{
  request_run (user_data, "kernel");
}

static void
on_beacons_changed (gpointer user_data)
{
  request_run (user_data, "beacon");
}

static void
on_sleep_changed (gpointer user_data)
{
  DivertPipeline *pipeline = user_data;

  /* The machine may wake up anywhere, and a link need not show that it was away. */
  divert_kernel_distrust (pipeline->kernel, 0);
  request_run (pipeline, "sleep");
}

DivertPipeline *
divert_pipeline_new (const char      *config_dir,
                     DivertReported   reported,
                     gpointer         user_data,
                     GError         **error)
{
  g_autoptr(DivertPipeline) pipeline = g_new0 (DivertPipeline, 1);

  pipeline->reported = reported;
  pipeline->user_data = user_data;
  pipeline->retry_ms = RETRY_FIRST_MS;
  pipeline->waiters = divert_waiters_new ();
  pipeline->anchors = divert_anchors_new ();
  pipeline->former = divert_prefixes_new ();
  pipeline->settings = divert_settings_new (config_dir);
  pipeline->backend = divert_backend_iptables_new ();
  pipeline->started = !find_rules (pipeline->backend);
  pipeline->routes = divert_routes_new (error);
  if (pipeline->routes == NULL)
    return NULL;
  pipeline->kernel = divert_kernel_new (on_kernel_changed, pipeline, error);
  if (pipeline->kernel == NULL)
    return NULL;
  pipeline->network = divert_network_new (on_network_changed, pipeline);
  pipeline->beacons = divert_beacons_new (DIVERT_BEACONS_RENEWAL_S, on_beacons_changed, pipeline);
  pipeline->sleep = divert_sleep_new (on_sleep_changed, pipeline);

  pipeline->start_until = g_get_monotonic_time () + START_WAIT_US;
  request_run (pipeline, "start");
  return g_steal_pointer (&pipeline);
}

void
divert_pipeline_free (DivertPipeline *pipeline)
{
  if (pipeline == NULL)
    return;
  g_clear_handle_id (&pipeline->run_id, g_source_remove);
  g_clear_handle_id (&pipeline->timer_id, g_source_remove);
  g_clear_handle_id (&pipeline->retry_id, g_source_remove);
  divert_beacons_free (pipeline->beacons);
  divert_sleep_free (pipeline->sleep);
  divert_network_free (pipeline->network);
  divert_kernel_free (pipeline->kernel);
  divert_routes_free (pipeline->routes);
  divert_backend_free (pipeline->backend);
  divert_settings_free (pipeline->settings);
  divert_waiters_free (pipeline->waiters);
  divert_facts_free (pipeline->facts);
  divert_anchors_free (pipeline->anchors);
  g_clear_pointer (&pipeline->former, g_array_unref);
  if (pipeline->in_force != pipeline->report)
    divert_report_free (pipeline->in_force);
  divert_report_free (pipeline->report);
  g_free (pipeline);
}

void
divert_pipeline_refresh (DivertPipeline  *pipeline,
                         const char      *event,
                         gboolean         settle,
                         DivertRefreshed  refreshed,
                         gpointer         user_data)
{
  divert_waiters_add (pipeline->waiters, settle ? g_get_monotonic_time () + SETTLE_US : 0, (DivertWaited) refreshed, user_data);
  request_run (pipeline, event);
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

gboolean
divert_pipeline_set_mode (DivertPipeline    *pipeline,
                          const DivertMode  *mode,
                          GError           **error)
{
  if (!divert_settings_set_mode (pipeline->settings, mode, error))
    return FALSE;
  request_run (pipeline, "switch");
  return TRUE;
}

gboolean
divert_pipeline_reload (DivertPipeline  *pipeline,
                        GError         **error)
{
  gboolean ok = divert_settings_reload (pipeline->settings, error);

  /* Also on failure: what is wrong is to be seen in the problems. */
  request_run (pipeline, "reload");
  return ok;
}

void
divert_pipeline_lose_bus (DivertPipeline *pipeline)
{
  pipeline->bus_lost = TRUE;
  pipeline->event = "bus lost";
  pipeline->event_time = g_get_monotonic_time ();
  run (pipeline);
}

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
  return pipeline->backend->klass->count_dropped (pipeline->backend, ret_packets, NULL);
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
    decision = divert_decide (config, divert_settings_get_mode (pipeline->settings), facts);
  else
    decision = divert_decision_suppose (config, mode, facts);
  /* Without the group nothing is laid: then that is the truth of now, while a supposed place is shown as it would be. */
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
