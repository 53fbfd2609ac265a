/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a resolver that isn't the proxy's is asked, and when it asks itself. */
#include "core/memory/circle.h"

#define S G_TIME_SPAN_SECOND
#define RESOLVER 7
#define NOW (100 * S)

/* When it is asked next, counted from @now; -1: never. */
static gint64
left (const DivertCircle *circle,
      gint64              now)
{
  return circle->due != 0 ? (circle->due - now) / S : -1;
}

/* One that appears is asked at once; what it says @takes a while. */
static gboolean
ask (DivertCircle   *circle,
     DivertEchoKind  echo,
     gint64          now)
{
  divert_circle_ask (circle, now);
  return divert_circle_learn (circle, circle->sockets, echo, now + 3 * S);
}

/* A filter that answers is asked once, and again when something happens, but not all the time. */
static void
test_filter (void)
{
  DivertCircle circle = { 0 };

  divert_circle_see (&circle, 0, NOW);
  g_assert_cmpint (left (&circle, NOW), ==, -1);
  divert_circle_see (&circle, RESOLVER, NOW);
  g_assert_cmpint (left (&circle, NOW), ==, 0);
  g_assert_false (ask (&circle, DIVERT_ECHO_ANSWERED, NOW));
  g_assert_cmpint (left (&circle, NOW), ==, -1);
  for (guint i = 0; i < 5; i++)
    {
      divert_circle_see (&circle, RESOLVER, NOW + i * S);
      g_assert_cmpint (left (&circle, NOW), ==, 10);
    }
  divert_circle_see (&circle, RESOLVER, NOW + 1000 * S);
  divert_circle_ask (&circle, NOW + 1000 * S);
  divert_circle_see (&circle, RESOLVER, NOW + 2000 * S);
  g_assert_cmpint (left (&circle, NOW + 2000 * S), ==, 0);
  g_assert_false (circle.closed);
}

/* One that can't answer for another reason isn't refused, and isn't asked for ever. */
static void
test_silent (void)
{
  static const gint64 later[] = { 10, 60, -1 };
  DivertCircle circle = { 0 };
  gint64 now = NOW;

  divert_circle_see (&circle, RESOLVER, now);
  for (guint i = 0; i < G_N_ELEMENTS (later); i++)
    {
      g_assert_false (ask (&circle, DIVERT_ECHO_NONE, now));
      g_assert_false (circle.closed);
      now += 3 * S;
      g_assert_cmpint (left (&circle, now), ==, later[i]);
      now += later[i] * S;
    }
}

/* Refused, what it asks can't come back: that proves nothing.  An answer does. */
static void
test_circle (void)
{
  static const gint64 later[] = { 4, 8, 10, 10, 10, 10, 10, 10, 10, 10 };
  DivertCircle circle = { 0 };
  gint64 now = NOW;

  divert_circle_see (&circle, RESOLVER, now);
  g_assert_true (ask (&circle, DIVERT_ECHO_HEARD, now));
  g_assert_true (circle.closed);
  now += 3 * S;
  g_assert_cmpint (left (&circle, now), ==, 2);
  for (guint i = 0; i < G_N_ELEMENTS (later); i++)
    {
      g_assert_false (ask (&circle, DIVERT_ECHO_NONE, now));
      g_assert_true (circle.closed);
      now += 3 * S;
      g_assert_cmpint (left (&circle, now), ==, later[i]);
    }
  g_assert_true (ask (&circle, DIVERT_ECHO_ANSWERED, now));
  g_assert_false (circle.closed);
}

/* Started again, or under another configuration, it is served until it is known to ask itself again. */
static void
test_others (void)
{
  DivertCircle circle = { 0 };

  divert_circle_see (&circle, RESOLVER, NOW);
  g_assert_true (ask (&circle, DIVERT_ECHO_HEARD, NOW));
  divert_circle_see (&circle, RESOLVER, NOW + 4 * S);
  g_assert_true (circle.closed);
  divert_circle_see (&circle, RESOLVER + 1, NOW + 4 * S);
  g_assert_false (circle.closed);
  g_assert_cmpint (left (&circle, NOW + 4 * S), ==, 0);
  /* Whoever comes and goes is asked once a second. */
  divert_circle_ask (&circle, NOW + 4 * S);
  divert_circle_see (&circle, RESOLVER + 2, NOW + 4 * S);
  g_assert_cmpint (left (&circle, NOW + 4 * S), ==, 1);
  /* What becomes known of the one before counts no more. */
  g_assert_false (divert_circle_learn (&circle, RESOLVER + 1, DIVERT_ECHO_HEARD, NOW + 7 * S));
  g_assert_false (circle.closed);

  g_assert_true (ask (&circle, DIVERT_ECHO_HEARD, NOW + 8 * S));
  divert_circle_forget (&circle);
  g_assert_false (circle.closed);
  divert_circle_see (&circle, RESOLVER + 2, NOW + 20 * S);
  g_assert_cmpint (left (&circle, NOW + 20 * S), ==, 0);
  divert_circle_see (&circle, 0, NOW + 21 * S);
  g_assert_cmpint (left (&circle, NOW + 21 * S), ==, -1);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/circle/filter", test_filter);
  g_test_add_func ("/circle/silent", test_silent);
  g_test_add_func ("/circle/circle", test_circle);
  g_test_add_func ("/circle/others", test_others);
  return g_test_run ();
}
