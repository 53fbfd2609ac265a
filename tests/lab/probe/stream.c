/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "stream": a steady load to one address, to see where packets go while things change. tcp: every item is a new
 * connection. udp: every tenth item comes from a new socket (for a proxy each is a session of its own). The others come
 * from one connected socket, for which the kernel caches routes and decisions.
 *
 * Ends after SECONDS or at SIGTERM, then prints one line:
 *
 *   sent N failed N reopened N silent N NAME@PEER=N …
 *
 * "failed": refused by the kernel, or reset. "reopened": the connected socket was destroyed and made again. "silent":
 * no answer within --timeout.
 */
#include "probe.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_FLIGHT 2048
#define MAX_NAMES 16
#define FRESH_EVERY 10

typedef struct
{
  char     name[100];
  unsigned count;
} Answerer;

typedef struct
{
  ProbeAddress        to;
  int                 type;
  const ProbeOptions *options;
  unsigned            sent;
  unsigned            failed;
  unsigned            reopened;
  unsigned            silent;
  int                 n;
  struct pollfd       polls[MAX_FLIGHT + 1]; /* in flight; with udp, number 0 is the connected socket */
  int64_t             since[MAX_FLIGHT + 1];
  Answerer            answerers[MAX_NAMES];
} Stream;

static volatile sig_atomic_t stopped;

static void
stop (int signal_number)
{
  stopped = 1;
}

static void
count_answer (Stream *stream, const char *answer)
{
  char name[60];
  char peer[60];
  char key[130];

  if (sscanf (answer, "%59s %59s", name, peer) != 2)
    return;
  snprintf (key, sizeof key, "%s@%s", name, peer);
  for (int i = 0; i < MAX_NAMES; i++)
    if (stream->answerers[i].count == 0 || strcmp (stream->answerers[i].name, key) == 0)
      {
        snprintf (stream->answerers[i].name, sizeof stream->answerers[i].name, "%.99s", key);
        stream->answerers[i].count++;
        return;
      }
}

static void
drop (Stream *stream, int i)
{
  close (stream->polls[i].fd);
  stream->n--;
  stream->polls[i] = stream->polls[stream->n];
  stream->since[i] = stream->since[stream->n];
}

static int
open_socket (Stream *stream)
{
  int fd = probe_socket_new (&stream->to, stream->type, stream->options);

  if (fd < 0)
    probe_die ("no socket: %s", strerror (errno));
  if (connect (fd, (struct sockaddr *) &stream->to.sa, stream->to.length) != 0 && errno != EINPROGRESS)
    {
      close (fd);
      return -1;
    }
  return fd;
}

/* Returns 0 or an errno. */
static int
say (Stream *stream, int fd)
{
  char text[32];
  int length = snprintf (text, sizeof text, "%u\n", stream->sent);

  if (send (fd, text, (size_t) length, 0) >= 0)
    return 0;
  stream->failed++;
  return errno;
}

/* Makes the connected socket again after @error, unless the error is one that passes. */
static void
reopen (Stream *stream, int error)
{
  if (error == 0 || error == EAGAIN || error == ECONNREFUSED)
    return;
  stream->reopened++;
  close (stream->polls[0].fd);
  stream->polls[0].fd = open_socket (stream);
}

/* Sends one more item. */
static void
emit (Stream *stream)
{
  stream->sent++;
  if (stream->type == SOCK_DGRAM && stream->sent % FRESH_EVERY != 0 && stream->polls[0].fd >= 0)
    {
      reopen (stream, say (stream, stream->polls[0].fd));
      return;
    }
  if (stream->n < MAX_FLIGHT)
    {
      int fd = open_socket (stream);

      if (fd < 0)
        {
          stream->failed++;
          return;
        }
      if (stream->type == SOCK_DGRAM)
        say (stream, fd);
      stream->polls[stream->n] = (struct pollfd){ .fd = fd, .events = stream->type == SOCK_DGRAM ? POLLIN : POLLOUT };
      stream->since[stream->n] = probe_now_ms ();
      stream->n++;
    }
}

