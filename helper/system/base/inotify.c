/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: an inotify descriptor in a main loop, and the parsing of what it gives.
 */
#include "inotify.h"

#include <glib-unix.h>
#include <limits.h>
#include <unistd.h>

struct DivertInotify
{
  DivertInotifyFunc func;
  gpointer          user_data;
  int               fd; /* -1: none can be had */
  guint             source_id;
};

struct DivertInotifyEvents
{
  const char *bytes;
  gsize       left;
};

const struct inotify_event *
divert_inotify_next (DivertInotifyEvents *events)
{
  const struct inotify_event *event = (const void *) events->bytes;
  gsize size;

  if (events->left < sizeof *event)
    return NULL;
  size = sizeof *event + event->len;
  events->bytes += size;
  events->left -= size;
  return event;
}

/* The kernel gives whole events only.  @func may free the object. */
static gboolean
on_readable (gint         fd,
             GIOCondition condition,
             gpointer     user_data)
{
  const DivertInotify *inotify = user_data;
  union
  {
    struct inotify_event event;
    char                 bytes[16 * (sizeof (struct inotify_event) + NAME_MAX + 1)];
  } buffer;
  const ssize_t n = read (fd, &buffer, sizeof buffer);
  DivertInotifyEvents events = { buffer.bytes, MAX (n, 0) };

  if (n > 0)
    inotify->func (&events, inotify->user_data);
  return G_SOURCE_CONTINUE;
}

DivertInotify *
divert_inotify_new (int               priority,
                    DivertInotifyFunc func,
                    gpointer          user_data)
{
  DivertInotify *inotify = g_new0 (DivertInotify, 1);

  inotify->func = func;
  inotify->user_data = user_data;
  inotify->fd = inotify_init1 (IN_NONBLOCK | IN_CLOEXEC);
  if (inotify->fd >= 0)
    inotify->source_id = g_unix_fd_add_full (priority, inotify->fd, G_IO_IN, on_readable, inotify, NULL);
  return inotify;
}

void
divert_inotify_free (DivertInotify *inotify)
{
  if (inotify == NULL)
    return;
  g_clear_handle_id (&inotify->source_id, g_source_remove);
  if (inotify->fd >= 0)
    close (inotify->fd);
  g_free (inotify);
}

int
divert_inotify_add (DivertInotify *inotify,
                    const char    *path,
                    guint32        events)
{
  return inotify->fd >= 0 ? inotify_add_watch (inotify->fd, path, events) : -1;
}
