/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of units, and whose a control group is. */
#include <string.h>

#include "core/words/unit.h"

static void
test_names (void)
{
  static const char *const good[] = { "mihomo.service", "a\\x2db@1.service", "run-r1.scope", "a-b.slice", "0.slice",
                                      "_a.service", "a:b_c.service" };
  static const char *const bad[] = { "",          "a",         ".service",   "a.socket", "a.service.d", "a/b.service",
                                     "-.slice",   "a@.service", "@a.service", "a b.slice", "a\n.slice",
                                     "\xc3\xa9.slice", "a\".slice", "a$.slice" };
  g_autofree char *longest = g_strnfill (DIVERT_UNIT_NAME_MAX, 'a');
  g_autofree char *too_long = g_strconcat (longest, ".slice", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (divert_unit_name_is_valid (good[i]));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (divert_unit_name_is_valid (bad[i]));
  g_assert_true (divert_unit_name_is_valid (too_long + strlen (".slice")));
  g_assert_false (divert_unit_name_is_valid (too_long));
}

static void
test_paths (void)
{
  static const struct
  {
    const char *path;
    gboolean    is_valid, is_system;
    guint       level;
    const char *unit;
  } cases[] = {
    { "init.scope", TRUE, TRUE, 1, "init.scope" },
    { "system.slice/a.service", TRUE, TRUE, 2, "a.service" },
    { "system.slice/system-a.slice/a@1.service", TRUE, TRUE, 3, "a@1.service" },
    { "system.slice/_memory.service", TRUE, TRUE, 2, "memory.service" },
    { "user.slice/user-1.slice/user@1.service/a.slice", TRUE, FALSE, 4, "a.slice" },
    { "machine.slice/x.scope/system.slice/a.service", TRUE, FALSE, 4, "a.service" },
    { "lxc/a.service", TRUE, FALSE, 2, "a.service" },
    { ".slice/a.service", FALSE, FALSE, 2, "a.service" },
    { "", FALSE, TRUE, 1, "" },
    { "/a.service", FALSE, FALSE, 2, "a.service" },
    { "a.slice/", FALSE, TRUE, 2, "" },
    { "a.slice/../b.service", FALSE, FALSE, 3, "b.service" },
    { "a\".slice/b.service", FALSE, TRUE, 2, "b.service" },
  };
  g_autofree char *longest = g_strnfill (DIVERT_CGROUP_PATH_MAX, 'a');

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_assert_cmpint (divert_cgroup_path_is_valid (cases[i].path), ==, cases[i].is_valid);
      g_assert_cmpint (divert_cgroup_path_is_system (cases[i].path), ==, cases[i].is_system);
      g_assert_cmpuint (divert_cgroup_path_level (cases[i].path), ==, cases[i].level);
      g_assert_cmpstr (divert_cgroup_path_unit (cases[i].path), ==, cases[i].unit);
    }
  g_assert_true (divert_cgroup_path_is_valid (longest + 1));
  g_assert_false (divert_cgroup_path_is_valid (longest));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/unit-names/names", test_names);
  g_test_add_func ("/unit-names/paths", test_paths);
  return g_test_run ();
}
