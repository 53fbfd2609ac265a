/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the test's namespace, the processes next to it, and the commands that it runs.
 */
#include "namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static char *directory;
static char *lock;

static void
remove_directory (void)
{
  if (lock != NULL)
    unlink (lock);
  rmdir (directory);
}

void
test_directory_enter (void)
{
  directory = g_dir_make_tmp ("nm-divert-test-XXXXXX", NULL);
  g_assert_nonnull (directory);
  g_assert_no_errno (chdir (directory));
  atexit (remove_directory);
}

void
test_lock_enter (void)
{
  test_directory_enter ();
  lock = g_build_filename (directory, "lock", NULL);
  g_setenv ("XTABLES_LOCKFILE", lock, TRUE);
}

void
test_namespace_enter (void)
{
  g_assert_no_errno (unshare (CLONE_NEWNET));
  test_run ("ip link set lo up");
}

int
test_child_start (void   (*child) (gpointer user_data),
                  gpointer user_data)
{
  int ready[2], pid;
  char byte;

  g_assert_no_errno (pipe2 (ready, O_CLOEXEC));
  pid = fork ();
  g_assert_no_errno (pid);
  if (pid == 0)
    {
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      if (dup2 (ready[1], STDOUT_FILENO) < 0)
        _exit (1);
      child (user_data);
      for (;;)
        pause ();
    }
  close (ready[1]);
  /* If the child ends before it is ready, there is no byte to read. */
  g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);
  close (ready[0]);
  return pid;
}

void
test_child_is_ready (void)
{
  if (write (STDOUT_FILENO, "", 1) != 1)
    _exit (1);
}

void
test_child_stop (int pid)
{
  kill (pid, SIGKILL);
  waitpid (pid, NULL, 0);
}

static void
hold_namespace (gpointer user_data)
{
  if (unshare (CLONE_NEWNET) == 0)
    test_child_is_ready ();
}

int
test_namespace_start_far (void)
{
  return test_child_start (hold_namespace, NULL);
}

G_GNUC_PRINTF (1, 0)
static char *
run (const char *format,
     va_list     args)
{
  g_autofree char *command = g_strdup_vprintf (format, args);
  const char *argv[] = { "/bin/sh", "-e", "-c", command, NULL };
  g_autoptr(GError) error = NULL;
  char *output = NULL;
  int status = 0;

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, NULL, &status, &error);
  g_assert_no_error (error);
  if (status != 0)
    g_error ("failed: %s\n%s", command, output);
  return output;
}

void
test_run (const char *format,
          ...)
{
  va_list args;

  va_start (args, format);
  g_free (run (format, args));
  va_end (args);
}

char *
test_output (const char *format,
             ...)
{
  va_list args;
  char *output;

  va_start (args, format);
  output = run (format, args);
  va_end (args);
  return output;
}

void
test_wait_for_operstate (const char *device,
                         const char *state)
{
  test_run ("i=0; until ip -o link show %s | grep -q ' state %s '; do test $((i += 1)) -lt 3000; sleep 0.01; done",
            device, state);
}

gint64
test_processor_time (clockid_t clock)
{
  struct timespec now;

  clock_gettime (clock, &now);
  return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

guint
test_count (const char *haystack,
            const char *needle)
{
  guint n = 0;

  for (const char *p = strstr (haystack, needle); p != NULL; p = strstr (p + 1, needle))
    n++;
  return n;
}

static gboolean
on_timeout (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

gboolean
test_wait (guint     ms,
           TestDone  done,
           gpointer  user_data)
{
  gboolean over = FALSE;
  guint id = g_timeout_add (ms, on_timeout, &over);

  while (!over && (done == NULL || !done (user_data)))
    g_main_context_iteration (NULL, TRUE);
  if (!over)
    g_source_remove (id);
  return !over;
}

void
test_on_call (gpointer user_data)
{
  (*(guint *) user_data)++;
}

gboolean
test_was_called (gpointer user_data)
{
  return *(guint *) user_data > 0;
}

guint
test_count_far (void)
{
  g_autofree char *text = test_output ("iptables-legacy-save -c -t raw | grep -- '-i far'");
  guint packets = 0;

  g_assert_cmpint (sscanf (text, "[%u:", &packets), ==, 1);
  return packets;
}
