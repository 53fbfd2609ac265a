/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other programs' changes: when we look, and what is remembered. */
#include "run/drifts.h"

#include <string.h>

#define MANGLE (1u << DIVERT_PART_MANGLE_IPV4)
#define NAT (1u << DIVERT_PART_NAT_IPV6)
#define NEVER (3600 * (gint64) G_USEC_PER_SEC)

typedef struct
{
  DivertDrifts *drifts;
  DivertParts   changed; /* what a look finds */
  gulong        wait;    /* µs that it waits for somebody */
  guint         looks;
  guint         runs;
  gint64        look;    /* when the last look was */
} World;

static DivertParts
find (gpointer user_data)
{
  World *world = user_data;

  world->looks++;
  world->look = g_get_monotonic_time ();
  g_usleep (world->wait);
  return world->changed;
}

static void
on_look_again (gpointer user_data)
{
  ((World *) user_data)->runs++;
}

static void
begin (World                  *world,
       const DivertDriftTimes *times)
{
  *world = (World) { 0 };
  world->drifts = divert_drifts_new (times, find, on_look_again, world);
}

static void
wait_for_look (const World *world)
{
  const guint before = world->looks;

  while (world->looks == before)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_quiet (void)
{
  static const DivertDriftTimes times = { 100000, NEVER, NEVER, NEVER };
  World world;
  gint64 touched;

  begin (&world, &times);
  world.changed = MANGLE;
  touched = g_get_monotonic_time ();
  divert_drifts_touch (NULL, world.drifts);
  /* On a busy machine, a pause may be long enough for a look. */
  for (guint i = 0; i < 5; i++)
    {
      g_usleep (20000);
      g_main_context_iteration (NULL, FALSE);
      if (world.looks > 0)
        break;
      touched = g_get_monotonic_time ();
      divert_drifts_touch (NULL, world.drifts);
    }
  if (world.looks == 0)
    wait_for_look (&world);
  g_assert_cmpint (world.look - touched, >=, times.quiet);
  g_assert_cmpuint (world.runs, ==, 1);

  /* Nothing is missing, so there is no run. */
  world.changed = 0;
  divert_drifts_touch (NULL, world.drifts);
  wait_for_look (&world);
  g_assert_cmpuint (world.runs, ==, 1);
  divert_drifts_free (world.drifts);
}

static gboolean
touch (gpointer user_data)
{
  divert_drifts_touch (NULL, user_data);
  return G_SOURCE_CONTINUE;
}

/* Somebody writes all the time. */
static void
test_patience (void)
{
  static const DivertDriftTimes times = { NEVER, 300000, NEVER, NEVER };
  const gint64 start = g_get_monotonic_time ();
  World world;
  guint source;

  begin (&world, &times);
  world.changed = MANGLE;
  source = g_timeout_add (10, touch, world.drifts);
  wait_for_look (&world);
  g_assert_cmpint (world.look - start, >=, times.patience);
  g_assert_cmpuint (world.runs, ==, 1);
  wait_for_look (&world);
  g_assert_cmpuint (world.runs, ==, 2);
  g_source_remove (source);
  divert_drifts_free (world.drifts);
}

static gboolean
turn (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

/* Nobody announces that he writes. */
static void
test_look (void)
{
  static const DivertDriftTimes often = { 0, 0, 50000, NEVER }, idle = { 0, 0, 50000, 100000 };
  World world;
  gint64 start = g_get_monotonic_time ();
  guint source;

  begin (&world, &idle);
  wait_for_look (&world);
  g_assert_cmpint (world.look - start, >=, idle.idle);
  world.changed = NAT;
  wait_for_look (&world);
  g_assert_cmpuint (world.runs, ==, 0);
  /* Like anybody else's, this change may not be complete yet. */
  wait_for_look (&world);
  g_assert_cmpuint (world.runs, ==, 1);
  divert_drifts_free (world.drifts);

  /* In turns that others cause. */
  start = g_get_monotonic_time ();
  begin (&world, &often);
  source = g_timeout_add (5, turn, NULL);
  wait_for_look (&world);
  g_assert_cmpint (world.look - start, >=, often.interval);
  g_source_remove (source);
  divert_drifts_free (world.drifts);
}

/* A look that had to wait cost nothing. */
static void
test_waited (void)
{
  static const DivertDriftTimes times = { 0, 0, 1000, 1000 };
  World world;
  gint64 first;

  begin (&world, &times);
  world.wait = 100000;
  wait_for_look (&world);
  first = world.look;
  wait_for_look (&world);
  g_assert_cmpint (world.look - first, <, 1000 * (gint64) world.wait);
  divert_drifts_free (world.drifts);
}

static guint n_lines;
static char *last_line;

static GLogWriterOutput
write_line (GLogLevelFlags   level,
            const GLogField *fields,
            gsize            n_fields,
            gpointer         user_data)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "MESSAGE"))
      {
        g_free (last_line);
        last_line = g_strdup (fields[i].value);
      }
  n_lines++;
  return G_LOG_WRITER_HANDLED;
}

