/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network namespace for a test, and other programs to inspect it with.
 */
#pragma once

#include "needs.h"

#include <time.h>

G_BEGIN_DECLS

/* Enters a new directory. It is removed when the process ends, if it is empty by then. */
void   test_directory_enter (void);

/* The same, and from now on iptables' lock is in there, for iptables and for the code under test.  Another test may
 * hold the machine's. */
void   test_lock_enter (void);

/* Moves this process into a new network namespace, in which only lo is up. The previous one disappears with its last
 * socket. */
void   test_namespace_enter (void);

/* Starts a process next to this one, which runs @child and then sleeps. Returns when @child has said that it is ready.
 * The child must not use its standard output. */
int    test_child_start (void (*child) (gpointer user_data), gpointer user_data);
void   test_child_is_ready (void);
void   test_child_stop (int pid);

/* Starts another namespace next to ours. It is named by the process that holds it (for "ip link set … netns PID",
 * "nsenter -n -t PID"), and must be stopped. */
int    test_namespace_start_far (void);

/* Runs a shell command, given as a format. It must succeed. */
void   test_run (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* The same. Returns its output. */
char  *test_output (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* What the rule of the legacy table raw for the device "far" has counted, outside of nftables and of our tables. */
guint  test_count_far (void);
/* Waits until @device's operstate is @state ("UP").  The kernel reports a carrier up to a second after it came. */
void   test_wait_for_operstate (const char *device, const char *state);
/* The processor time of @clock (CLOCK_THREAD_CPUTIME_ID, CLOCK_PROCESS_CPUTIME_ID), in µs. */
gint64 test_processor_time (clockid_t clock);
/* How often @needle is in @haystack. */
guint  test_count (const char *haystack, const char *needle);

/* Runs the default main context until @done returns TRUE or @ms have passed. Returns whether @done did. */
typedef gboolean (*TestDone) (gpointer user_data);
gboolean test_wait (guint ms, TestDone done, gpointer user_data);

/* A callback for the code under test, and a way to wait for it. @user_data is a guint, the number of calls. */
void     test_on_call (gpointer user_data);
gboolean test_was_called (gpointer user_data);

G_END_DECLS
