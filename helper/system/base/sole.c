/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the lock that only one helper can hold.
 *
 * The name on the bus comes too late for that, because the rules are applied before the bus is
 * there.  A second helper that applied its own, or revoked what the first had granted, would leave
 * the first with a wrong idea of the kernel's state.  The lock disappears with the process, however
 * that ends.  The file may be removed (--remove does so while it holds the lock).  A lock on a
 * file that has no name any more is worthless, so it is taken again.
 */
#include "sole.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME "lock"
#define WAIT_US (5 * G_USEC_PER_SEC)
#define STEP_US (20 * 1000)

/* Keeps errno. */
static void
close_quietly (int fd)
{
  const int code = errno;

  close (fd);
  errno = code;
}

/* Returns -1 and sets errno on failure; EWOULDBLOCK if somebody else holds the lock. */
static int
try_lock (const char *path)
{
  struct stat named, ours;
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

  if (fd < 0)
    return -1;
  if (flock (fd, LOCK_EX | LOCK_NB) == 0)
    {
      if (stat (path, &named) == 0 && fstat (fd, &ours) == 0 && named.st_ino == ours.st_ino &&
          named.st_dev == ours.st_dev)
        return fd;
      errno = EWOULDBLOCK;
    }
  close_quietly (fd);
  return -1;
}

gboolean
divert_sole_become (const char  *run_dir,
                    GError     **error)
{
  g_autofree char *path = g_build_filename (run_dir, FILE_NAME, NULL);
  const gint64 deadline = g_get_monotonic_time () + WAIT_US;

  g_mkdir_with_parents (run_dir, 0700);
  while (try_lock (path) < 0)
    {
      if (errno != EWOULDBLOCK && errno != EINTR)
        {
          g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), _("cannot open the helper's lock: '%s': %s"),
                       path, g_strerror (errno));
          return FALSE;
        }
      if (g_get_monotonic_time () >= deadline)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY, _("another helper is running: '%s' is locked"), path);
          return FALSE;
        }
      g_usleep (STEP_US);
    }
  return TRUE;
}

void
divert_sole_remove (const char *run_dir)
{
  g_autofree char *path = g_build_filename (run_dir, FILE_NAME, NULL);

  unlink (path);
}
