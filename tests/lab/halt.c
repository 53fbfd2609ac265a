/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Halts the main thread of process PID, and no other thread, until this program ends.  It says "halted" once the thread
 * stands still.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

int
main (int argc, char **argv)
{
  const pid_t pid = argc > 1 ? atoi (argv[1]) : 0;

  if (ptrace (PTRACE_SEIZE, pid, NULL, NULL) != 0 || ptrace (PTRACE_INTERRUPT, pid, NULL, NULL) != 0 ||
      waitpid (pid, NULL, __WALL) != pid)
    {
      perror ("halt");
      return 1;
    }
  puts ("halted");
  fflush (stdout);
  for (;;)
    pause ();
}
