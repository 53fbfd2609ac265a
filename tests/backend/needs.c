/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: the reasons for skipping a test. */
#include "needs.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

void
test_skip (const char *format,
           ...)
{
  g_autofree char *reason = NULL;
  va_list args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);
  printf ("1..0 # SKIP %s\n", reason);
  exit (0);
}

void
test_needs (const char *program,
            ...)
{
  va_list programs;

  va_start (programs, program);
  for (const char *name = program; name != NULL; name = va_arg (programs, const char *))
    {
      g_autofree char *path = g_find_program_in_path (name);

      if (path == NULL)
        test_skip ("needs %s, which is not installed", name);
    }
  va_end (programs);
}

/* A process of its own tries this, and doesn't come back from the namespaces. */
void
test_needs_namespaces (void)
{
  int status = 0, pid;

  if (geteuid () != 0)
    test_skip ("only root can make the namespaces in which this runs");
  pid = fork ();
  g_assert_no_errno (pid);
  if (pid == 0)
    _exit (unshare (CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID) == 0 ? 0 : errno);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  if (status != 0)
    test_skip ("cannot make namespaces: %s", g_strerror (WEXITSTATUS (status)));
}
