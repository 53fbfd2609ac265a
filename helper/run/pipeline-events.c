/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what a pipeline is made of, and the events, each of which asks for a run.
 */
#include "pipeline-private.h"

#include "system/filter/choice.h"

/* The first write waits so long at most.  It takes a few milliseconds on a machine that is not busy. */
#define REMEMBERING_MS 50
#define BUS_LOST_US (3 * G_USEC_PER_SEC)
#define BUS_LOST_STEP_US (20 * 1000)

static void
on_run (gpointer user_data)
{
  divert_pipeline_run (user_data);
}

/* A main loop that turns but never gets to its runs is as bad as one that hangs. */
static gboolean
is_alive (gpointer user_data)
{
  const DivertPipeline *pipeline = user_data;

  return !divert_run_request_is_overdue (&pipeline->request);
}

static void
ask (DivertPipeline *pipeline,
     const char     *event)
{
  divert_run_request_put (&pipeline->request, event);
}

static void
on_retry (gpointer user_data)
{
  ask (user_data, "retry");
}

static void
on_tripped (gpointer user_data)
{
  ask (user_data, "tripwire");
}

static void
on_settings_changed (gpointer user_data)
{
  ask (user_data, "settings");
}

static void on_network_changed (gpointer user_data);

/* The answer to an earlier reading may be lost, and that would show only after half a minute. */
void
divert_pipeline_read_network_again (DivertPipeline *pipeline)
{
  g_clear_pointer (&pipeline->network_anew, divert_network_free);
  if (!pipeline->bus_lost)
    pipeline->network_anew = divert_network_new (on_network_changed, pipeline);
  /* What the sieve kept back may have been long. */
  divert_pipeline_trim_later (pipeline);
}

/* A reading that has failed leaves the earlier one. */
static void
take_network_anew (DivertPipeline *pipeline)
{
  DivertNetwork *anew = g_steal_pointer (&pipeline->network_anew);

  if (divert_network_is_heard (anew))
    {
      divert_network_free (pipeline->network);
      pipeline->network = anew;
    }
  else
    divert_network_free (anew);
}

/* By either of them. */
static void
on_network_changed (gpointer user_data)
{
  DivertPipeline *pipeline = user_data;

  if (pipeline->network_anew != NULL && divert_network_is_ready (pipeline->network_anew))
    take_network_anew (pipeline);
  ask (pipeline, "networkmanager");
}

static void
on_kernel_changed (gpointer user_data)
{
  ask (user_data, "kernel");
}

static void
on_beacons_changed (gpointer user_data)
{
  ask (user_data, "beacon");
}

static gboolean on_units_due (gpointer user_data);

/* A unit may be restarted in a loop, and a user may start and stop what is exempt.  Neither must keep us busy, and
 * users must not make the proxy wait. */
static void
ask_for_units (DivertPipeline *pipeline,
               gboolean        own)
{
  const gint64 now = g_get_monotonic_time ();
  const gint64 when = divert_pace_spend (own ? &pipeline->own_pace : &pipeline->exempt_pace, now, pipeline->run_cost);

  if (when == 0)
    {
      ask (pipeline, "unit");
      return;
    }
  pipeline->units_own |= own;
  if (pipeline->units_id == 0)
    pipeline->units_id = g_timeout_add ((when - now) / 1000 + 1, on_units_due, pipeline);
}

static gboolean
on_units_due (gpointer user_data)
{
  DivertPipeline *pipeline = user_data;
  const gboolean own = pipeline->units_own;

  pipeline->units_id = 0;
  pipeline->units_own = FALSE;
  ask_for_units (pipeline, own);
  return G_SOURCE_REMOVE;
}

static void
on_units_changed (gboolean own,
                  gpointer user_data)
{
  ask_for_units (user_data, own);
}

static void
on_proxy_changed (gpointer user_data)
{
  ask (user_data, "proxy");
}

static void
on_resolver_changed (gpointer user_data)
{
  ask (user_data, "resolver");
}

static void
on_drift (gpointer user_data)
{
  ask (user_data, "rules changed by another program");
}

static DivertParts
find_drift (gpointer user_data)
{
  return divert_laying_find_drift (((DivertPipeline *) user_data)->laying, TRUE);
}

/* Whoever deletes what is ours is named in the notification alone. */
static void
on_notification (struct nlmsghdr *header,
                 gpointer         user_data)
{
  DivertPipeline *pipeline = user_data;

  if (divert_laying_is_loss (pipeline->laying, header))
    divert_drifts_suspect_port (pipeline->drifts, header->nlmsg_pid);
}

/* Only while the main loop comes to its runs, and the last one found us at a site. */
static void
on_renewal (gpointer user_data)
{
  DivertPipeline *pipeline = user_data;

  if (!is_alive (pipeline) || pipeline->report->decision->place != DIVERT_PLACE_SITE)
    return;
  if (!divert_laying_renew (pipeline->laying))
    ask (pipeline, "grant lapsed");
}

static void
on_links_due (gpointer user_data)
{
  divert_laying_look_at_links (((DivertPipeline *) user_data)->laying);
}

static void
on_sleep_changed (gpointer user_data)
{
  DivertPipeline *pipeline = user_data;

  /* The machine may wake up anywhere, and a link need not show that it was away. */
  divert_kernel_distrust (pipeline->kernel, 0);
  ask (pipeline, "sleep");
}

