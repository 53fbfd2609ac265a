/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the multicast socket and the rate of calls.
 *
 * An event carries no facts, so nothing needs to be kept: we read the socket until it is empty, and
 * a single call says "look again".  In a storm (ten thousand addresses) the calls are spaced out.
 * A message lost for lack of room is a reason to look like any other; the socket says that one was lost, not which.
 */
#include "kernel-monitor.h"

#include "neighbour-filter.h"
#include "system/base/turns.h"
#include "system/netlink/netlink.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <sys/socket.h>

#define BUFFER_BYTES (32 * 1024)
#define SOCKET_BUFFER_BYTES (4 * 1024 * 1024)

/* A storm may fill the socket as fast as we read it, and runs, which have the same priority, need their turn. */
#define MAX_DATAGRAMS 4096

struct DivertMonitor
{
  GSource           source;    /* must come first: this is a GSource, and is alive while being dispatched */
  struct nl_sock   *sock;
  DivertMonitorSee  see;
  DivertLookAgain   changed;
  gpointer          user_data;
  gboolean          hears_neighbours;
  gboolean          pending;
  gint64            next_call; /* not before this time (monotonic) */
  DivertTurns       turns;
};

static void
take_datagram (DivertMonitor *monitor,
               char          *datagram,
               int            length)
{
  for (struct nlmsghdr *header = (struct nlmsghdr *) datagram; nlmsg_ok (header, length);
       header = nlmsg_next (header, &length))
    {
      if (monitor->see (header, monitor->user_data))
        monitor->pending = TRUE;
    }
}

/* FALSE: the socket is empty. */
static gboolean
read_datagram (DivertMonitor *monitor,
               char          *buffer)
{
  struct sockaddr_nl sender = { 0 };
  struct iovec iov = { buffer, BUFFER_BYTES };
  struct msghdr datagram = { .msg_name = &sender, .msg_namelen = sizeof sender, .msg_iov = &iov, .msg_iovlen = 1 };
  ssize_t n = recvmsg (nl_socket_get_fd (monitor->sock), &datagram, MSG_DONTWAIT);

  if (n < 0 && errno == EINTR)
    return TRUE;
  if (n < 0 && errno != ENOBUFS)
    return FALSE;
  if (n < 0 || datagram.msg_flags & MSG_TRUNC)
    monitor->pending |= monitor->see (NULL, monitor->user_data);
  else if (sender.nl_pid == 0)
    take_datagram (monitor, buffer, n);
  return TRUE;
}

void
divert_monitor_drain (DivertMonitor *monitor)
{
  g_autofree char *buffer = g_malloc (BUFFER_BYTES);

  for (guint i = 0; i < MAX_DATAGRAMS && read_datagram (monitor, buffer); i++)
    ;
  if (monitor->pending)
    g_source_set_ready_time (&monitor->source, monitor->next_call);
}

void
divert_monitor_listen_to_neighbours (DivertMonitor *monitor,
                                     gboolean       listen)
{
  if (listen == monitor->hears_neighbours)
    return;
  if (listen)
    nl_socket_add_memberships (monitor->sock, RTNLGRP_NEIGH, 0);
  else
    nl_socket_drop_memberships (monitor->sock, RTNLGRP_NEIGH, 0);
  monitor->hears_neighbours = listen;
}

void
divert_monitor_ignore_neighbours (DivertMonitor *monitor,
                                  guint32        port,
                                  const GArray  *quiet)
{
  divert_neighbour_filter_set (nl_socket_get_fd (monitor->sock), port, quiet);
}

void
divert_monitor_poke (DivertMonitor *monitor)
{
  monitor->pending = TRUE;
  g_source_set_ready_time (&monitor->source, monitor->next_call);
}

static gboolean
on_ready (GSource     *source,
          GSourceFunc  callback,
          gpointer     user_data)
{
  DivertMonitor *monitor = (DivertMonitor *) source;

  int priority = divert_turns_take (&monitor->turns);

  if (priority != g_source_get_priority (source))
    g_source_set_priority (source, priority);
  g_source_set_ready_time (source, -1);
  divert_monitor_drain (monitor);
  if (!monitor->pending || g_get_monotonic_time () < monitor->next_call)
    return G_SOURCE_CONTINUE;

  g_source_set_ready_time (source, -1);
  monitor->pending = FALSE;
  monitor->changed (monitor->user_data);
  if (g_source_is_destroyed (source))
    return G_SOURCE_REMOVE;

  /* Count from the end of the call, so that work longer than the interval leaves time for others. */
  monitor->next_call = g_get_monotonic_time () + DIVERT_MONITOR_INTERVAL_US;
  if (monitor->pending)
    g_source_set_ready_time (source, monitor->next_call);
  return G_SOURCE_CONTINUE;
}

static void
on_finalize (GSource *source)
{
  DivertMonitor *monitor = (DivertMonitor *) source;

  divert_turns_clear (&monitor->turns);
  if (monitor->sock != NULL)
    nl_socket_free (monitor->sock);
}

static gboolean
subscribe (DivertMonitor *monitor)
{
  const int size = SOCKET_BUFFER_BYTES;
  int fd;

  monitor->sock = nl_socket_alloc ();
  if (monitor->sock == NULL || nl_connect (monitor->sock, NETLINK_ROUTE) < 0)
    return FALSE;
  if (nl_socket_add_memberships (monitor->sock, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
                                 RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE, 0) < 0)
    return FALSE;

  /* Exceed the system's limit if we may; otherwise use as much as it allows. */
  fd = nl_socket_get_fd (monitor->sock);
  if (setsockopt (fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
    setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  return TRUE;
}

DivertMonitor *
divert_monitor_new (DivertMonitorSee   see,
                    DivertLookAgain    changed,
                    gpointer           user_data,
                    GError           **error)
{
  static GSourceFuncs funcs = { .dispatch = on_ready, .finalize = on_finalize };
  DivertMonitor *monitor = (DivertMonitor *) g_source_new (&funcs, sizeof *monitor);

  monitor->see = see;
  monitor->changed = changed;
  monitor->user_data = user_data;
  errno = ENOMEM;
  if (!subscribe (monitor))
    {
      g_set_error (error, DIVERT_NETLINK_ERROR, errno, _("cannot listen to the kernel: %s"), g_strerror (errno));
      divert_monitor_free (monitor);
      return NULL;
    }

  g_source_set_priority (&monitor->source, G_PRIORITY_HIGH);
  g_source_set_name (&monitor->source, "kernel monitor");
  g_source_add_unix_fd (&monitor->source, nl_socket_get_fd (monitor->sock), G_IO_IN);
  g_source_attach (&monitor->source, NULL);
  return monitor;
}

void
divert_monitor_free (DivertMonitor *monitor)
{
  if (monitor == NULL)
    return;
  g_source_destroy (&monitor->source);
  g_source_unref (&monitor->source);
}
