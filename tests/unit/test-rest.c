/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often anybody may make us work.  The test provides the time. */
#include "run/rest.h"

#define END (100 * G_TIME_SPAN_SECOND)
#define START 12345

/* For how long does somebody make us work who asks whenever he may? */
static gint64
flood (gint64 cost,
       gint64 leeway)
{
  DivertRest rest = { 0 };
  gint64 worked = 0;

  for (gint64 now = START; now < START + END; now += 100)
    if (divert_rest_is_over (&rest, now, leeway))
      {
        divert_rest_extend (&rest, now, now + cost);
        now += cost;
        worked += cost;
      }
  return worked;
}

static void
test_share (void)
{
  static const gint64 costs[] = { 50, 1000, 30000 };

  for (guint i = 0; i < G_N_ELEMENTS (costs); i++)
    {
      g_assert_cmpint (flood (costs[i], 0), <=, END / 20 + costs[i]);
      /* What it gains is no more than once. */
      g_assert_cmpint (flood (costs[i], G_USEC_PER_SEC), >, END / 20);
      g_assert_cmpint (flood (costs[i], G_USEC_PER_SEC), <=, END / 20 + G_USEC_PER_SEC / 20 + 2 * costs[i]);
    }
}

static void
test_rest (void)
{
  DivertRest rest = { 0 };

  g_assert_true (divert_rest_is_over (&rest, START, 0));
  divert_rest_extend (&rest, START, START + 10);
  g_assert_false (divert_rest_is_over (&rest, START + 199, 0));
  g_assert_true (divert_rest_is_over (&rest, START + 200, 0));
  g_assert_true (divert_rest_is_over (&rest, START + 20, 180));
  divert_rest_extend (&rest, START + 20, START + 30);
  g_assert_false (divert_rest_is_over (&rest, START + 399, 0));
  g_assert_true (divert_rest_is_over (&rest, START + 400, 0));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rest/share", test_share);
  g_test_add_func ("/rest/rest", test_rest);
  return g_test_run ();
}
