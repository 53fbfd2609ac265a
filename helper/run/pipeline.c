/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the run.  Every event of any kind (pipeline-events.c) leads to the same run over all stages.  A run that finds
 * nothing to change writes nothing.
 *
 * Theory of operation.  An event sets one flag.  The run then happens in the main loop, at high priority, before
 * what callers have ordered (orders.c).  It is one stretch of work, and takes about a millisecond.  It waits for nobody
 * but the kernel, which may take longer over nftables (K1.14); the tripwire closes the fence meanwhile.  If something
 * else has to be waited for (a gateway's answer, NetworkManager's first reading, a lock), the run asks for it, and its
 * arrival is an event.  So runs never overlap, SIGTERM never cuts one short, and there is no queue.  In a storm of
 * events, one run follows another.  The other sources then get a turn now and again (turns.c), because otherwise
 * NetworkManager's messages would pile up.
 */
#include "pipeline-private.h"

#include "core/facts/freshness.h"
#include "core/memory/auto6-memory.h"
#include "core/place/listening.h"
#include "core/place/router.h"
#include "flows.h"
#include "inquiry.h"
#include "overtaken.h"
#include "system/base/clock.h"
#include "system/base/heap.h"

#define EXPIRY_CHECK_S 30        /* the wall clock can be set, and this timer stands still during sleep */
/* The service manager kills a helper that hangs.  While there is a grant, DIVERT_GRANT_LIFETIME_MS is the limit. */
#define WATCH_MS 60000
/* Some 10 us each time. */
#define LOOK_US (100 * G_TIME_SPAN_MILLISECOND)
/* One change is often followed by another one. */
#define TRIM_MS 2000

static gboolean
on_timer (gpointer user_data)
{
  DivertPipeline *pipeline = user_data;

  pipeline->timer_id = 0;
  divert_run_request_put (&pipeline->request, "timer");
  return G_SOURCE_REMOVE;
}

static gboolean
is_at_site (const DivertReport *report)
{
  return report != NULL && report->decision->place == DIVERT_PLACE_SITE;
}

/* A grant may have to be taken back at any moment.  Taking it back is a write, and so has this called again. */
static gboolean
on_trim (gpointer user_data)
{
  DivertPipeline *pipeline = user_data;

  pipeline->trim_id = 0;
  if (!is_at_site (pipeline->report) && !is_at_site (pipeline->in_force))
    divert_heap_trim ();
  return G_SOURCE_REMOVE;
}

