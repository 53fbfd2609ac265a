/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens to files and directories, told in the main loop.
 */
#pragma once

#include <glib.h>
#include <sys/inotify.h>

G_BEGIN_DECLS

typedef struct DivertInotify DivertInotify;
/* Events that came together, the oldest first. */
typedef struct DivertInotifyEvents DivertInotifyEvents;

typedef void (*DivertInotifyFunc) (DivertInotifyEvents *events, gpointer user_data);

/* Calls @func from the thread's main loop, with this priority.  Without inotify there are no calls. */
DivertInotify              *divert_inotify_new (int priority, DivertInotifyFunc func, gpointer user_data);
/* The same, for what any user may cause as often as he likes: at ordinary priority, and it rests for 0.1 s after a
 * burst, so that all events together take little of the main loop's time. */
DivertInotify              *divert_inotify_new_for_users (DivertInotifyFunc func, gpointer user_data);
void                        divert_inotify_free (DivertInotify *inotify);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertInotify, divert_inotify_free)

/* @events: IN_….  The number of the watch, which is in its events; -1: @path can't be watched. */
int                         divert_inotify_add (DivertInotify *inotify, const char *path, guint32 events);
/* The next one; NULL: there are no more. */
const struct inotify_event *divert_inotify_next (DivertInotifyEvents *events);

G_END_DECLS
