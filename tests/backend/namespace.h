/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network namespace for a test, and other programs to look at it with.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Moves this process into a new network namespace, in which only lo is up.  The one before goes
 * with its last socket.  A machine that does not let us fails the test. */
void   test_namespace_enter (void);

/* Another one beside it, named by the process that holds it (for "ip link set … netns PID", "nsenter -n -t PID"). */
int    test_namespace_start_far (void);
void   test_namespace_stop_far (int pid);

/* Runs a shell command (given as a format), which must succeed. */
void   test_run (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* Likewise; its output. */
char  *test_output (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* How often @needle is in @haystack. */
guint  test_count (const char *haystack, const char *needle);

/* Runs the default main context until @done says so, or @ms have gone by; returns whether it did. */
typedef gboolean (*TestDone) (gpointer user_data);
gboolean test_wait (guint ms, TestDone done, gpointer user_data);

G_END_DECLS
