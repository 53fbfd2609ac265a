/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: when a pulse beats.
 *
 * A wake-up costs battery, and mostly there are wake-ups anyway.  So the main loop checks before
 * and after each poll whether a beat is due, and only the latest time for it needs a timer.
 */
#include "pulse.h"

struct DivertPulse
{
  GSource         source;
  DivertPulseBeat beat;
  gpointer        user_data;
  gint64          soonest, latest; /* µs */
  gint64          last;            /* the last beat, in monotonic time */
};

/* Take advantage of a turn that somebody else caused. */
static gboolean
is_due (DivertPulse *pulse)
{
  return pulse->latest != 0 && g_source_get_time (&pulse->source) >= pulse->last + pulse->soonest;
}

static gboolean
prepare (GSource *source,
         int     *timeout)
{
  *timeout = -1;
  return is_due ((DivertPulse *) source);
}

static gboolean
check (GSource *source)
{
  return is_due ((DivertPulse *) source);
}

static void
wait (DivertPulse *pulse)
{
  pulse->last = g_get_monotonic_time ();
  g_source_set_ready_time (&pulse->source, pulse->latest != 0 ? pulse->last + pulse->latest : -1);
}

static gboolean
dispatch (GSource     *source,
          GSourceFunc  callback,
          gpointer     user_data)
{
  DivertPulse *pulse = (DivertPulse *) source;

  wait (pulse);
  pulse->beat (pulse->user_data);
  return G_SOURCE_CONTINUE;
}

DivertPulse *
divert_pulse_new (const char      *name,
                  DivertPulseBeat  beat,
                  gpointer         user_data)
{
  static GSourceFuncs funcs = { .prepare = prepare, .check = check, .dispatch = dispatch };
  DivertPulse *pulse = (DivertPulse *) g_source_new (&funcs, sizeof (DivertPulse));

  pulse->beat = beat;
  pulse->user_data = user_data;
  g_source_set_name (&pulse->source, name);
  /* A storm of events must not hold it up. */
  g_source_set_priority (&pulse->source, G_PRIORITY_HIGH);
  g_source_attach (&pulse->source, NULL);
  return pulse;
}

void
divert_pulse_free (DivertPulse *pulse)
{
  if (pulse == NULL)
    return;
  g_source_destroy (&pulse->source);
  g_source_unref (&pulse->source);
}

void
divert_pulse_set (DivertPulse *pulse,
                  gint64       soonest,
                  gint64       latest)
{
  if (pulse->soonest == soonest && pulse->latest == latest)
    return;
  pulse->soonest = soonest;
  pulse->latest = latest;
  wait (pulse);
}
