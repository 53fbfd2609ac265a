/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the thread, its priority, and how much it may do.
 *
 * Theory of operation.  One socket hears of the armed links alone, so that nothing else wakes the thread or fills the
 * socket.  Each message counts, and so does the first that is lost.  The kernel doesn't tell of further ones until the
 * socket has been emptied, but by then the links are being asked.  The other socket hears of all links.  It only tells
 * that some carrier may have changed, so what it loses does not matter, and nobody waits for it while done() is being
 * called every few milliseconds anyway.  But it has room, because a socket that is half full holds up the very thread
 * of the kernel that reports a loss (K4.11).
 *
 * Nobody can make the thread use more than a twentieth of a processor.  However long it has listened, it then rests for
 * nineteen times as long.  What must be done at once has been done by then, and if links are armed meanwhile, the rest
 * ends.
 */
#include "tripwire-ears.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "system/base/clock.h"

#define BUFFER_BYTES (16 * 1024)
#define CROWD_ROOM_BYTES (128 * 1024)
/* Then the rest gets a turn. */
#define MAX_DATAGRAMS 64
#define MAX_OF_CROWD 512

struct DivertTripEars
{
  DivertTripLimits  limits;
  DivertTripHearing hearing;
  gpointer          user_data;
  GArray           *heard;  /* DivertLinkState: the links that pass the filter */
  GThread          *thread;
  gboolean          ending; /* atomic */
  gboolean          any;    /* atomic: some link is armed */
  int               nudge;  /* eventfd */
  struct nl_sock   *armed;  /* hears of the armed links */
  struct nl_sock   *crowd;  /* hears of all links */
  char             *buffer;
};

/* FALSE: the socket is empty. */
static gboolean
hear (DivertTripEars *ears)
{
  struct sockaddr_nl sender = { 0 };
  struct iovec iov = { ears->buffer, BUFFER_BYTES };
  struct msghdr datagram = { .msg_name = &sender, .msg_namelen = sizeof sender, .msg_iov = &iov, .msg_iovlen = 1 };
  const ssize_t n = recvmsg (nl_socket_get_fd (ears->armed), &datagram, MSG_DONTWAIT);
  int remaining = (int) n;

  if (n < 0 && errno != ENOBUFS)
    return errno == EINTR;
  if (n < 0 || (datagram.msg_flags & MSG_TRUNC) != 0)
    ears->hearing.heard (NULL, ears->user_data);
  else if (sender.nl_pid == 0)
    for (struct nlmsghdr *header = (struct nlmsghdr *) ears->buffer; nlmsg_ok (header, remaining);
         header = nlmsg_next (header, &remaining))
      ears->hearing.heard (header, ears->user_data);
  return TRUE;
}

static gboolean
hear_crowd (DivertTripEars *ears)
{
  gboolean any = FALSE;
  char nothing;

  for (guint i = 0; i < MAX_OF_CROWD && recv (nl_socket_get_fd (ears->crowd), &nothing, 1, MSG_DONTWAIT) >= 0; i++)
    any = TRUE;
  return any;
}

/* Above the main loop, which may be in the middle of a long run. */
static void
hurry (void)
{
  const struct sched_param parameter = { .sched_priority = sched_get_priority_min (SCHED_RR) + 1 };

  if (sched_setscheduler (0, SCHED_RR | SCHED_RESET_ON_FORK, &parameter) != 0)
    g_info ("no real-time priority for the tripwire: %s", g_strerror (errno));
}

static void
clear_nudge (DivertTripEars *ears)
{
  guint64 count;

  if (read (ears->nudge, &count, sizeof count) < 0)
    return;
}

/* After a loss the rest may be long, because many packets were dropped.  The next grant doesn't wait for its end. */
static void
rest (DivertTripEars *ears,
      gint64          us)
{
  struct pollfd nudge = { .fd = ears->nudge, .events = POLLIN };
  const struct timespec time = { us / G_USEC_PER_SEC, us % G_USEC_PER_SEC * 1000 };

  ppoll (&nudge, 1, &time, NULL);
}

static gpointer
listen_and_rest (gpointer data)
{
  DivertTripEars *ears = data;
  gboolean again = FALSE;

  hurry ();
  while (!g_atomic_int_get (&ears->ending))
    {
      struct pollfd polls[] = { { .fd = nl_socket_get_fd (ears->armed), .events = POLLIN },
                                { .fd = ears->nudge, .events = POLLIN },
                                { .fd = nl_socket_get_fd (ears->crowd), .events = POLLIN } };
      gint64 begin;

      /* What is heard while no link is armed waits until one is, and is old then. */
      if (!g_atomic_int_get (&ears->any))
        polls[0].fd = polls[2].fd = -1;
      else if (again)
        polls[2].fd = -1;
      poll (polls, G_N_ELEMENTS (polls), again ? (int) ears->limits.again_ms : -1);
      begin = divert_clock_get_processor_time ();
      for (guint i = 0; i < MAX_DATAGRAMS && hear (ears); i++)
        ;
      clear_nudge (ears);
      again = ears->hearing.done (hear_crowd (ears), ears->user_data);
      rest (ears, (divert_clock_get_processor_time () - begin) * (ears->limits.share - 1));
    }
  return NULL;
}

