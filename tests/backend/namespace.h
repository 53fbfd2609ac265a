/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network namespace for a test, and other programs to look at it with.
 */
#pragma once

#include "needs.h"

G_BEGIN_DECLS

/* Into a new directory, which goes with the process if it is empty by then. */
void   test_directory_enter (void);

/* Moves this process into a new network namespace, in which only lo is up.  The one before goes
 * with its last socket. */
void   test_namespace_enter (void);

/* A process beside this one, which runs @child and then sleeps; returns when @child has said that it is ready.
 * Its standard output is not to be used. */
int    test_child_start (void (*child) (gpointer user_data), gpointer user_data);
void   test_child_is_ready (void);
void   test_child_stop (int pid);

/* Another namespace beside ours, named by the process that holds it (for "ip link set … netns PID",
 * "nsenter -n -t PID"); to be stopped. */
int    test_namespace_start_far (void);

/* Runs a shell command (given as a format), which must succeed. */
void   test_run (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* Likewise; its output. */
char  *test_output (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* How often @needle is in @haystack. */
guint  test_count (const char *haystack, const char *needle);

/* Runs the default main context until @done says so, or @ms have gone by; returns whether it did. */
typedef gboolean (*TestDone) (gpointer user_data);
gboolean test_wait (guint ms, TestDone done, gpointer user_data);

/* To be called by what is tested, and to wait for that: @user_data is a guint, the number of calls. */
void     test_on_call (gpointer user_data);
gboolean test_was_called (gpointer user_data);

G_END_DECLS
