/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events LOG: stamps, in microseconds since the epoch, what the kernel tells of this
 * network namespace's links and what is appended to LOG, as they come:
 *
 *   TIME carrier on|off LINK
 *   TIME log LINE
 *
 * Both come from outside the program under test, by the same clock.  Ends at SIGTERM.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LINKS_MAX 4096

static long long
now (void)
{
  struct timespec time;

  clock_gettime (CLOCK_REALTIME, &time);
  return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

static void
die (const char *what)
{
  fprintf (stderr, "events: %s: %s\n", what, strerror (errno));
  exit (1);
}

static int
open_links (void)
{
  struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
  int fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

  if (fd < 0 || bind (fd, (struct sockaddr *) &address, sizeof address) != 0)
    die ("netlink");
  return fd;
}

/* Only changes: a link is told of for many reasons. */
static void
take_link (const struct nlmsghdr *message,
           long long              time)
{
  static char carriers[LINKS_MAX];
  const struct ifinfomsg *link = NLMSG_DATA (message);
  int length = IFLA_PAYLOAD (message);
  char carrier = link->ifi_flags & IFF_LOWER_UP ? 'y' : 'n';
  const char *name = "?";

  for (const struct rtattr *attribute = IFLA_RTA (link); RTA_OK (attribute, length); attribute = RTA_NEXT (attribute, length))
    if (attribute->rta_type == IFLA_IFNAME)
      name = RTA_DATA (attribute);
  if (link->ifi_index >= LINKS_MAX || carriers[link->ifi_index] == carrier)
    return;
  carriers[link->ifi_index] = carrier;
  printf ("%lld carrier %s %s\n", time, carrier == 'y' ? "on" : "off", name);
}

static void
take_links (int fd)
{
  static char buffer[65536] __attribute__ ((aligned (NLMSG_ALIGNTO)));
  int length = (int) recv (fd, buffer, sizeof buffer, 0);
  long long time = now ();

  for (const struct nlmsghdr *message = (void *) buffer; NLMSG_OK (message, length); message = NLMSG_NEXT (message, length))
    if (message->nlmsg_type == RTM_NEWLINK)
      take_link (message, time);
}

static void
take_log (int fd)
{
  static char line[4096];
  static size_t used;
  long long time = now ();
  char byte;

  while (read (fd, &byte, 1) == 1)
    {
      if (byte != '\n')
        {
          if (used < sizeof line - 1)
            line[used++] = byte;
          continue;
        }
      printf ("%lld log %.*s\n", time, (int) used, line);
      used = 0;
    }
}

int
main (int    argc,
      char **argv)
{
  struct pollfd polls[2];
  int log;

  if (argc != 2)
    {
      fprintf (stderr, "usage: events LOG\n");
      return 2;
    }
  setvbuf (stdout, NULL, _IOLBF, 0);
  log = open (argv[1], O_RDONLY | O_CLOEXEC);
  if (log < 0 || lseek (log, 0, SEEK_END) < 0)
    die (argv[1]);
  polls[0] = (struct pollfd){ .fd = open_links (), .events = POLLIN };
  polls[1] = (struct pollfd){ .fd = inotify_init1 (IN_CLOEXEC), .events = POLLIN };
  if (inotify_add_watch (polls[1].fd, argv[1], IN_MODIFY) < 0)
    die (argv[1]);

  while (poll (polls, 2, -1) > 0)
    {
      if (polls[0].revents != 0)
        take_links (polls[0].fd);
      if (polls[1].revents != 0)
        {
          char events[4096];

          if (read (polls[1].fd, events, sizeof events) < 0)
            die ("inotify");
          take_log (log);
        }
    }
  return 0;
}
