/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: where control groups are found.
 */
#include "cgroup.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

/* Where systemd mounts the hierarchy; the second one is for both versions at once. */
static const char *const roots[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };

const char *
divert_cgroup_get_root (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (roots); i++)
    {
      struct statfs system;

      if (statfs (roots[i], &system) == 0 && system.f_type == CGROUP2_SUPER_MAGIC)
        return roots[i];
    }
  return NULL;
}

guint64
divert_cgroup_get_id (const char *path)
{
  const char *root = divert_cgroup_get_root ();
  g_autofree char *directory = root != NULL ? g_build_filename (root, path, NULL) : NULL;
  struct stat found;

  return directory != NULL && stat (directory, &found) == 0 ? found.st_ino : 0;
}
