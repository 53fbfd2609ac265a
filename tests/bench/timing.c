/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timing N COMMAND [ARGUMENT…]: runs COMMAND N times in a row, and prints "min median max" of the wall time from start
 * to exit, in microseconds.
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS_MAX 10000

static long
now (void)
{
  struct timespec time;

  clock_gettime (CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000L + time.tv_nsec / 1000;
}

static int
compare (const void *a,
         const void *b)
{
  long x = *(const long *) a, y = *(const long *) b;

  return x < y ? -1 : x > y;
}

int
main (int    argc,
      char **argv)
{
  static long times[RUNS_MAX];
  int runs = argc > 2 ? atoi (argv[1]) : 0;

  if (runs < 1 || runs > RUNS_MAX)
    {
      fprintf (stderr, "usage: timing N COMMAND [ARGUMENT…]\n");
      return 2;
    }

  for (int i = 0; i < runs; i++)
    {
      long start = now ();
      pid_t pid;
      int status, error = posix_spawnp (&pid, argv[2], NULL, NULL, argv + 2, environ);

      if (error != 0 || waitpid (pid, &status, 0) != pid || !WIFEXITED (status) || WEXITSTATUS (status) != 0)
        {
          fprintf (stderr, "timing: %s failed: %s\n", argv[2], error != 0 ? strerror (error) : "exit status");
          return 1;
        }
      times[i] = now () - start;
    }

  qsort (times, runs, sizeof times[0], compare);
  printf ("%ld %ld %ld\n", times[0], times[runs / 2], times[runs - 1]);
  return 0;
}
