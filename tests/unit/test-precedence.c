/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where our ip rules stand, and when they move.
 */
#include "core/memory/placing.h"
#include "core/ruleset/precedence.h"

static void
assert_chosen (guint32 local,
               guint32 first,
               guint32 mark,
               guint32 fence)
{
  const DivertRuleOrder order = { local, first, FALSE };
  const DivertPrecedence chosen = divert_precedence_choose (&order);

  g_assert_cmpuint (chosen.mark, ==, mark);
  g_assert_cmpuint (chosen.fence, ==, fence);
}

static void
test_alone (void)
{
  assert_chosen (0, G_MAXUINT32, 100, 101);
  assert_chosen (0, 102, 100, 101);
  assert_chosen (0, 5210, 100, 101);
}

static void
test_before_others (void)
{
  assert_chosen (0, 101, 99, 100);
  assert_chosen (0, 98, 96, 97);
  assert_chosen (0, 3, 1, 2);
  assert_chosen (0, 2, 0, 1);
  assert_chosen (0, 1, 0, 0);
  assert_chosen (0, 0, 0, 0);
}

static void
test_behind_local (void)
{
  assert_chosen (100, 101, 100, 100);
  assert_chosen (50, 51, 50, 50);
  assert_chosen (50, 98, 96, 97);
  assert_chosen (100, G_MAXUINT32, 100, 101);
  /* Nobody expects the fence to be behind everything. */
  assert_chosen (32765, 5210, 100, 101);
}

static guint32
see (DivertPlacing *placing,
     guint32        first,
     gint64         now,
     gint64        *ret_look_again)
{
  g_autoptr(DivertFacts) facts = divert_facts_new ();

  facts->order[DIVERT_FAMILY_IPV6].first = first;
  *ret_look_again = divert_placing_apply (placing, facts, now);
  g_assert_cmpuint (facts->order[DIVERT_FAMILY_IPV4].first, ==, G_MAXUINT32);
  return facts->order[DIVERT_FAMILY_IPV6].first;
}

/* Before others at once, and back when they have been gone for a while. */
static void
test_calm (void)
{
  DivertPlacing placing = { 0 };
  const gint64 calm = DIVERT_PLACING_CALM_US;
  gint64 again;

  g_assert_cmpuint (see (&placing, G_MAXUINT32, 1, &again), ==, G_MAXUINT32);
  g_assert_cmpint (again, ==, 0);
  g_assert_cmpuint (see (&placing, 98, 2, &again), ==, 98);
  g_assert_cmpint (again, ==, 0);
  g_assert_cmpuint (see (&placing, 99, 3, &again), ==, 98);
  g_assert_cmpint (again, ==, 2 + calm);
  g_assert_cmpuint (see (&placing, 97, 4, &again), ==, 97);
  g_assert_cmpuint (see (&placing, G_MAXUINT32, 3 + calm, &again), ==, 97);
  g_assert_cmpint (again, ==, 4 + calm);
  g_assert_cmpuint (see (&placing, G_MAXUINT32, 4 + calm, &again), ==, G_MAXUINT32);
  g_assert_cmpint (again, ==, 0);
}

/* A rule that comes and goes every second. */
static void
test_flapping (void)
{
  DivertPlacing placing = { 0 };
  guint32 last = G_MAXUINT32;
  guint moves = 0;

  for (guint i = 0; i < 100; i++)
    {
      gint64 again;
      const guint32 first = see (&placing, i % 2 == 0 ? G_MAXUINT32 : 99, (i + 1) * G_TIME_SPAN_SECOND, &again);

      moves += first != last;
      last = first;
    }
  g_assert_cmpuint (moves, ==, 1);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/precedence/alone", test_alone);
  g_test_add_func ("/precedence/before-others", test_before_others);
  g_test_add_func ("/precedence/behind-local", test_behind_local);
  g_test_add_func ("/placing/calm", test_calm);
  g_test_add_func ("/placing/flapping", test_flapping);
  return g_test_run ();
}
