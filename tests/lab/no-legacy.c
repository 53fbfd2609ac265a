/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loaded into the helper before the C library (LD_PRELOAD): the kernel has no legacy tables.  Their socket options are
 * unknown, and so are the files that list them.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* The first of the options, and the last one of either family. */
#define FIRST 64
#define LAST 69

static int
is_legacy (int level,
           int option)
{
  return (level == IPPROTO_IP || level == IPPROTO_IPV6) && option >= FIRST && option <= LAST;
}

static int
fail (int code)
{
  errno = code;
  return -1;
}

int
getsockopt (int        fd,
            int        level,
            int        option,
            void      *value,
            socklen_t *length)
{
  if (is_legacy (level, option))
    return fail (ENOPROTOOPT);
  return syscall (SYS_getsockopt, fd, level, option, value, length);
}

int
setsockopt (int         fd,
            int         level,
            int         option,
            const void *value,
            socklen_t   length)
{
  if (is_legacy (level, option))
    return fail (ENOPROTOOPT);
  return syscall (SYS_setsockopt, fd, level, option, value, length);
}

/* With large files, as everybody calls it. */
int
open (const char *path,
      int         flags,
      ...)
{
  mode_t mode = 0;
  va_list args;

  va_start (args, flags);
  if ((flags & (O_CREAT | O_TMPFILE)) != 0)
    mode = va_arg (args, mode_t);
  va_end (args);
  if (strstr (path, "/ip_tables_") != NULL || strstr (path, "/ip6_tables_") != NULL)
    return fail (ENOENT);
  return syscall (SYS_openat, AT_FDCWD, path, flags, mode);
}