static DivertProgram
program (guint32     pid,
         const char *name)
{
  DivertProgram made = { .pid = pid };

  g_strlcpy (made.name, name, sizeof made.name);
  return made;
}

static void
test_memory (void)
{
  static const DivertDriftTimes times = { 0, 0, NEVER, NEVER };
  const DivertProgram ip = program (17, "ip"), again = program (18, "ip"), other = program (19, "a'\n\x1b[31mb");
  World world;
  DivertDrift drift;
  g_autofree char *named = NULL, *escaped = NULL;

  begin (&world, &times);
  drift = divert_drifts_get (world.drifts);
  g_assert_cmpuint (drift.count, ==, 0);
  g_assert_cmpint (drift.when, ==, 0);

  /* It counts once, when everything is installed. */
  divert_drifts_suspect (world.drifts, &ip);
  divert_drifts_suspect (world.drifts, &again);
  divert_drifts_see (world.drifts, MANGLE, FALSE);
  divert_drifts_see (world.drifts, MANGLE | NAT, FALSE);
  g_assert_cmpuint (divert_drifts_get (world.drifts).count, ==, 0);
  divert_drifts_see (world.drifts, 0, TRUE);
  divert_drifts_see (world.drifts, 0, TRUE);
  drift = divert_drifts_get (world.drifts);
  g_assert_cmpuint (drift.count, ==, 1);
  g_assert_cmpuint (drift.parts, ==, MANGLE | NAT);
  g_assert_cmpuint (drift.program.pid, ==, 17);
  g_assert_cmpint (drift.when, >, 0);
  named = divert_drift_to_text (&drift);
  g_assert_cmpstr (named, ==, "table mangle (IPv4), table nat (IPv6), by 'ip' (process 17)");
  g_assert_cmpuint (n_lines, ==, 1);
  g_assert_nonnull (strstr (last_line, named));

  /* Somebody who was there before and did nothing is not suspected of the next change. */
  divert_drifts_suspect (world.drifts, &ip);
  divert_drifts_see (world.drifts, 0, TRUE);
  divert_drifts_touch (&ip, world.drifts);
  wait_for_look (&world);
  divert_drifts_suspect (world.drifts, &other);
  divert_drifts_see (world.drifts, NAT, TRUE);
  drift = divert_drifts_get (world.drifts);
  g_assert_cmpuint (drift.count, ==, 2);
  g_assert_cmpuint (drift.program.pid, ==, 19);
  escaped = divert_drift_to_text (&drift);
  g_assert_null (strchr (escaped, '\n'));
  g_assert_null (strchr (escaped, '\x1b'));

  /* There are two of them, so nobody knows. */
  divert_drifts_suspect (world.drifts, &ip);
  divert_drifts_suspect (world.drifts, &other);
  divert_drifts_see (world.drifts, NAT, TRUE);
  g_assert_cmpuint (divert_drifts_get (world.drifts).program.pid, ==, 0);
  divert_drifts_free (world.drifts);
}

/* Somebody who changes something a thousand times doesn't get a thousand lines. */
static void
test_log (void)
{
  static const DivertDriftTimes times = { 0, 0, NEVER, NEVER };
  World world;

  n_lines = 0;
  begin (&world, &times);
  for (guint i = 0; i < 1000; i++)
    divert_drifts_see (world.drifts, MANGLE, TRUE);
  g_assert_cmpuint (divert_drifts_get (world.drifts).count, ==, 1000);
  g_assert_cmpuint (n_lines, >, 1);
  g_assert_cmpuint (n_lines, <=, 15);
  divert_drifts_free (world.drifts);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_writer_func (write_line, NULL, NULL);
  g_test_add_func ("/drifts/quiet", test_quiet);
  g_test_add_func ("/drifts/patience", test_patience);
  g_test_add_func ("/drifts/look", test_look);
  g_test_add_func ("/drifts/waited", test_waited);
  g_test_add_func ("/drifts/memory", test_memory);
  g_test_add_func ("/drifts/log", test_log);
  return g_test_run ();
}
