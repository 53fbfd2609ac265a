/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load STEP LOG PROTOCOL,ADDRESS,PORT…: asks one target after the other, and all of them in STEP milliseconds, over and
 * over. One that is named twice is asked twice. They are spread evenly over that time, so that one of them soon meets a
 * gap in the rules. UDP uses one lasting connected socket, and a new one every fifth time. The lasting one makes room
 * for another if nothing answers it. TCP opens a new connection every fifth time. At SIGTERM it writes one line for
 * each target: at how many seconds since boot the kernel first let a packet go, when the first answer came, and how
 * many answers came from whom, who saw which address:
 *
 *   PROTOCOL ADDRESS sent N first S answers N first S strays N [(ANSWER)] error WORDS from WHO PEER=N …
 *
 * A stray is the answer to a question to another address: each datagram says whom it asks, and the answer repeats that.
 * ANSWER is the last one. A proxy may give a new session what comes late for an earlier one that had the same port. If
 * it sent a question to somebody else, his answer would repeat that question, and count as from him.
 *
 * LOG.all exists as soon as every target has answered.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_TARGETS 8
#define MAX_TURNS 24
#define MAX_FLIGHT 12
#define FRESH_EVERY 5
#define GIVE_UP_AFTER 100
#define MAX_NAMES 4

typedef struct
{
  char     name[80];
  unsigned count;
} Answerer;

typedef struct
{
  const char             *text;
  const char             *protocol;
  const char             *address;
  struct sockaddr_storage to;
  socklen_t               to_length;
  int                     type;
  unsigned                asked;
  unsigned                sent;
  unsigned                answers;
  unsigned                strays;
  char                    stray[128]; /* the last one */
  double                  first_sent;
  double                  first_answer;
  Answerer                answerers[MAX_NAMES];
  int                     error;
  struct pollfd          *flight; /* MAX_FLIGHT; number 0 is UDP's lasting socket */
  unsigned                next;
  unsigned                unanswered; /* by UDP's lasting socket, since the last answer */
} Target;

static struct pollfd flights[MAX_TARGETS * MAX_FLIGHT]; /* of all targets, for one poll() */
static volatile sig_atomic_t stopped;

static void
stop (int signal_number)
{
  stopped = 1;
}