static void
watch_proxy (DivertPipeline *pipeline)
{
  g_autoptr(GError) error = NULL;

  pipeline->proxy = divert_proxy_watch_new (&divert_proxy_pace, on_proxy_changed, pipeline, &error);
  if (pipeline->proxy == NULL)
    g_warning ("the proxy is not watched: %s", error->message);
}

DivertPipeline *
divert_pipeline_new (const char      *config_dir,
                     DivertSentinel  *sentinel,
                     GError         **error)
{
  g_autoptr(DivertPipeline) pipeline = g_new0 (DivertPipeline, 1);

  divert_run_request_init (&pipeline->request, on_run, pipeline);
  pipeline->waiters = divert_waiters_new ();
  pipeline->anchors = divert_anchors_new ();
  pipeline->hold = divert_hold_new ();
  pipeline->flows = divert_flows_new (REMEMBERING_MS);
  pipeline->former = divert_prefixes_new ();
  pipeline->settings = divert_settings_new (config_dir, on_settings_changed, pipeline);
  pipeline->laying = divert_laying_new (divert_choice_new (), on_retry, pipeline, error);
  if (pipeline->laying == NULL)
    return NULL;
  pipeline->drifts = divert_drifts_new (&divert_drift_times, find_drift, on_drift, pipeline);
  divert_laying_watch (pipeline->laying, divert_drifts_touch, pipeline->drifts);
  pipeline->kernel = divert_kernel_new (on_kernel_changed, pipeline, error);
  if (pipeline->kernel == NULL)
    return NULL;
  divert_laying_set_tripwire (pipeline->laying, sentinel, on_tripped, pipeline);
  divert_kernel_ignore_writers (pipeline->kernel, divert_laying_get_port (pipeline->laying),
                                divert_laying_get_wire_port (pipeline->laying));
  divert_kernel_set_witness (pipeline->kernel, on_notification, pipeline);
  pipeline->beacons = divert_beacons_new (&DIVERT_BEACON_LIMITS, on_beacons_changed, pipeline);
  pipeline->units = divert_units_new (on_units_changed, pipeline);

  watch_proxy (pipeline);
  pipeline->resolver = divert_resolver_new (on_resolver_changed, pipeline);
  pipeline->watchdog = divert_watchdog_new (is_alive, pipeline);
  pipeline->renewal = divert_pulse_new ("renewal", on_renewal, pipeline);
  pipeline->links = divert_pulse_new ("links", on_links_due, pipeline);

  pipeline->startup = divert_startup_begin (divert_laying_find_rules (pipeline->laying), g_get_monotonic_time ());
  ask (pipeline, "start");
  return g_steal_pointer (&pipeline);
}

void
divert_pipeline_connect (DivertPipeline *pipeline)
{
  pipeline->network = divert_network_new (on_network_changed, pipeline);
  pipeline->sleep = divert_sleep_new (on_sleep_changed, pipeline);
}

void
divert_pipeline_set_reported (DivertPipeline *pipeline,
                              DivertReported  reported,
                              gpointer        user_data)
{
  pipeline->reported = reported;
  pipeline->user_data = user_data;
  divert_pipeline_tell (pipeline);
}

void
divert_pipeline_free (DivertPipeline *pipeline)
{
  if (pipeline == NULL)
    return;
  divert_run_request_clear (&pipeline->request);
  divert_watchdog_free (pipeline->watchdog);
  divert_pulse_free (pipeline->renewal);
  divert_pulse_free (pipeline->links);
  g_clear_handle_id (&pipeline->timer_id, g_source_remove);
  g_clear_handle_id (&pipeline->trim_id, g_source_remove);
  g_clear_handle_id (&pipeline->units_id, g_source_remove);
  divert_units_free (pipeline->units);
  divert_beacons_free (pipeline->beacons);
  divert_proxy_watch_free (pipeline->proxy);
  divert_resolver_free (pipeline->resolver);
  divert_sleep_free (pipeline->sleep);
  divert_network_free (pipeline->network_anew);
  divert_network_free (pipeline->network);
  divert_kernel_free (pipeline->kernel);
  divert_laying_free (pipeline->laying);
  divert_drifts_free (pipeline->drifts);
  divert_flows_free (pipeline->flows);
  divert_settings_free (pipeline->settings);
  divert_waiters_free (pipeline->waiters);
  divert_facts_free (pipeline->facts);
  divert_facts_free (pipeline->laid_facts);
  divert_config_free (pipeline->laid_config);
  divert_anchors_free (pipeline->anchors);
  divert_hold_free (pipeline->hold);
  divert_news_clear (&pipeline->news);
  g_clear_pointer (&pipeline->former, g_array_unref);
  if (pipeline->in_force != pipeline->report)
    divert_report_free (pipeline->in_force);
  divert_report_free (pipeline->report);
  g_free (pipeline);
}

void
divert_pipeline_lose_bus (DivertPipeline *pipeline)
{
  gint64 deadline = g_get_monotonic_time () + BUS_LOST_US;

  /* Nobody comes after us to try again, so we retry while another program is busy with the tables. */
  pipeline->bus_lost = TRUE;
  do
    {
      divert_run_request_begin (&pipeline->request, "bus lost");
      divert_pipeline_run (pipeline);
      if (pipeline->report->laid)
        break;
      g_usleep (BUS_LOST_STEP_US);
    }
  while (g_get_monotonic_time () < deadline);
}
