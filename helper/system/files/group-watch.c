/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: hearing that /etc/group has changed.
 *
 * Programs write a new file and rename it, so the directory is watched.  Its other files are seldom written.
 */
#include "group-watch.h"

#include "system/base/inotify.h"

#define DIRECTORY "/etc"
#define FILE_NAME "group"

struct DivertGroupWatch
{
  DivertLookAgain changed;
  gpointer        user_data;
  DivertInotify  *inotify;
};

static void
on_events (DivertInotifyEvents *events,
           gpointer             user_data)
{
  DivertGroupWatch *watch = user_data;
  const struct inotify_event *event;
  gboolean changed = FALSE;

  while ((event = divert_inotify_next (events)) != NULL)
    changed |= (event->mask & IN_Q_OVERFLOW) != 0 || (event->len > 0 && g_str_equal (event->name, FILE_NAME));
  if (changed)
    watch->changed (watch->user_data);
}

DivertGroupWatch *
divert_group_watch_new (DivertLookAgain changed,
                        gpointer        user_data)
{
  DivertGroupWatch *watch = g_new0 (DivertGroupWatch, 1);

  watch->changed = changed;
  watch->user_data = user_data;
  watch->inotify = divert_inotify_new (G_PRIORITY_DEFAULT, on_events, watch);
  divert_inotify_add (watch->inotify, DIRECTORY, IN_CLOSE_WRITE | IN_MOVED_TO);
  return watch;
}

void
divert_group_watch_free (DivertGroupWatch *watch)
{
  if (watch == NULL)
    return;
  divert_inotify_free (watch->inotify);
  g_free (watch);
}
