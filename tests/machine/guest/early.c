/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * early LOG PROTOCOL,ADDRESS,PORT…: from the first moment of a boot on, a question to each target every 20 ms, over and
 * over: UDP from one socket for ever and every fifth time from a new one, TCP by a new connection every fifth time.
 * At SIGTERM it writes one line for each target, with the seconds since boot at which the kernel first let a
 * packet go and at which the first answer came:
 *
 *   PROTOCOL ADDRESS sent N first S answers N first S from WHO PEER last-error WORDS
 *
 * LOG.all is there as soon as every target has answered.
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
#define MAX_FLIGHT 12
#define STEP_MS 20
#define FRESH_EVERY 5

typedef struct
{
  const char             *protocol;
  const char             *address;
  struct sockaddr_storage to;
  socklen_t               to_length;
  int                     type;
  unsigned                sent;
  unsigned                answers;
  double                  first_sent;
  double                  first_answer;
  char                    who[80];
  int                     error;
  struct pollfd           flight[MAX_FLIGHT]; /* number 0 is UDP's lasting socket */
  unsigned                next;
} Target;

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
parse (char *text, Target *target)
{
  struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
  struct addrinfo *found;
  const char *protocol = strtok (text, ",");
  const char *address = strtok (NULL, ",");
  const char *port = strtok (NULL, ",");

  if (port == NULL)
    exit (2);
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

/* The place for a new socket; whoever was there longest makes room. */
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

static void
ask (Target *target, unsigned turn)
{
  int fresh = turn % FRESH_EVERY == 0;
  char text[16];
  int length = snprintf (text, sizeof text, "%u\n", target->sent);
  struct pollfd *place;

  if (target->type == SOCK_STREAM)
    {
      if (!fresh)
        return;
      place = make_room (target);
      if (connect (place->fd, (struct sockaddr *) &target->to, target->to_length) == 0 || errno == EINPROGRESS)
        left (target);
      else
        target->error = errno;
      return;
    }
  if (target->flight[0].fd < 0)
    target->flight[0] = (struct pollfd){
      .fd = socket (target->to.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), .events = POLLIN };
  place = fresh ? make_room (target) : &target->flight[0];
  if (sendto (place->fd, text, (size_t) length, 0, (struct sockaddr *) &target->to, target->to_length) >= 0)
    left (target);
  else
    target->error = errno;
}

static void
hear (Target *target)
{
  if (poll (target->flight, MAX_FLIGHT, 0) <= 0)
    return;
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
          char name[32];
          char peer[46];

          answer[got] = '\0';
          if (target->answers++ == 0)
            target->first_answer = now ();
          if (sscanf (answer, "%31s %45s", name, peer) == 2)
            snprintf (target->who, sizeof target->who, "%s %s", name, peer);
        }
      else if (got < 0)
        target->error = errno;
      if (target->type == SOCK_STREAM)
        {
          close (place->fd);
          place->fd = -1;
        }
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

int
main (int argc, char **argv)
{
  static Target targets[MAX_TARGETS];
  int n = argc - 2 > MAX_TARGETS ? MAX_TARGETS : argc - 2;
  FILE *log;
  int told = 0;

  for (int i = 0; i < n; i++)
    parse (argv[i + 2], &targets[i]);
  signal (SIGTERM, stop);
  for (unsigned turn = 0; !stopped; turn++)
    {
      for (int i = 0; i < n; i++)
        {
          ask (&targets[i], turn);
          hear (&targets[i]);
        }
      if (!told && all_answered (targets, n))
        {
          touch (argv[1]);
          told = 1;
        }
      poll (NULL, 0, STEP_MS);
    }
  log = argc > 2 ? fopen (argv[1], "we") : NULL;
  if (log == NULL)
    return 2;
  for (int i = 0; i < n; i++)
    fprintf (log, "%s %s sent %u first %.2f answers %u first %.2f from %s last-error %s\n", targets[i].protocol,
             targets[i].address, targets[i].sent, targets[i].first_sent, targets[i].answers, targets[i].first_answer,
             targets[i].who[0] != '\0' ? targets[i].who : "nobody -", strerror (targets[i].error));
  return fclose (log) == 0 ? 0 : 1;
}
