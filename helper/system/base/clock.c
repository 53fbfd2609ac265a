/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: reading the clocks.
 */
#include "clock.h"

#include <time.h>

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

/* It does not change during the life of this process. */
static const char *
get_boot (void)
{
  static char *boot;

  if (boot == NULL && g_file_get_contents (BOOT_ID, &boot, NULL, NULL))
    g_strstrip (boot);
  return boot;
}

void
divert_clock_read (DivertClock *ret_now)
{
  struct timespec uptime;

  clock_gettime (CLOCK_BOOTTIME, &uptime);
  *ret_now = (DivertClock) { .wall = g_get_real_time () / G_USEC_PER_SEC, .uptime = uptime.tv_sec,
                             .boot = get_boot () };
}

gint64
divert_clock_get_processor_time (void)
{
  struct timespec used = { 0 };

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &used);
  return used.tv_sec * G_USEC_PER_SEC + used.tv_nsec / 1000;
}
