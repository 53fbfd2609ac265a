/* SPDX-License-Identifier: GPL-2.0-or-later */
/* High priority, but not for ever. */
#include "system/base/turns.h"

/* How many turns in a row have high priority. */
static guint
count_high (DivertTurns *turns)
{
  guint n = 0;

  while (divert_turns_take (turns) == G_PRIORITY_HIGH)
    {
      n++;
      g_assert_cmpuint (n, <, 1000);
    }
  return n;
}

static void
test_turns (void)
{
  DivertTurns turns = { 0 };
  guint first = count_high (&turns);

  g_assert_cmpuint (first, >, 0);
  g_assert_cmpint (divert_turns_take (&turns), ==, G_PRIORITY_DEFAULT);
  /* The others have had their turn. */
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (count_high (&turns), ==, first);
  divert_turns_clear (&turns);
  g_assert_false (g_main_context_pending (NULL));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/turns", test_turns);
  return g_test_run ();
}
