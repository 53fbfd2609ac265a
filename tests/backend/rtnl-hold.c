/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the process that keeps rtnl.
 *
 * It asks for its addresses (SIOCGIFCONF), in a namespace of its own.  The kernel copies the answer while it has the
 * lock, to memory that isn't there until somebody who handles its faults (userfaultfd) puts it there.
 */
#include "rtnl-hold.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096

static char *page;

/* When it is asked for, says so to the parent, and puts it there when the parent has answered. */
static gpointer
handle_fault (gpointer data)
{
  const int *ends = data;
  struct uffdio_zeropage zero = { .range = { (gsize) page, PAGE } };
  struct uffd_msg fault;
  char byte = 0;

  if (read (ends[1], &fault, sizeof fault) > 0 && write (ends[0], &byte, 1) == 1 && read (ends[0], &byte, 1) >= 0)
    ioctl (ends[1], UFFDIO_ZEROPAGE, &zero);
  return NULL;
}

/* Memory that isn't there; -1: impossible. */
static int
make_page (void)
{
  const int faults = syscall (SYS_userfaultfd, O_CLOEXEC);
  struct uffdio_api api = { .api = UFFD_API };
  struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };

  page = mmap (NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  range.range = (struct uffdio_range) { (gsize) page, PAGE };
  if (faults < 0 || ioctl (faults, UFFDIO_API, &api) < 0 || ioctl (faults, UFFDIO_REGISTER, &range) < 0)
    return -1;
  return faults;
}

static void
hold (int parent)
{
  const int sock = unshare (CLONE_NEWNET) == 0 ? socket (AF_INET, SOCK_DGRAM, 0) : -1;
  struct ifreq up = { .ifr_name = "lo", .ifr_flags = IFF_UP };
  struct ifconf addresses = { .ifc_len = PAGE };
  int ends[] = { parent, make_page () };
  pthread_t handler;

  prctl (PR_SET_PDEATHSIG, SIGKILL);
  if (sock < 0 || ends[1] < 0 || ioctl (sock, SIOCSIFFLAGS, &up) < 0 ||
      pthread_create (&handler, NULL, handle_fault, ends) != 0)
    _exit (1);
  addresses.ifc_buf = page;
  ioctl (sock, SIOCGIFCONF, &addresses);
  _exit (0);
}

int
rtnl_hold_begin (void)
{
  int ends[2], pid;
  char byte;

  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
  pid = fork ();
  g_assert_no_errno (pid);
  if (pid == 0)
    {
      close (ends[0]);
      hold (ends[1]);
    }
  close (ends[1]);
  if (read (ends[0], &byte, 1) == 1)
    return ends[0];
  close (ends[0]);
  waitpid (pid, NULL, 0);
  return -1;
}

void
rtnl_hold_end (int hold)
{
  char byte;

  g_assert_cmpint (shutdown (hold, SHUT_WR), ==, 0);
  /* It has let go when it has ended. */
  while (read (hold, &byte, 1) > 0)
    ;
  close (hold);
}