static double
now (void)
{
  struct timespec time;

  clock_gettime (CLOCK_BOOTTIME, &time);
  return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

static void
parse (const char *words, Target *target)
{
  char *text = strdup (words);
  struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
  struct addrinfo *found;
  const char *protocol = strtok (text, ",");
  const char *address = strtok (NULL, ",");
  const char *port = strtok (NULL, ",");

  if (port == NULL)
    exit (2);
  target->text = words;
  target->protocol = protocol;
  target->address = address;
  target->type = strcmp (protocol, "tcp") == 0 ? SOCK_STREAM : SOCK_DGRAM;
  hints.ai_socktype = target->type;
  if (getaddrinfo (address, port, &hints, &found) != 0)
    exit (2);
  memcpy (&target->to, found->ai_addr, found->ai_addrlen);
  target->to_length = found->ai_addrlen;
  for (int i = 0; i < MAX_FLIGHT; i++)
    target->flight[i] = (struct pollfd){ .fd = -1 };
}

static void
left (Target *target)
{
  if (target->sent++ == 0)
    target->first_sent = now ();
}

/* The place for a new socket. The oldest one makes room. */
static struct pollfd *
make_room (Target *target)
{
  struct pollfd *place = &target->flight[1 + target->next++ % (MAX_FLIGHT - 1)];

  if (place->fd >= 0)
    close (place->fd);
  place->fd = socket (target->to.ss_family, target->type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  place->events = target->type == SOCK_STREAM ? POLLOUT : POLLIN;
  return place;
}

/* UDP's lasting socket is connected, so that the kernel caches a route and a decision for it. If it was destroyed, or
 * has no path, it is made again. It is as well if nothing answers it for a while, as programs do: made before IPv6 had
 * its addresses, it has an address to which no proxy can answer, and V2Ray opens a session for each datagram. */
static int
lasting (Target *target)
{
  struct pollfd *place = &target->flight[0];

  if (place->fd >= 0 && target->unanswered >= GIVE_UP_AFTER)
    {
      close (place->fd);
      place->fd = -1;
    }
  if (place->fd >= 0)
    return place->fd;
  target->unanswered = 0;
  place->fd = socket (target->to.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  place->events = POLLIN;
  if (connect (place->fd, (struct sockaddr *) &target->to, target->to_length) != 0)
    {
      target->error = errno;
      close (place->fd);
      place->fd = -1;
    }
  return place->fd;
}

static void
renew (Target *target, int error)
{
  target->error = error;
  if (error == EAGAIN || error == ECONNREFUSED)
    return;
  close (target->flight[0].fd);
  target->flight[0].fd = -1;
}

static void
ask (Target *target)
{
  int fresh = target->asked++ % FRESH_EVERY == 0;
  char text[64];
  size_t length = (size_t) snprintf (text, sizeof text, "#%s\n", target->address);
  const struct sockaddr *to = (const struct sockaddr *) &target->to;

  if (target->type == SOCK_STREAM)
    {
      if (!fresh)
        return;
      if (connect (make_room (target)->fd, to, target->to_length) == 0 || errno == EINPROGRESS)
        left (target);
      else
        target->error = errno;
      return;
    }
  if (fresh)
    {
      if (sendto (make_room (target)->fd, text, length, 0, to, target->to_length) >= 0)
        left (target);
      else
        target->error = errno;
      return;
    }
  if (lasting (target) < 0)
    return;
  target->unanswered++;
  if (send (target->flight[0].fd, text, length, 0) >= 0)
    left (target);
  else
    renew (target, errno);
}

static void
count_answer (Target *target, const char *answer)
{
  char name[32];
  char peer[46];
  char asked[46] = "";
  char key[80];
  const int parsed = sscanf (answer, "%31s %45s %*u #%45s", name, peer, asked);

  if (target->type == SOCK_DGRAM && strcmp (asked, target->address) != 0)
    {
      target->strays++;
      snprintf (target->stray, sizeof target->stray, "%.*s", (int) strcspn (answer, "\n"), answer);
      return;
    }
  if (target->answers++ == 0)
    target->first_answer = now ();
  if (parsed < 2)
    return;
  snprintf (key, sizeof key, "%s %s", name, peer);
  for (int i = 0; i < MAX_NAMES; i++)
    {
      Answerer *answerer = &target->answerers[i];

      if (answerer->count == 0)
        snprintf (answerer->name, sizeof answerer->name, "%s", key);
      if (strcmp (answerer->name, key) == 0)
        {
          answerer->count++;
          return;
        }
    }
}

/* What poll() has found. */
static void
hear (Target *target)
{
  for (int i = 0; i < MAX_FLIGHT; i++)
    {
      struct pollfd *place = &target->flight[i];
      char answer[128];
      ssize_t got;

      if (place->fd < 0 || place->revents == 0)
        continue;
      if (target->type == SOCK_STREAM && place->events == POLLOUT && (place->revents & (POLLERR | POLLHUP)) == 0)
        {
          if (send (place->fd, "hello\n", 6, MSG_NOSIGNAL) == 6)
            place->events = POLLIN;
          continue;
        }
      got = recv (place->fd, answer, sizeof answer - 1, 0);
      if (got < 0 && errno == EAGAIN)
        continue;
      if (got > 0)
        {
          answer[got] = '\0';
          count_answer (target, answer);
          if (i == 0)
            target->unanswered = 0;
        }
      else if (got < 0 && i == 0 && target->type == SOCK_DGRAM)
        renew (target, errno);
      else if (got < 0)
        target->error = errno;
      if (target->type == SOCK_STREAM)
        {
          close (place->fd);
          place->fd = -1;
        }
    }
}

/* Hears all targets for so many milliseconds. */
static void
listen_for (Target *targets, int n, int milliseconds)
{
  const double end = now () + milliseconds / 1e3;
  int left = milliseconds;

  while (!stopped && left >= 0 && poll (flights, (nfds_t) n * MAX_FLIGHT, left) > 0)
    {
      for (int i = 0; i < n; i++)
        hear (&targets[i]);
      left = (int) ((end - now ()) * 1e3);
    }
}

/* Has every target answered by now? */
static int
all_answered (const Target *targets, int n)
{
  for (int i = 0; i < n; i++)
    if (targets[i].answers == 0)
      return 0;
  return 1;
}

static void
touch (const char *log)
{
  char name[200];
  FILE *file;

  snprintf (name, sizeof name, "%s.all", log);
  file = fopen (name, "we");
  if (file != NULL)
    fclose (file);
}

static void
report (FILE *log, const Target *target)
{
  fprintf (log, "%s %s sent %u first %.2f answers %u first %.2f strays %u ", target->protocol, target->address,
           target->sent, target->first_sent, target->answers, target->first_answer, target->strays);
  if (target->strays > 0)
    fprintf (log, "(%s) ", target->stray);
  fprintf (log, "error %s from", strerror (target->error));
  for (int i = 0; i < MAX_NAMES && target->answerers[i].count > 0; i++)
    fprintf (log, " %s=%u", target->answerers[i].name, target->answerers[i].count);
  fputc ('\n', log);
}

/* The target of that name; a new one if there is none yet.  NULL: too many. */
static Target *
find (Target *targets, int *n, const char *words)
{
  Target *target;

  for (int i = 0; i < *n; i++)
    if (strcmp (targets[i].text, words) == 0)
      return &targets[i];
  if (*n == MAX_TARGETS)
    return NULL;
  target = &targets[*n];
  target->flight = &flights[*n * MAX_FLIGHT];
  /* Nor do all of them open a new socket at the same time. */
  target->asked = (unsigned) *n;
  parse (words, target);
  (*n)++;
  return target;
}

int
main (int argc, char **argv)
{
  static Target targets[MAX_TARGETS];
  Target *turns[MAX_TURNS];
  int n_turns = argc - 3;
  int n = 0;
  int step = argc > 3 ? atoi (argv[1]) : 0;
  int told = 0;
  FILE *log;

  if (step <= 0 || n_turns > MAX_TURNS)
    return 2;
  for (int i = 0; i < n_turns; i++)
    if ((turns[i] = find (targets, &n, argv[i + 3])) == NULL)
      return 2;
  signal (SIGTERM, stop);
  while (!stopped)
    {
      for (int i = 0; i < n_turns && !stopped; i++)
        {
          ask (turns[i]);
          listen_for (targets, n, step * (i + 1) / n_turns - step * i / n_turns);
        }
      if (!told && all_answered (targets, n))
        {
          touch (argv[2]);
          told = 1;
        }
    }
  log = fopen (argv[2], "we");
  if (log == NULL)
    return 1;
  for (int i = 0; i < n; i++)
    report (log, &targets[i]);
  return fclose (log) == 0 ? 0 : 1;
}
