/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: an inotify descriptor in a main loop, and the parsing of what it gives.
 */
#include "inotify.h"

#include <glib-unix.h>
#include <limits.h>
#include <unistd.h>

/* A turn of the main loop takes some 50 us, so these take 1 or 2 % of a processor. */
#define BURST 32
#define REST_MS 100

struct DivertInotify
{
  DivertInotifyFunc func;
  gpointer          user_data;
  int               fd; /* -1: none can be had */
  guint             source_id;
  gboolean          is_paced;
  guint             taken; /* turns since @began */
  gint64            began; /* monotonic time */
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

static void begin_reading (DivertInotify *inotify, int priority);

static gboolean
on_rested (gpointer user_data)
{
  begin_reading (user_data, G_PRIORITY_DEFAULT);
  return G_SOURCE_REMOVE;
}

/* TRUE: it has begun to rest. */
static gboolean
takes_a_rest (DivertInotify *inotify)
{
  gint64 now;

  if (!inotify->is_paced)
    return FALSE;
  now = g_get_monotonic_time ();
  if (now - inotify->began > REST_MS * G_TIME_SPAN_MILLISECOND)
    {
      inotify->began = now;
      inotify->taken = 0;
    }
  inotify->taken++;
  if (inotify->taken < BURST)
    return FALSE;
  inotify->source_id = g_timeout_add (REST_MS, on_rested, inotify);
  return TRUE;
}

/* The kernel gives whole events only.  @func may free the object. */
static gboolean
on_readable (gint         fd,
             GIOCondition condition,
             gpointer     user_data)
{
  DivertInotify *inotify = user_data;
  union
  {
    struct inotify_event event;
    char                 bytes[16 * (sizeof (struct inotify_event) + NAME_MAX + 1)];
  } buffer;
  const ssize_t n = read (fd, &buffer, sizeof buffer);
  DivertInotifyEvents events = { buffer.bytes, MAX (n, 0) };
  const gboolean rests = takes_a_rest (inotify);

  if (n > 0)
    inotify->func (&events, inotify->user_data);
  return rests ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static void
begin_reading (DivertInotify *inotify,
               int            priority)
{
  inotify->source_id = g_unix_fd_add_full (priority, inotify->fd, G_IO_IN, on_readable, inotify, NULL);
}

static DivertInotify *
new_inotify (int               priority,
             DivertInotifyFunc func,
             gpointer          user_data,
             gboolean          is_paced)
{
  DivertInotify *inotify = g_new0 (DivertInotify, 1);

  inotify->func = func;
  inotify->user_data = user_data;
  inotify->is_paced = is_paced;
  inotify->fd = inotify_init1 (IN_NONBLOCK | IN_CLOEXEC);
  if (inotify->fd >= 0)
    begin_reading (inotify, priority);
  return inotify;
}

DivertInotify *
divert_inotify_new (int               priority,
                    DivertInotifyFunc func,
                    gpointer          user_data)
{
  return new_inotify (priority, func, user_data, FALSE);
}

DivertInotify *
divert_inotify_new_for_users (DivertInotifyFunc func,
                              gpointer          user_data)
{
  return new_inotify (G_PRIORITY_DEFAULT, func, user_data, TRUE);
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
