/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: finding a process and its name.
 *
 * A program that runs one command ("ip rule flush") is gone a millisecond later, so look its name
 * up at once.
 */
#include "touched.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* The kernel has no larger process numbers. */
#define PID_BITS 22
#define PID_MASK ((1u << PID_BITS) - 1)
/* If the process has another socket with its number, the kernel makes a number up; those begin here. */
#define PORT_MADE_UP 1023u

void
divert_program_find (guint32        pid,
                     DivertProgram *ret_program)
{
  DivertProgram program = { .pid = pid };
  char path[32];
  ssize_t n = 0;
  int fd;

  snprintf (path, sizeof path, "/proc/%u/comm", pid);
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd >= 0)
    {
      n = read (fd, program.name, sizeof program.name - 1);
      close (fd);
    }
  /* The text ends with a line break, and may contain others. */
  program.name[n > 0 && program.name[n - 1] == '\n' ? n - 1 : MAX (n, 0)] = '\0';
  *ret_program = program;
}

gboolean
divert_program_find_by_port (guint32        port,
                             DivertProgram *ret_program)
{
  /* The kernel gives the first socket of a process the process number; libnl adds a counter above it. */
  if ((port & PID_MASK) == 0 || port >> PID_BITS == PORT_MADE_UP)
    return FALSE;
  divert_program_find (port & PID_MASK, ret_program);
  return TRUE;
}
