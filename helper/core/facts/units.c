/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the control groups among the facts.
 */
#include "facts.h"

DivertUnit *
divert_unit_new (const char *path,
                 guint64     id)
{
  DivertUnit *unit = g_new0 (DivertUnit, 1);

  unit->path = path != NULL ? g_ref_string_new (path) : NULL;
  unit->id = id;
  return unit;
}

void
divert_unit_free (DivertUnit *unit)
{
  if (unit == NULL)
    return;
  g_clear_pointer (&unit->path, g_ref_string_release);
  g_free (unit);
}

const DivertUnit *
divert_units_find (const GPtrArray *units,
                   const char      *name)
{
  for (guint i = 0; i < units->len; i++)
    {
      const DivertUnit *unit = g_ptr_array_index (units, i);

      if (divert_cgroup_path_is_system (unit->path) && g_str_equal (divert_cgroup_path_unit (unit->path), name))
        return unit;
    }
  return NULL;
}

const DivertUnit *
divert_facts_find_unit (const DivertFacts *facts,
                        const char        *name)
{
  return divert_units_find (facts->units, name);
}
