/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: noticing uses of the xtables lock.
 *
 * Theory of operation.  Whoever writes to a legacy table opens the lock's file before and closes it
 * afterwards, and inotify reports both (K1.10).  It does not say who.  The kernel's list of locks
 * would, but each reading of /proc/locks waits for an RCU grace period (K1.14): the lock is free
 * again by then, and what has to be revoked would wait as well.
 *
 * The file may be deleted and created anew.  Then another file has the name, and we must watch that
 * one.
 */
#include "xtables-watch.h"

#include <sys/stat.h>
#include <unistd.h>

#include "system/base/inotify.h"
#include "xtables-lock.h"

#define EVENTS (IN_OPEN | IN_CLOSE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)

struct DivertXtablesWatch
{
  DivertTouched  touched;
  gpointer       user_data;
  DivertInotify *inotify;
  dev_t          device;  /* device and inode of the watched file; an inode of 0: none */
  ino_t          inode;
};

static void
on_events (DivertInotifyEvents *events,
           gpointer             user_data)
{
  DivertXtablesWatch *watch = user_data;
  const struct inotify_event *event;

  while ((event = divert_inotify_next (events)) != NULL)
    if ((event->mask & IN_IGNORED) != 0)
      watch->inode = 0;
  watch->touched (NULL, watch->user_data);
}

DivertXtablesWatch *
divert_xtables_watch_new (DivertTouched touched,
                          gpointer      user_data)
{
  DivertXtablesWatch *watch = g_new0 (DivertXtablesWatch, 1);

  watch->touched = touched;
  watch->user_data = user_data;
  watch->inotify = divert_inotify_new (G_PRIORITY_HIGH, on_events, watch);
  return watch;
}

void
divert_xtables_watch_free (DivertXtablesWatch *watch)
{
  if (watch == NULL)
    return;
  divert_inotify_free (watch->inotify);
  g_free (watch);
}

static gboolean
is_watched (const DivertXtablesWatch *watch)
{
  struct stat file;

  return watch->inode != 0 && stat (divert_xtables_lock_get_path (), &file) == 0 && file.st_dev == watch->device &&
         file.st_ino == watch->inode;
}

void
divert_xtables_watch_renew (DivertXtablesWatch *watch)
{
  g_autofree char *path = NULL;
  struct stat file;
  int lock;

  if (is_watched (watch))
    return;
  lock = divert_xtables_lock_open ();
  if (lock < 0)
    return;
  path = g_strdup_printf ("/proc/self/fd/%d", lock);
  if (fstat (lock, &file) == 0 && divert_inotify_add (watch->inotify, path, EVENTS) >= 0)
    {
      watch->device = file.st_dev;
      watch->inode = file.st_ino;
    }
  close (lock);
}
