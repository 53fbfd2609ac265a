/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: noticing uses of the xtables lock, and who holds it.
 *
 * Theory of operation.  Whoever writes to a legacy table opens the lock's file before and closes it
 * afterwards, and inotify reports both (K1.10).  It does not say who.  The kernel's list of locks
 * does, but only while the lock is held, which is about a millisecond.  So we read the list when
 * the file is opened.  The opener may not have taken the lock by then, so we read the list once
 * more a moment later.
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
/* In a storm of writers, do not ask more often than this who it is. */
#define ASK_INTERVAL_US (10 * G_TIME_SPAN_MILLISECOND)
#define ASK_AGAIN_MS 1
/* More locks than a laptop ever has; ignore the rest. */
#define LOCKS_BYTES (64 * 1024)

struct DivertXtablesWatch
{
  DivertTouched touched;
  gpointer      user_data;
  int           inotify;
  guint         source_id;
  guint         again_id;
  gint64        next_ask; /* monotonic time */
  dev_t         device;   /* device and inode of the watched file; an inode of 0: none */
  ino_t         inode;
  DivertProgram holder;   /* found to hold the lock, which nobody has closed since; pid 0: none */
};

/* "7: FLOCK  ADVISORY  WRITE 4711 00:1a:815 0 EOF" */
static guint32
find_holder (const char *locks,
             dev_t       device,
             ino_t       inode)
{
  g_autofree char *file = g_strdup_printf (" %02x:%02x:%lu ", major (device), minor (device), (gulong) inode);

  for (const char *line = locks; line != NULL && *line != '\0'; line = strchr (line, '\n'))
    {
      const char *end;
      guint32 pid;

      line += *line == '\n';
      end = strchrnul (line, '\n');
      if (sscanf (line, "%*u: FLOCK %*s %*s %u", &pid) == 1 && g_strstr_len (line, end - line, file) != NULL)
        return pid;
    }
  return 0;
}

/* FALSE: nobody has it now, or we do. */
static gboolean
find_program (DivertXtablesWatch *watch)
{
  g_autofree char *locks = g_malloc (LOCKS_BYTES);
  const int fd = open ("/proc/locks", O_RDONLY | O_CLOEXEC);
  gsize length = 0;
  ssize_t n = 1;
  guint32 pid;

  while (fd >= 0 && n > 0 && length < LOCKS_BYTES - 1)
    {
      n = read (fd, locks + length, LOCKS_BYTES - 1 - length);
      length += MAX (n, 0);
    }
  if (fd >= 0)
    close (fd);
  locks[length] = '\0';
  pid = find_holder (locks, watch->device, watch->inode);
  if (pid == 0 || pid == (guint32) getpid ())
    return FALSE;
  divert_program_find (pid, &watch->holder);
  return TRUE;
}

static void
tell (DivertXtablesWatch *watch)
{
  watch->touched (watch->holder.pid != 0 ? &watch->holder : NULL, watch->user_data);
}

static gboolean
on_again (gpointer user_data)
{
  DivertXtablesWatch *watch = user_data;

  watch->again_id = 0;
  if (find_program (watch))
    tell (watch);
  return G_SOURCE_REMOVE;
}

static void
ask (DivertXtablesWatch *watch,
     gboolean            again)
{
  const gint64 now = g_get_monotonic_time ();

  if (now < watch->next_ask)
    return;
  watch->next_ask = now + ASK_INTERVAL_US;
  if (!find_program (watch) && again && watch->again_id == 0)
    watch->again_id = g_timeout_add_full (G_PRIORITY_HIGH, ASK_AGAIN_MS, on_again, watch, NULL);
}

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
  if ((mask & IN_CLOSE) != 0)
    {
      tell (watch);
      watch->holder = (DivertProgram) { 0 };
    }
  /* When it is closed, another program that was waiting gets the lock. */
  if (mask != 0)
    {
      ask (watch, (mask & IN_OPEN) != 0);
      tell (watch);
    }
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
  g_clear_handle_id (&watch->again_id, g_source_remove);
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