/* Handles an event on the socket. Returns false when it is done with. */
static bool
take (Stream *stream, int i)
{
  struct pollfd *socket_poll = &stream->polls[i];
  char answer[256];
  ssize_t got;

  if (socket_poll->events == POLLOUT && (socket_poll->revents & (POLLERR | POLLHUP)) == 0)
    {
      say (stream, socket_poll->fd);
      socket_poll->events = POLLIN;
      return true;
    }
  got = recv (socket_poll->fd, answer, sizeof answer - 1, 0);
  if (got < 0 && errno == EAGAIN)
    return true;
  if (got > 0)
    {
      answer[got] = '\0';
      count_answer (stream, answer);
    }
  else
    stream->failed++;
  return false;
}

/* The connected socket is used for ever, after an answer and also after an error if it is still usable. If it was
 * destroyed, or its address is gone, it is replaced. */
static void
take_connected (Stream *stream)
{
  char answer[256];
  ssize_t got;

  while ((got = recv (stream->polls[0].fd, answer, sizeof answer - 1, 0)) >= 0)
    {
      answer[got] = '\0';
      count_answer (stream, answer);
    }
  if (errno == EAGAIN)
    return;
  stream->failed++;
  reopen (stream, errno);
}

static void
expire (Stream *stream, int first, bool all)
{
  int64_t limit = probe_now_ms () - stream->options->timeout_ms;

  for (int i = stream->n - 1; i >= first; i--)
    if (all || stream->since[i] < limit)
      {
        stream->silent++;
        drop (stream, i);
      }
}

static void
collect (Stream *stream, int first, int wait_ms)
{
  if (poll (stream->polls, (nfds_t) stream->n, wait_ms) <= 0)
    return;
  for (int i = stream->n - 1; i >= first; i--)
    if (stream->polls[i].revents != 0 && !take (stream, i))
      drop (stream, i);
  if (first > 0 && stream->polls[0].revents != 0)
    take_connected (stream);
}

int
probe_stream (char **arguments, const ProbeOptions *options)
{
  static Stream stream;
  long rate = probe_parse_number (arguments[3], 5000);
  int64_t seconds = probe_parse_number (arguments[4], 600);
  int first;
  int64_t start;
  int64_t end;

  stream.type = strcmp (arguments[0], "tcp") == 0 ? SOCK_STREAM : SOCK_DGRAM;
  stream.options = options;
  probe_address_parse (arguments[1], arguments[2], &stream.to);
  first = stream.type == SOCK_DGRAM ? 1 : 0;
  if (first > 0)
    {
      stream.polls[0] = (struct pollfd){ .fd = open_socket (&stream), .events = POLLIN };
      stream.n = 1;
    }
  signal (SIGTERM, stop);
  puts ("ready");

  start = probe_now_ms ();
  end = start + seconds * 1000;
  for (int64_t now = start; !stopped && now < end; now = probe_now_ms ())
    {
      /* Send what is due by the clock, so that a hiccup of this process doesn't thin the stream. */
      while (!stopped && (int64_t) stream.sent < 1 + (now - start) * rate / 1000)
        emit (&stream);
      /* There is no path at the moment (no address, no route). Try again with each tick. */
      if (first > 0 && stream.polls[0].fd < 0)
        stream.polls[0].fd = open_socket (&stream);
      collect (&stream, first, 1);
      expire (&stream, first, false);
    }
  for (int64_t grace = probe_now_ms () + 300; stream.n > first && probe_now_ms () < grace;)
    collect (&stream, first, 20);
  expire (&stream, first, true);

  printf ("sent %u failed %u reopened %u silent %u", stream.sent, stream.failed, stream.reopened, stream.silent);
  for (int i = 0; i < MAX_NAMES && stream.answerers[i].count > 0; i++)
    printf (" %s=%u", stream.answerers[i].name, stream.answerers[i].count);
  putchar ('\n');
  return 0;
}
