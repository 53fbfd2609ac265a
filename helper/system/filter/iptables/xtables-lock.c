/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the xtables lock.
 *
 * Without it, somebody else's change between our reading and our writing would be lost, because the
 * kernel detects such a change only by the number of entries (K1.3).  The lock uses flock(2), as in
 * iptables, not fcntl(2).  We never wait for it in the kernel, because the helper must keep hearing
 * whether a network was left.
 */
#include "xtables-lock.h"
#include "system/filter/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <sys/file.h>
#include <unistd.h>

#define LOCK_FILE "/run/xtables.lock"

/* iptables holds the lock for about a millisecond per call, so even a storm of calls leaves gaps that
 * short steps can find. */
#define WAIT_MAX_US (50 * G_TIME_SPAN_MILLISECOND)
#define WAIT_STEP_US 250

const char *
divert_xtables_lock_get_path (void)
{
  const char *path = g_getenv ("XTABLES_LOCKFILE");

  return path != NULL && path[0] != '\0' ? path : LOCK_FILE;
}

int
divert_xtables_lock_open (void)
{
  return open (divert_xtables_lock_get_path (), O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
}

static void
set_open_error (GError     **error,
                const char  *path,
                int          code)
{
  gboolean refused = code == EACCES || code == EPERM || code == EROFS;

  g_set_error (error, DIVERT_BACKEND_ERROR,
               refused ? DIVERT_BACKEND_ERROR_PERMISSION : DIVERT_BACKEND_ERROR_UNAVAILABLE,
               _("cannot open the lock of iptables: '%s': %s"), path, g_strerror (code));
}

gboolean
divert_xtables_lock_acquire (DivertXtablesLock *ret_lock,
                             GError           **error)
{
  const char *path = divert_xtables_lock_get_path ();
  gint64 deadline = g_get_monotonic_time () + WAIT_MAX_US - WAIT_STEP_US;
  g_auto(DivertXtablesLock) lock = divert_xtables_lock_open ();

  if (lock < 0)
    {
      set_open_error (error, path, errno);
      return FALSE;
    }
  while (flock (lock, LOCK_EX | LOCK_NB) != 0)
    {
      if ((errno != EWOULDBLOCK && errno != EINTR) || g_get_monotonic_time () >= deadline)
        {
          g_set_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_BUSY,
                       _("the lock of iptables is held by another program: '%s'"), path);
          return FALSE;
        }
      g_usleep (WAIT_STEP_US);
    }
  *ret_lock = lock;
  lock = -1;
  return TRUE;
}

void
divert_xtables_lock_release (DivertXtablesLock lock)
{
  if (lock >= 0)
    close (lock);
}
