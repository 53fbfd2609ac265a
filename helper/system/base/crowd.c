/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: reading the number of runnable threads.
 */
#include "crowd.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

double
divert_crowd_read (void)
{
  const int fd = open ("/proc/loadavg", O_RDONLY | O_CLOEXEC);
  const long processors = MAX (sysconf (_SC_NPROCESSORS_ONLN), 1);
  char text[128] = "";
  guint runnable = 1;

  /* "0.20 0.18 0.12 3/1234 5678": 3 are runnable now. */
  if (fd >= 0 && read (fd, text, sizeof text - 1) > 0)
    sscanf (text, "%*s %*s %*s %u/", &runnable);
  if (fd >= 0)
    close (fd);
  return MAX ((double) runnable / processors, 1.0);
}
