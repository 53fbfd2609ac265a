/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often callers may make the pipeline run. The test provides the time. */
#include "run/pace.h"

#define SECONDS 100

/* If somebody asks as often as possible, how many times does he get through? */
static guint
flood (DivertPace *pace,
       gint64      start,
       gint64      cost)
{
  const gint64 end = start + SECONDS * G_TIME_SPAN_SECOND;
  guint n = 0;

  for (gint64 now = start; now < end; n++)
    {
      gint64 when = divert_pace_spend (pace, now, cost);

      if (when == 0)
        continue;
      g_assert_cmpint (when, >, now);
      g_assert_cmpint (divert_pace_spend (pace, when - 1, cost), !=, 0);
      now = when;
      n--;
    }
  return n;
}

/* Two runs each, plus a few more, take less than a twentieth of the time. */
static void
test_share (void)
{
  static const gint64 costs[] = { 10, 1000, 5000, 60000 };

  for (guint i = 0; i < G_N_ELEMENTS (costs); i++)
    {
      DivertPace pace = { 0 };
      guint n = flood (&pace, 12345, costs[i]);

      g_test_message ("cost %" G_GINT64_FORMAT " us: %u times in %u s", costs[i], n, SECONDS);
      g_assert_cmpuint (n, >=, 10);
      g_assert_cmpint (2 * (n - 10) * costs[i], <, SECONDS * G_TIME_SPAN_SECOND / 20);
    }
}

static void
test_a_few (void)
{
  DivertPace pace = { 0 };
  gint64 when;

  for (guint i = 0; i < 10; i++)
    g_assert_cmpint (divert_pace_spend (&pace, 1000, 1000), ==, 0);
  when = divert_pace_spend (&pace, 1000, 1000);
  g_assert_cmpint (when, >, 1000);
  g_assert_cmpint (when, <, 1000 + 100 * G_TIME_SPAN_MILLISECOND);
  g_assert_cmpint (divert_pace_spend (&pace, when, 1000), ==, 0);
  /* After a rest, the allowance is whole again. */
  for (guint i = 0; i < 10; i++)
    g_assert_cmpint (divert_pace_spend (&pace, when + G_TIME_SPAN_SECOND, 1000), ==, 0);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pace/share", test_share);
  g_test_add_func ("/pace/a-few", test_a_few);
  return g_test_run ();
}
