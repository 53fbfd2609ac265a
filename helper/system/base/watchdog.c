/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: when the manager hears from us.
 *
 * The message goes out in the first turn of the main loop after a third of the limit, and at the
 * latest after two thirds (pulse.h).
 *
 * Any user can write to the manager's queue, and so keep it full.  A message that finds no room is sent again soon,
 * until it has been taken.  Otherwise the manager would kill us, or go on with a longer limit than it should.
 */
#include "watchdog.h"

#include <stdlib.h>
#include <unistd.h>

#include "manager.h"
#include "pulse.h"

/* After a message that the manager has not taken. */
#define RETRY_US (10 * G_TIME_SPAN_MILLISECOND)

struct DivertWatchdog
{
  DivertPulse *pulse;
  DivertAlive  alive;
  gpointer     user_data;
  gint64       limit;  /* µs */
  gboolean     untold; /* the manager has not taken that limit yet */
};

static void
set_pulse (DivertWatchdog *watchdog,
           gboolean        taken)
{
  divert_pulse_set (watchdog->pulse, taken ? watchdog->limit / 3 : RETRY_US,
                    taken ? watchdog->limit * 2 / 3 : RETRY_US);
}

static void
feed (DivertWatchdog *watchdog)
{
  const gboolean taken = divert_manager_feed_watchdog (watchdog->untold ? watchdog->limit : 0);

  watchdog->untold &= !taken;
  set_pulse (watchdog, taken);
}

static void
on_beat (gpointer user_data)
{
  DivertWatchdog *watchdog = user_data;

  if (watchdog->alive (watchdog->user_data))
    feed (watchdog);
}

gboolean
divert_watchdog_is_watching (void)
{
  const char *limit = g_getenv ("WATCHDOG_USEC"), *pid = g_getenv ("WATCHDOG_PID");

  return limit != NULL && (pid == NULL || g_ascii_strtoll (pid, NULL, 10) == getpid ());
}

DivertWatchdog *
divert_watchdog_new (DivertAlive alive,
                     gpointer    user_data)
{
  DivertWatchdog *watchdog;

  if (!divert_watchdog_is_watching ())
    return NULL;
  watchdog = g_new0 (DivertWatchdog, 1);
  watchdog->alive = alive;
  watchdog->user_data = user_data;
  watchdog->limit = MAX (g_ascii_strtoll (g_getenv ("WATCHDOG_USEC"), NULL, 10), 3);
  watchdog->pulse = divert_pulse_new ("watchdog", on_beat, watchdog);
  set_pulse (watchdog, TRUE);
  on_beat (watchdog);
  return watchdog;
}

void
divert_watchdog_free (DivertWatchdog *watchdog)
{
  if (watchdog == NULL)
    return;
  divert_pulse_free (watchdog->pulse);
  g_free (watchdog);
}

void
divert_watchdog_set_limit (DivertWatchdog *watchdog,
                           guint           limit_ms)
{
  const gint64 limit = limit_ms * G_TIME_SPAN_MILLISECOND;

  if (watchdog == NULL || watchdog->limit == limit)
    return;
  watchdog->limit = limit;
  watchdog->untold = TRUE;
  feed (watchdog);
}
