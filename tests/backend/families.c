/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: the names of tests that run once for each family. */
#include "families.h"

#include "core/words/prefix.h"

void
test_families_add_vtable (const char       *path,
                          const char       *name,
                          gsize             size,
                          GTestFixtureFunc  set_up,
                          GTestFixtureFunc  test,
                          GTestFixtureFunc  tear_down)
{
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      g_autofree char *full = g_strdup_printf ("/%s/%s/%s", path, divert_family_name (family), name);

      g_test_add_vtable (full, size, GUINT_TO_POINTER (family), set_up, test, tear_down);
    }
}