/* @links: see divert_trip_links_filter(). */
static struct nl_sock *
subscribe (int           room_bytes,
           const GArray *links)
{
  struct nl_sock *sock = nl_socket_alloc ();

  if (sock == NULL || nl_connect (sock, NETLINK_ROUTE) < 0)
    {
      nl_socket_free (sock);
      return NULL;
    }
  divert_trip_links_filter (nl_socket_get_fd (sock), links);
  /* Exceed the system's limit if we may. */
  if (setsockopt (nl_socket_get_fd (sock), SOL_SOCKET, SO_RCVBUFFORCE, &room_bytes, sizeof room_bytes) < 0)
    setsockopt (nl_socket_get_fd (sock), SOL_SOCKET, SO_RCVBUF, &room_bytes, sizeof room_bytes);
  if (nl_socket_add_memberships (sock, RTNLGRP_LINK, 0) < 0)
    g_clear_pointer (&sock, nl_socket_free);
  return sock;
}

static gboolean
begin (DivertTripEars  *ears,
       GError         **error)
{
  const int on = 1;

  errno = ENOMEM;
  ears->armed = subscribe (ears->limits.room_bytes, ears->heard);
  ears->crowd = ears->armed != NULL ? subscribe (CROWD_ROOM_BYTES, NULL) : NULL;
  ears->nudge = ears->crowd != NULL ? eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;
  if (ears->nudge < 0)
    {
      g_set_error (error, DIVERT_NETLINK_ERROR, errno, _("cannot listen to the kernel: %s"), g_strerror (errno));
      return FALSE;
    }
  setsockopt (nl_socket_get_fd (ears->crowd), SOL_NETLINK, NETLINK_NO_ENOBUFS, &on, sizeof on);
  ears->thread = g_thread_try_new ("tripwire", listen_and_rest, ears, error);
  return ears->thread != NULL;
}

DivertTripEars *
divert_trip_ears_new (const DivertTripLimits   *limits,
                      const DivertTripHearing  *hearing,
                      gpointer                  user_data,
                      GError                  **error)
{
  DivertTripEars *ears = g_new0 (DivertTripEars, 1);

  ears->limits = *limits;
  ears->hearing = *hearing;
  ears->user_data = user_data;
  ears->nudge = -1;
  ears->heard = g_array_new (FALSE, FALSE, sizeof (DivertLinkState));
  ears->buffer = g_malloc (BUFFER_BYTES);
  if (!begin (ears, error))
    g_clear_pointer (&ears, divert_trip_ears_free);
  return ears;
}

void
divert_trip_ears_free (DivertTripEars *ears)
{
  if (ears == NULL)
    return;
  g_atomic_int_set (&ears->ending, TRUE);
  if (ears->thread != NULL)
    {
      divert_trip_ears_nudge (ears);
      g_thread_join (ears->thread);
    }
  nl_socket_free (ears->armed);
  nl_socket_free (ears->crowd);
  if (ears->nudge >= 0)
    close (ears->nudge);
  g_array_unref (ears->heard);
  g_free (ears->buffer);
  g_free (ears);
}

/* A new filter takes the kernel 40 us, while a grant waits to be given or taken back.  It is needed only if a link is
 * missing in the old one: who comes home mostly comes by the same link. */
void
divert_trip_ears_set (DivertTripEars *ears,
                      const GArray   *links)
{
  gboolean missing = FALSE;

  g_atomic_int_set (&ears->any, links->len > 0);
  for (guint i = 0; i < links->len; i++)
    missing |= divert_trip_links_find (ears->heard, g_array_index (links, DivertLinkState, i).ifindex) == NULL;
  if (!missing)
    return;
  g_array_set_size (ears->heard, 0);
  g_array_append_vals (ears->heard, links->data, links->len);
  divert_trip_links_filter (nl_socket_get_fd (ears->armed), links);
}

void
divert_trip_ears_nudge (DivertTripEars *ears)
{
  const guint64 one = 1;

  /* It only fails if a nudge is waiting. */
  if (write (ears->nudge, &one, sizeof one) < 0)
    return;
}
