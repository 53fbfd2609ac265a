/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bare-iptc N: the minimum that any program on libiptc must do to rewrite mangle and nat for IPv4 and IPv6.  It reads
 * each table and commits it.  It compares, builds and locks nothing.  Prints "min median max" of the time for all four,
 * in microseconds.
 */
#include <libiptc/libip6tc.h>
#include <libiptc/libiptc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define RUNS_MAX 10000

static const xt_chainlabel output = "OUTPUT";
static const char *const tables[] = { "mangle", "nat" };

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

/* Without a change, a commit makes no system call.  So set a counter to force one. */
static int
rewrite_ipv4 (const char *table)
{
  struct xtc_handle *handle = iptc_init (table);
  struct xt_counters counters = { 0 };
  int ok = handle != NULL && iptc_set_counter (output, 1, &counters, handle) && iptc_commit (handle);

  if (handle != NULL)
    iptc_free (handle);
  return ok;
}

static int
rewrite_ipv6 (const char *table)
{
  struct xtc_handle *handle = ip6tc_init (table);
  struct xt_counters counters = { 0 };
  int ok = handle != NULL && ip6tc_set_counter (output, 1, &counters, handle) && ip6tc_commit (handle);

  if (handle != NULL)
    ip6tc_free (handle);
  return ok;
}

int
main (int    argc,
      char **argv)
{
  static long times[RUNS_MAX];
  int runs = argc == 2 ? atoi (argv[1]) : 0;

  if (runs < 1 || runs > RUNS_MAX)
    {
      fprintf (stderr, "usage: bare-iptc N\n");
      return 2;
    }
  for (int i = 0; i < runs; i++)
    {
      long start = now ();

      for (int table = 0; table < 2; table++)
        if (!rewrite_ipv4 (tables[table]) || !rewrite_ipv6 (tables[table]))
          {
            fprintf (stderr, "bare-iptc: %s cannot be rewritten\n", tables[table]);
            return 1;
          }
      times[i] = now () - start;
    }
  qsort (times, runs, sizeof times[0], compare);
  printf ("%ld %ld %ld\n", times[0], times[runs / 2], times[runs - 1]);
  return 0;
}
