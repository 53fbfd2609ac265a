/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events LOCK LOG…: prints timestamped events, in microseconds since the epoch, as they come: what the kernel reports
 * about this network namespace's links, about the fence and about nftables, when somebody closes LOCK (the iptables
 * lock is closed after each commit), and what is appended to each LOG:
 *
 *   TIME carrier on|off LINK
 *   TIME fence closed        (a gate was removed)
 *   TIME tables written      (nftables changed, or LOCK was closed)
 *   TIME LOG LINE            (LOG without its folder)
 *
 * All of these come from outside the program under test, with the same clock.  It runs with real-time priority if it
 * may, so that a busy machine doesn't delay it.  It ends at SIGTERM.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LINKS_MAX 4096
#define LOGS_MAX 4
/* nm-divert's. */
#define ROUTE_PROTOCOL 233

typedef struct
{
  const char *name;
  int         fd;
  size_t      used;
  char        line[4096];
} Log;

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
open_notifications (int protocol,
                    int groups)
{
  struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = groups };
  int fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

  if (fd < 0 || bind (fd, (struct sockaddr *) &address, sizeof address) != 0)
    die ("netlink");
  return fd;
}

/* Only changes, because the kernel reports a link for many reasons. */
static void
take_link (const struct nlmsghdr *message,
           long long              time)
{
  static char carriers[LINKS_MAX];
  const struct ifinfomsg *link = NLMSG_DATA (message);
  int length = IFLA_PAYLOAD (message);
  char carrier = link->ifi_flags & IFF_LOWER_UP ? 'y' : 'n';
  const char *name = "?";

  for (const struct rtattr *attribute = IFLA_RTA (link); RTA_OK (attribute, length);
       attribute = RTA_NEXT (attribute, length))
    if (attribute->rta_type == IFLA_IFNAME)
      name = RTA_DATA (attribute);
  if (link->ifi_index >= LINKS_MAX || carriers[link->ifi_index] == carrier)
    return;
  carriers[link->ifi_index] = carrier;
  printf ("%lld carrier %s %s\n", time, carrier == 'y' ? "on" : "off", name);
}

static void
take_route (const struct nlmsghdr *message,
            long long              time)
{
  const struct rtmsg *route = NLMSG_DATA (message);

  if (route->rtm_type == RTN_THROW && route->rtm_protocol == ROUTE_PROTOCOL)
    printf ("%lld fence closed\n", time);
}

static void
take_notifications (int fd)
{
  static char buffer[65536] __attribute__ ((aligned (NLMSG_ALIGNTO)));
  int length = (int) recv (fd, buffer, sizeof buffer, 0);
  long long time = now ();

  for (const struct nlmsghdr *message = (void *) buffer; NLMSG_OK (message, length); message = NLMSG_NEXT (message,
                                                                                                           length))
    {
      if (message->nlmsg_type == RTM_NEWLINK)
        take_link (message, time);
      else if (message->nlmsg_type == RTM_DELROUTE)
        take_route (message, time);
    }
}

static void
take_nftables (int fd)
{
  static char buffer[65536];

  recv (fd, buffer, sizeof buffer, 0);
  printf ("%lld tables written\n", now ());
}

static void
take_log (Log       *log,
          long long  time)
{
  char byte;

  while (read (log->fd, &byte, 1) == 1)
    {
      if (byte != '\n')
        {
          if (log->used < sizeof log->line)
            log->line[log->used++] = byte;
          continue;
        }
      printf ("%lld %s %.*s\n", time, log->name, (int) log->used, log->line);
      log->used = 0;
    }
}

static void
open_log (Log        *log,
          const char *path,
          int         inotify)
{
  log->name = basename (path);
  log->fd = open (path, O_RDONLY | O_CLOEXEC);
  if (log->fd < 0 || lseek (log->fd, 0, SEEK_END) < 0 || inotify_add_watch (inotify, path, IN_MODIFY) < 0)
    die (path);
}

static void
take_changes (int  inotify,
              int  lock,
              Log *logs,
              int  n)
{
  static char changes[4096] __attribute__ ((aligned (__alignof__ (struct inotify_event))));
  long long time = now ();
  ssize_t length = read (inotify, changes, sizeof changes);

  if (length < 0)
    die ("inotify");
  for (ssize_t i = 0; i < length;)
    {
      const struct inotify_event *change = (const void *) (changes + i);

      if (change->wd == lock)
        printf ("%lld tables written\n", time);
      i += (ssize_t) sizeof *change + change->len;
    }
  for (int i = 0; i < n; i++)
    take_log (&logs[i], time);
}

int
main (int    argc,
      char **argv)
{
  static Log logs[LOGS_MAX];
  struct pollfd polls[3];
  int n = argc - 2;
  int lock;

  if (n < 1 || n > LOGS_MAX)
    {
      fprintf (stderr, "usage: events LOCK LOG…\n");
      return 2;
    }
  setvbuf (stdout, NULL, _IOLBF, 0);
  /* A higher priority than the helper's, so that "carrier off" is stamped before the helper reacts. */
  sched_setscheduler (0, SCHED_FIFO, &(struct sched_param){ .sched_priority = 3 });
  polls[0] = (struct pollfd){ .events = POLLIN };
  polls[0].fd = open_notifications (NETLINK_ROUTE, RTMGRP_LINK | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE);
  polls[1] = (struct pollfd){ .fd = inotify_init1 (IN_CLOEXEC), .events = POLLIN };
  polls[2] = (struct pollfd){ .fd = open_notifications (NETLINK_NETFILTER, 1 << (NFNLGRP_NFTABLES - 1)),
                              .events = POLLIN };
  lock = inotify_add_watch (polls[1].fd, argv[1], IN_CLOSE);
  if (lock < 0)
    die (argv[1]);
  for (int i = 0; i < n; i++)
    open_log (&logs[i], argv[i + 2], polls[1].fd);

  while (poll (polls, 3, -1) > 0)
    {
      if (polls[0].revents != 0)
        take_notifications (polls[0].fd);
      if (polls[1].revents != 0)
        take_changes (polls[1].fd, lock, logs, n);
      if (polls[2].revents != 0)
        take_nftables (polls[2].fd);
    }
  return 0;
}
