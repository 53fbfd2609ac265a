/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done from time to time, and in whose turn of the main loop. */
#include "system/base/pulse.h"

#define MS G_TIME_SPAN_MILLISECOND
/* Doesn't happen during a test. */
#define NEVER G_TIME_SPAN_HOUR

typedef struct
{
  DivertPulse *pulse;
  guint        beats;
  gint64       next_latest; /* set by the beat; 0: it sets nothing */
} Fixture;

static void
on_beat (gpointer user_data)
{
  Fixture *f = user_data;

  f->beats++;
  if (f->next_latest != 0)
    divert_pulse_set (f->pulse, 0, f->next_latest);
}

static gboolean
on_wake_up (gpointer user_data)
{
  guint *n = user_data;

  (*n)++;
  return G_SOURCE_CONTINUE;
}

static void
set_up (Fixture       *f,
        gconstpointer  user_data)
{
  f->pulse = divert_pulse_new ("test", on_beat, f);
}

static void
tear_down (Fixture       *f,
           gconstpointer  user_data)
{
  divert_pulse_free (f->pulse);
}

static void
test_alone (Fixture       *f,
            gconstpointer  user_data)
{
  const gint64 start = g_get_monotonic_time ();

  /* The turn after a beat must take less than the first of these, or the next beat comes early. On an emulated
   * processor it takes some milliseconds. */
  divert_pulse_set (f->pulse, 90 * MS, 100 * MS);
  while (f->beats < 3)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 300 * MS);
}

/* It runs in a turn that something else has caused, and so without a wake-up. Turns in between need not wait. */
static void
test_rides (Fixture       *f,
            gconstpointer  user_data)
{
  guint wake_ups = 0, turns = 0, id = g_timeout_add (20, on_wake_up, &wake_ups);

  divert_pulse_set (f->pulse, 30 * MS, NEVER);
  for (; f->beats < 3; turns++)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (id);
  /* The last wake-up was not handled. */
  g_assert_cmpuint (turns, <=, 2 * (wake_ups + 1));
}

/* Setting the same limits in each run doesn't delay it. */
static void
test_same_limits (Fixture       *f,
                  gconstpointer  user_data)
{
  guint wake_ups = 0, id = g_timeout_add (5, on_wake_up, &wake_ups);

  while (f->beats < 2)
    {
      divert_pulse_set (f->pulse, 30 * MS, 60 * MS);
      g_main_context_iteration (NULL, TRUE);
    }
  g_source_remove (id);
}

static void
test_stands_still (Fixture       *f,
                   gconstpointer  user_data)
{
  guint wake_ups = 0, id = g_timeout_add (5, on_wake_up, &wake_ups);

  while (wake_ups < 3)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (f->beats, ==, 0);

  divert_pulse_set (f->pulse, 0, 10 * MS);
  while (f->beats == 0)
    g_main_context_iteration (NULL, TRUE);
  divert_pulse_set (f->pulse, 0, 0);
  f->beats = wake_ups = 0;
  while (wake_ups < 5)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (id);
  g_assert_cmpuint (f->beats, ==, 0);
}

static void
test_beat_sets (Fixture       *f,
                gconstpointer  user_data)
{
  f->next_latest = 10 * MS;
  divert_pulse_set (f->pulse, NEVER, NEVER);
  divert_pulse_set (f->pulse, 0, 5 * MS);
  while (f->beats < 3)
    g_main_context_iteration (NULL, TRUE);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, test) g_test_add ("/pulse/" name, Fixture, NULL, set_up, test, tear_down)
  ADD ("alone", test_alone);
  ADD ("rides", test_rides);
  ADD ("same-limits", test_same_limits);
  ADD ("stands-still", test_stands_still);
  ADD ("beat-sets", test_beat_sets);
#undef ADD
  divert_pulse_free (NULL);
  return g_test_run ();
}