void
divert_pipeline_trim_later (DivertPipeline *pipeline)
{
  if (pipeline->trim_id == 0)
    pipeline->trim_id = g_timeout_add_full (G_PRIORITY_LOW, TRIM_MS, on_trim, pipeline, NULL);
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

/* Who listens is seen elsewhere, at any time; the first look at other ports makes another run. */
static void
watch_proxy (DivertPipeline *pipeline,
             const guint32  *gid)
{
  const DivertConfig *config = divert_settings_get_config (pipeline->settings);
  g_autoptr(GArray) needed = divert_listening_list (config);

  pipeline->unit = divert_units_find_own (pipeline->units, config);
  /* A proxy that is known by its unit alone isn't anybody while that does not run. */
  if (config->group == NULL && pipeline->unit == NULL)
    gid = NULL;
  if (pipeline->proxy != NULL)
    divert_proxy_watch_set (pipeline->proxy, needed, gid, pipeline->unit != NULL ? pipeline->unit->path : NULL);
}

/* A beacon is asked time and again in the same network, and what a resolver has said is no reason to ask it again. */
static gboolean
may_change_servers (const char *event)
{
  return !g_str_equal (event, "beacon") && !g_str_equal (event, "resolver");
}

/* Stage: facts.  Whatever can't be read stays empty, and that means away. */
static DivertFacts *
gather (DivertPipeline *pipeline,
        GPtrArray      *problems)
{
  DivertFacts *facts = divert_facts_new ();
  g_autoptr(GError) error = NULL;

  if (!pipeline->bus_lost && pipeline->network != NULL)
    divert_network_gather (pipeline->network, facts);
  divert_inquiry_follow_access_points (pipeline->kernel, pipeline->facts, facts);
  divert_inquiry_name_routers (pipeline->kernel, divert_settings_get_config (pipeline->settings));
  if (!divert_kernel_gather (pipeline->kernel, facts, &error))
    g_ptr_array_add (problems, divert_problem_new (DIVERT_PROBLEM_FACTS, error->message));
  divert_inquiry_distrust (pipeline->beacons, pipeline->facts, facts);
  divert_beacons_keep (pipeline->beacons, divert_settings_get_config (pipeline->settings));
  divert_beacons_gather (pipeline->beacons, facts);
  if (pipeline->proxy != NULL)
    divert_proxy_watch_gather (pipeline->proxy, facts);
  divert_resolver_gather (pipeline->resolver, divert_settings_get_config (pipeline->settings),
                          may_change_servers (pipeline->request.event), facts);
  divert_units_gather (pipeline->units, divert_settings_get_config (pipeline->settings), facts);
  facts->sleeping = pipeline->sleep != NULL && divert_sleep_is_near (pipeline->sleep);
  divert_facts_sort (facts);
  pipeline->placed_until = divert_placing_apply (&pipeline->placing, facts, g_get_monotonic_time ());
  divert_anchors_fill (pipeline->anchors, facts);
  divert_facts_fill_fresh (facts);
  g_array_append_vals (facts->former, pipeline->former->data, pipeline->former->len);
  return facts;
}

/* Has NetworkManager been read? */
static gboolean
is_ready (const DivertPipeline *pipeline)
{
  return pipeline->network != NULL && divert_network_is_ready (pipeline->network);
}

/* Can the proxy's packets be told from others?  Adds what is wrong with that to @problems. */
static gboolean
can_know_proxy (const DivertConfig *config,
                const DivertFacts  *facts,
                GPtrArray          *problems)
{
  if (divert_config_needs_cgroups (config) && !facts->has_cgroups)
    g_ptr_array_add (problems, divert_problem_new (DIVERT_PROBLEM_NO_CGROUPS, NULL));
  else if (config->unit != NULL && divert_facts_find_unit (facts, config->unit) == NULL)
    g_ptr_array_add (problems, divert_problem_new (DIVERT_PROBLEM_UNIT_DOWN, config->unit));
  return config->group != NULL || facts->has_cgroups;
}

/* A mode that has ended becomes auto.  We don't know which network this is before all of it has been read. */
static void
end_mode (DivertPipeline    *pipeline,
          const DivertFacts *facts)
{
  g_autofree char *network = is_ready (pipeline) ? divert_facts_network (facts) : NULL;

  DivertClock now;

  divert_clock_read (&now);
  if (divert_mode_is_over (divert_settings_get_mode (pipeline->settings), &now, network))
    divert_settings_end_mode (pipeline->settings);
}

/* Are we starting up, and does it help to wait a moment? */
static gboolean
should_wait (DivertPipeline       *pipeline,
             const DivertDecision *decision)
{
  const DivertModeKind mode = divert_settings_get_mode (pipeline->settings)->kind;
  gint64 until = 0;

  /* A person's decision doesn't wait for proofs. */
  if (!pipeline->bus_lost && mode != DIVERT_MODE_AWAY && mode != DIVERT_MODE_OFF)
    until = divert_startup_wait (&pipeline->startup, is_ready (pipeline), decision, g_get_monotonic_time ());
  if (until != 0)
    set_timer (pipeline, until);
  return until != 0;
}

/* The earlier one; 0 means none. */
static gint64
earlier (gint64 a,
         gint64 b)
{
  if (a == 0 || b == 0)
    return a + b;
  return MIN (a, b);
}

/* Whoever is alive renews what would lapse, in somebody else's turn of the main loop if there is one in time.  In such
 * turns the links are asked about, too, but a storm of them must not cost much.  At home the gateways cause one a
 * second, and either what lapses or the watchdog one in two seconds, so the links never need one of their own. */
static void
set_pulses (DivertPipeline       *pipeline,
            const DivertDecision *decision)
{
  const gboolean granted = decision->place == DIVERT_PLACE_SITE;
  const gint64 lifetime = granted ? divert_laying_get_lifetime () * G_TIME_SPAN_MILLISECOND : 0;

  divert_pulse_set (pipeline->renewal, lifetime / 3, lifetime * 2 / 3);
  divert_pulse_set (pipeline->links, granted ? LOOK_US : 0,
                    granted ? DIVERT_GRANT_LIFETIME_MS * G_TIME_SPAN_MILLISECOND * 2 / 3 : 0);
}

static void
set_next_timer (DivertPipeline *pipeline)
{
  const DivertMode *mode = divert_settings_get_mode (pipeline->settings);
  gint64 deadline = divert_waiters_get_deadline (pipeline->waiters);

  if (mode->expires != 0)
    {
      DivertClock now;

      divert_clock_read (&now);
      deadline = earlier (deadline, g_get_monotonic_time () +
                          (gint64) MIN (divert_mode_get_left (mode, &now), EXPIRY_CHECK_S) * G_USEC_PER_SEC);
    }
  deadline = earlier (deadline, pipeline->held_until);
  deadline = earlier (deadline, pipeline->placed_until);
  deadline = earlier (deadline, pipeline->news_due);
  deadline = earlier (deadline, divert_settings_get_retry (pipeline->settings));
  set_timer (pipeline, deadline);
}

/* Has everybody we asked answered by now?  Gateways matter here only while somebody wants to know the gateways
 * themselves, rather than their part in a decision. */
static gboolean
is_settled (const DivertPipeline *pipeline,
            const DivertDecision *decision)
{
  const DivertFacts *facts = pipeline->facts;

  if (!is_ready (pipeline) || (pipeline->proxy != NULL && divert_proxy_watch_has_guessed (pipeline->proxy)))
    return FALSE;
  for (guint i = 0; pipeline->learning && i < facts->links->len; i++)
    {
      const DivertLink *link = g_ptr_array_index (facts->links, i);

      for (guint j = 0; j < link->gateways->len; j++)
        if (((DivertGateway *) g_ptr_array_index (link->gateways, j))->state == DIVERT_GATEWAY_PENDING)
          return FALSE;
    }
  return !divert_decision_is_pending (decision);
}

/* Reading the tables takes longer than anything else before the first write to them.  So a run that changes the place
 * leaves that out unless somebody has given a sign of a change; without one, a look behind the writes must do. */
static gboolean
should_look_thoroughly (const DivertPipeline *pipeline,
                        const DivertDecision *now)
{
  const DivertDecision *before = pipeline->in_force != NULL ? pipeline->in_force->decision : NULL;

  return divert_drifts_suspects (pipeline->drifts) || before == NULL ||
         g_str_equal (divert_decision_get_place (before), divert_decision_get_place (now));
}

DivertLaying *
divert_pipeline_get_laying (DivertPipeline *pipeline)
{
  return pipeline->laying;
}

void
divert_pipeline_run (DivertPipeline *pipeline)
{
  const DivertConfig *config = divert_settings_get_config (pipeline->settings);
  g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_problem_free);
  g_autoptr(DivertFacts) facts = NULL;
  g_autoptr(DivertDecision) decision = NULL;
  const gint64 begin = divert_clock_get_processor_time ();
  DivertReport *report;
  DivertCrossing crossing;
  DivertParts changed;
  DivertLaid laid;
  gboolean settled, has_gid;
  DivertApplied applied;
  guint32 gid = 0;

  if (should_wait (pipeline, NULL))
    return;

  divert_laying_settle (pipeline->laying);
  divert_settings_retry (pipeline->settings);
  has_gid = divert_settings_get_gid (pipeline->settings, &gid);
  divert_settings_add_problems (pipeline->settings, problems);
  watch_proxy (pipeline, has_gid ? &gid : NULL);
  facts = gather (pipeline, problems);
  divert_listening_add_problems (config, facts, problems);
  has_gid = has_gid && can_know_proxy (config, facts, problems);
  end_mode (pipeline, facts);
  decision = divert_decide (config, divert_settings_get_mode (pipeline->settings), facts);
  pipeline->held_until = divert_hold_apply (pipeline->hold, facts, decision, g_get_monotonic_time ());
  if (should_wait (pipeline, decision))
    {
      divert_inquiry_ask (pipeline->kernel, pipeline->beacons, config, facts, decision);
      /* The next run then knows whether a link is still the same network, and does not forget the answer that it waits
       * for. */
      divert_facts_free (pipeline->facts);
      pipeline->facts = g_steal_pointer (&facts);
      return;
    }
  divert_startup_end (&pipeline->startup);

  /* Under a new mark, a connection with the old mark would be taken for one that is left alone. */
  crossing = divert_pipeline_get_crossing (pipeline, decision, facts);
  if (crossing.remarked)
    {
      divert_flows_forget_mark (pipeline->mask);
      divert_flows_end (pipeline->flows, config, &crossing, gid);
    }
  divert_laying_close (pipeline->laying, config, decision, facts, problems, &applied);
  /* The filter may have to wait for its lock. */
  if (applied.writes > 0)
    divert_flows_drop_waiting (pipeline->flows, crossing.before, decision);
  changed = divert_laying_find_drift (pipeline->laying, should_look_thoroughly (pipeline, decision));
  divert_pipeline_expect_unjudged (pipeline, decision, facts, changed);
  /* Shorten the limit before there is a grant, and lengthen it after there is none. */
  if (decision->place == DIVERT_PLACE_SITE)
    divert_watchdog_set_limit (pipeline->watchdog, DIVERT_GRANT_LIFETIME_MS);
  laid = divert_laying_lay (pipeline->laying, config, has_gid ? &gid : NULL, decision, facts, problems, &applied);
  divert_overtaken_find (config, decision, facts, problems);
  divert_laying_find_undelivered (pipeline->laying, facts, problems);
  divert_routers_add_problems (config, decision, facts, problems);
  set_pulses (pipeline, decision);
  changed |= divert_laying_take_drift (pipeline->laying);
  divert_drifts_see (pipeline->drifts, changed, laid == DIVERT_LAID);
  report = divert_pipeline_make_report (pipeline, g_steal_pointer (&decision), g_steal_pointer (&problems),
                                        laid == DIVERT_LAID, applied);
  report->mended = changed != 0;
  report->refed = pipeline->facts != NULL && !divert_listening_equal (pipeline->facts->listening, facts->listening);

  if (laid != DIVERT_LAID_NOT && report->decision->place != DIVERT_PLACE_SITE)
    divert_watchdog_set_limit (pipeline->watchdog, WATCH_MS);
  /* Even if this run failed, what it wrote must be followed by this. */
  pipeline->wrote |= applied.writes > 0;
  pipeline->left |= pipeline->facts != NULL && divert_facts_have_left (pipeline->facts, facts);
  if (laid == DIVERT_LAID)
    {
      divert_pipeline_end_flows (pipeline, report->decision, facts, gid);
      divert_hold_learn (pipeline->hold, facts, report->decision, g_get_monotonic_time ());
    }
  divert_anchors_learn (pipeline->anchors, facts, report->decision, g_get_monotonic_time ());
  divert_former_learn (pipeline->former, config, report->decision);
  divert_inquiry_ask (pipeline->kernel, pipeline->beacons, config, facts, report->decision);
  divert_resolver_ask (pipeline->resolver, laid == DIVERT_LAID && report->decision->place != DIVERT_PLACE_OFF);

  divert_facts_free (pipeline->facts);
  pipeline->facts = g_steal_pointer (&facts);
  pipeline->news_due = divert_news_see (&pipeline->news, report, pipeline->report, pipeline->request.event,
                                        g_get_monotonic_time ());
  divert_pipeline_keep_report (pipeline, report);

  if (laid != DIVERT_LAID_NOT && pipeline->facts->sleeping)
    divert_sleep_allow (pipeline->sleep);
  /* Learn now what the tables hold, because the next run may revoke something, and would have to do it first. */
  if (applied.writes > 0 && divert_laying_find_drift (pipeline->laying, TRUE) != 0)
    divert_drifts_touch (NULL, pipeline->drifts);
  if (applied.writes > 0)
    divert_pipeline_trim_later (pipeline);
  /* Do this before those who wait are told, because they look at it. */
  pipeline->run_cost = divert_clock_get_processor_time () - begin;
  divert_pipeline_tell (pipeline);
  settled = is_settled (pipeline, report->decision);
  if (settled)
    pipeline->learning = FALSE;
  divert_waiters_tell (pipeline->waiters, settled, g_get_monotonic_time ());
  set_next_timer (pipeline);
}
