/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: reading the names of units and the paths of control groups.
 */
#include "unit.h"

#include <string.h>

#define SLICE ".slice"

static gboolean
has_good_characters (const char *name,
                     gsize       length)
{
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (name[i]) && (name[i] == '\0' || strchr (":_.\\@-", name[i]) == NULL))
      return FALSE;
  return length > 0;
}

gboolean
divert_unit_is_slice (const char *name)
{
  return g_str_has_suffix (name, SLICE);
}

gboolean
divert_unit_name_is_valid (const char *name)
{
  static const char *const suffixes[] = { ".service", ".scope", SLICE };
  const gsize length = strlen (name);

  if (length > DIVERT_UNIT_NAME_MAX || name[0] == '.' || name[0] == '@' || !has_good_characters (name, length))
    return FALSE;
  if (g_str_equal (name, "-" SLICE) || strstr (name, "@.") != NULL)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    if (g_str_has_suffix (name, suffixes[i]))
      return TRUE;
  return FALSE;
}

gboolean
divert_unit_is_user_manager (const char *name)
{
  return g_str_has_prefix (name, "user@") && g_str_has_suffix (name, ".service");
}

const char *
divert_unit_from_directory (const char *directory)
{
  return directory[0] == '_' ? directory + 1 : directory;
}

gboolean
divert_cgroup_path_is_valid (const char *path)
{
  const char *name = path;

  if (strlen (path) >= DIVERT_CGROUP_PATH_MAX)
    return FALSE;
  for (;;)
    {
      const gsize length = strcspn (name, "/");

      if (!has_good_characters (name, length) || name[0] == '.')
        return FALSE;
      if (name[length] == '\0')
        return TRUE;
      name += length + 1;
    }
}

guint
divert_cgroup_path_level (const char *path)
{
  guint level = 1;

  for (const char *p = path; *p != '\0'; p++)
    level += *p == '/';
  return level;
}

const char *
divert_cgroup_path_unit (const char *path)
{
  const char *slash = strrchr (path, '/');

  return divert_unit_from_directory (slash != NULL ? slash + 1 : path);
}

gboolean
divert_cgroup_path_is_system (const char *path)
{
  const gsize suffix = strlen (SLICE);
  const char *slash;

  for (slash = strchr (path, '/'); slash != NULL; slash = strchr (slash + 1, '/'))
    if ((gsize) (slash - path) <= suffix || strncmp (slash - suffix, SLICE, suffix) != 0)
      return FALSE;
  return TRUE;
}
