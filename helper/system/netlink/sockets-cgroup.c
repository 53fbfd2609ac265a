/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the number behind the path in /proc/PID/cgroup, which is the inode of the group's directory.
 *
 * Kernels of 64 bits have numbers of 64 bits, but count from one, and kernels of 32 bits show only the lower half as an
 * inode.  So only that half is used.
 */
#include "sockets-cgroup.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* "0::/system.slice/mihomo.service"; before it, there may be lines of version 1. */
#define PREFIX "0::"
#define FILE_BYTES (2 * PATH_MAX)

/* Where systemd mounts the hierarchy; the second one is for both versions at once. */
static const char *const roots[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };

static char *
find_path (char *text)
{
  char *line = text;

  while (line != NULL && !g_str_has_prefix (line, PREFIX))
    {
      line = strchr (line, '\n');
      line = line != NULL ? line + 1 : NULL;
    }
  if (line == NULL)
    return NULL;
  line += strlen (PREFIX);
  line[strcspn (line, "\n")] = '\0';
  return line;
}

static guint32
find_number (const char *path)
{
  for (guint i = 0; i < G_N_ELEMENTS (roots); i++)
    {
      g_autofree char *directory = g_strconcat (roots[i], path, NULL);
      struct statfs system;
      struct stat found;

      if (statfs (directory, &system) == 0 && system.f_type == CGROUP2_SUPER_MAGIC && stat (directory, &found) == 0)
        return found.st_ino;
    }
  return 0;
}

guint32
divert_cgroup_find (int process)
{
  g_autofree char *text = g_malloc (FILE_BYTES);
  int fd = openat (process, "cgroup", O_RDONLY | O_CLOEXEC);
  const char *path;
  ssize_t n;

  if (fd < 0)
    return 0;
  n = read (fd, text, FILE_BYTES - 1);
  close (fd);
  if (n <= 0)
    return 0;
  text[n] = '\0';
  path = find_path (text);
  return path != NULL ? find_number (path) : 0;
}
