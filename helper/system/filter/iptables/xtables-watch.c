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

#include <fcntl.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "xtables-lock.h"

#define EVENTS (IN_OPEN | IN_CLOSE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)

struct DivertXtablesWatch
{
  DivertTouched touched;
  gpointer      user_data;
  int           inotify;
  guint         source_id;
  dev_t         device;   /* device and inode of the watched file; an inode of 0: none */
  ino_t         inode;
};

/* Returns all masks, combined.  All events have the same length, because a file, unlike a directory, has
 * no names in its events. */
static guint32
read_events (int fd)
{
  union
  {
    struct inotify_event event;
    char                 bytes[4096];
  } buffer;
  const ssize_t n = read (fd, &buffer, sizeof buffer);
  guint32 mask = 0;

  for (ssize_t at = 0; at + (ssize_t) sizeof buffer.event <= n; at += sizeof buffer.event)
    mask |= ((const struct inotify_event *) (const void *) (buffer.bytes + at))->mask;
  return mask;
}

static gboolean
on_events (gint         fd,
           GIOCondition condition,
           gpointer     user_data)
{
  DivertXtablesWatch *watch = user_data;
  const guint32 mask = read_events (fd);

  if ((mask & IN_IGNORED) != 0)
    watch->inode = 0;
  if (mask != 0)
    watch->touched (NULL, watch->user_data);
  return G_SOURCE_CONTINUE;
}

DivertXtablesWatch *
divert_xtables_watch_new (DivertTouched touched,
                          gpointer      user_data)
{
  DivertXtablesWatch *watch = g_new0 (DivertXtablesWatch, 1);

  watch->touched = touched;
  watch->user_data = user_data;
  watch->inotify = inotify_init1 (IN_NONBLOCK | IN_CLOEXEC);
  if (watch->inotify >= 0)
    watch->source_id = g_unix_fd_add_full (G_PRIORITY_HIGH, watch->inotify, G_IO_IN, on_events, watch, NULL);
  return watch;
}

void
divert_xtables_watch_free (DivertXtablesWatch *watch)
{
  if (watch == NULL)
    return;
  g_clear_handle_id (&watch->source_id, g_source_remove);
  if (watch->inotify >= 0)
    close (watch->inotify);
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

  if (watch->inotify < 0 || is_watched (watch))
    return;
  lock = divert_xtables_lock_open ();
  if (lock < 0)
    return;
  path = g_strdup_printf ("/proc/self/fd/%d", lock);
  if (fstat (lock, &file) == 0 && inotify_add_watch (watch->inotify, path, EVENTS) >= 0)
    {
      watch->device = file.st_dev;
      watch->inode = file.st_ino;
    }
  close (lock);
}
