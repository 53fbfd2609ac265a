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
#include <string.h>
#include <unistd.h>

#include "system/base/cgroup.h"

/* "0::/system.slice/mihomo.service"; before it, there may be lines of version 1. */
#define PREFIX "0::"
#define FILE_BYTES (2 * PATH_MAX)
#define MAX_GROUPS 256 /* of one unit */

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
  return path != NULL ? (guint32) divert_cgroup_get_id (path) : 0;
}

static gboolean
is_full (GHashTable *numbers)
{
  return g_hash_table_size (numbers) >= MAX_GROUPS;
}

static void
collect (const char *path,
         GHashTable *numbers)
{
  const char *root = divert_cgroup_get_root ();
  g_autofree char *directory = root != NULL ? g_build_filename (root, path, NULL) : NULL;
  g_autoptr(GDir) dir = NULL;
  const char *name;
  guint32 number;

  if (is_full (numbers))
    return;
  number = divert_cgroup_get_id (path);
  if (number == 0)
    return;
  g_hash_table_add (numbers, GUINT_TO_POINTER (number));
  dir = g_dir_open (directory, 0, NULL);
  /* A container may make as many groups as it likes below its own, so stop reading as well. */
  while (dir != NULL && !is_full (numbers) && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *below = g_build_filename (path, name, NULL), *full = g_build_filename (directory, name, NULL);

      if (g_file_test (full, G_FILE_TEST_IS_DIR))
        collect (below, numbers);
    }
}

void
divert_cgroup_collect (const char *path,
                       GHashTable *numbers)
{
  g_autoptr(GHashTable) found = g_hash_table_new (NULL, NULL);
  GHashTableIter iter;
  gpointer number;

  collect (path, found);
  g_hash_table_iter_init (&iter, found);
  while (g_hash_table_iter_next (&iter, &number, NULL))
    g_hash_table_add (numbers, number);
}
