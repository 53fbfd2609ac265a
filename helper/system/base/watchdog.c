/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: when the manager hears from us.
 *
 * A wake-up costs battery, and there are wake-ups anyway: at home the gateways are asked once a
 * second.  So the message goes out in the first turn of the main loop after a third of the limit,
 * and only after two thirds is the loop woken up for it.
 */
#include "watchdog.h"

#include <stdlib.h>
#include <unistd.h>

#include "manager.h"

struct DivertWatchdog
{
  GSource      source;
  DivertAlive  alive;
  gpointer     user_data;
  gint64       limit; /* µs */
  gint64       told;  /* monotonic time */
};

/* Take advantage of a turn that somebody else caused. */
static gboolean
is_time (DivertWatchdog *watchdog)
{
  return g_source_get_time (&watchdog->source) >= watchdog->told + watchdog->limit / 3;
}

static gboolean
prepare (GSource *source,
         int     *timeout)
{
  *timeout = -1;
  return is_time ((DivertWatchdog *) source);
}

static gboolean
check (GSource *source)
{
  return is_time ((DivertWatchdog *) source);
}

static gboolean
dispatch (GSource     *source,
          GSourceFunc  callback,
          gpointer     user_data)
{
  DivertWatchdog *watchdog = (DivertWatchdog *) source;

  if (watchdog->alive (watchdog->user_data))
    divert_manager_feed_watchdog (0);
  /* Even if it is not alive: the question comes up again in time. */
  watchdog->told = g_get_monotonic_time ();
  g_source_set_ready_time (source, watchdog->told + watchdog->limit * 2 / 3);
  return G_SOURCE_CONTINUE;
}

/* Is this the process that is watched? */
static gboolean
is_watched (void)
{
  const char *limit = g_getenv ("WATCHDOG_USEC"), *pid = g_getenv ("WATCHDOG_PID");

  return limit != NULL && (pid == NULL || g_ascii_strtoll (pid, NULL, 10) == getpid ());
}

DivertWatchdog *
divert_watchdog_new (DivertAlive alive,
                     gpointer    user_data)
{
  static GSourceFuncs funcs = { .prepare = prepare, .check = check, .dispatch = dispatch };
  DivertWatchdog *watchdog;

  if (!is_watched ())
    return NULL;
  watchdog = (DivertWatchdog *) g_source_new (&funcs, sizeof (DivertWatchdog));
  watchdog->alive = alive;
  watchdog->user_data = user_data;
  watchdog->limit = MAX (g_ascii_strtoll (g_getenv ("WATCHDOG_USEC"), NULL, 10), 3);
  g_source_set_name (&watchdog->source, "watchdog");
  /* A storm of events must not get us killed. */
  g_source_set_priority (&watchdog->source, G_PRIORITY_HIGH);
  g_source_set_ready_time (&watchdog->source, 0);
  g_source_attach (&watchdog->source, NULL);
  return watchdog;
}

void
divert_watchdog_free (DivertWatchdog *watchdog)
{
  if (watchdog == NULL)
    return;
  g_source_destroy (&watchdog->source);
  g_source_unref (&watchdog->source);
}

void
divert_watchdog_set_limit (DivertWatchdog *watchdog,
                           guint           limit_ms)
{
  const gint64 limit = limit_ms * G_TIME_SPAN_MILLISECOND;

  if (watchdog == NULL || watchdog->limit == limit)
    return;
  watchdog->limit = limit;
  watchdog->told = g_get_monotonic_time ();
  divert_manager_feed_watchdog (limit);
  g_source_set_ready_time (&watchdog->source, watchdog->told + limit * 2 / 3);
}
