/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads for measuring paths, IPv4 only. All of them are bounded.
 *
 *   load udp ADDRESS PORT COUNT            sends COUNT small datagrams; prints the nanoseconds that each took
 *   load connect ADDRESS PORT COUNT        connects and resets COUNT times; prints the nanoseconds that each took
 *   load bulk ADDRESS PORT COUNT           sends COUNT MiB through one connection; prints the same for each
 *   load sink PORT [transparent]           accepts connections and swallows the data; UDP stays
 *                                          unread and overflows
 *   load reach ADDRESS PORT ANSWER SECONDS asks every millisecond; prints when (microseconds since
 *                                          the epoch) an answer first began with ANSWER
 *
 * The times of "udp", "connect" and "bulk" are the sender's own processor time. It includes a packet's whole path
 * through the rules, but not whatever else the machine does meanwhile.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PAYLOAD 64
#define MAX_DATAGRAMS 10000000
#define MAX_CONNECTS 20000
#define MAX_MEBIBYTES 4096
#define MAX_CONNECTIONS 64
/* More than "connect" makes in a turn: where it is full, a client waits for a second. */
#define BACKLOG 4096
#define CHUNK (256 * 1024)
#define MEBIBYTE (1024 * 1024)

static char chunk[CHUNK];

static void
die (const char *what)
{
  fprintf (stderr, "load: %s: %s\n", what, strerror (errno));
  exit (1);
}

static long long
now (clockid_t clock)
{
  struct timespec time;

  clock_gettime (clock, &time);
  return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

static struct sockaddr_in
parse_address (const char *address,
               const char *port)
{
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons ((uint16_t) atoi (port)) };

  if (inet_pton (AF_INET, address, &to.sin_addr) != 1)
    {
      errno = EINVAL;
      die (address);
    }
  return to;
}

static long
parse_number (const char *text,
              long        max)
{
  long number = atol (text);

  return number < 1 ? 1 : number > max ? max : number;
}

static int
connect_to (const char *address,
            const char *port,
            int         type)
{
  struct sockaddr_in to = parse_address (address, port);
  int fd = socket (AF_INET, type | SOCK_CLOEXEC, 0);

  if (fd < 0 || connect (fd, (struct sockaddr *) &to, sizeof to) != 0)
    die ("connect");
  return fd;
}

static int
run_udp (char **arguments)
{
  int fd = connect_to (arguments[0], arguments[1], SOCK_DGRAM);
  long count = parse_number (arguments[2], MAX_DATAGRAMS);
  long long start = now (CLOCK_PROCESS_CPUTIME_ID);
  long sent = 0;

  for (long i = 0; i < count; i++)
    sent += send (fd, chunk, PAYLOAD, 0) == PAYLOAD;
  printf ("%.1f\n", (double) (now (CLOCK_PROCESS_CPUTIME_ID) - start) * 1e3 / (double) count);
  return sent == count ? 0 : 1;
}

/* Resets each connection, because otherwise its port would stay in TIME_WAIT. */
static int
run_connect (char **arguments)
{
  long count = parse_number (arguments[2], MAX_CONNECTS);
  struct linger none = { .l_onoff = 1 };
  long long start = now (CLOCK_PROCESS_CPUTIME_ID);

  for (long i = 0; i < count; i++)
    {
      int fd = connect_to (arguments[0], arguments[1], SOCK_STREAM);

      setsockopt (fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
      close (fd);
    }
  printf ("%.1f\n", (double) (now (CLOCK_PROCESS_CPUTIME_ID) - start) * 1e3 / (double) count);
  return 0;
}

static int
run_bulk (char **arguments)
{
  int fd = connect_to (arguments[0], arguments[1], SOCK_STREAM);
  long count = parse_number (arguments[2], MAX_MEBIBYTES);
  long long start = now (CLOCK_PROCESS_CPUTIME_ID);

  for (long i = 0; i < count * (MEBIBYTE / CHUNK); i++)
    if (send (fd, chunk, CHUNK, 0) != CHUNK)
      die ("send");
  printf ("%.1f\n", (double) (now (CLOCK_PROCESS_CPUTIME_ID) - start) * 1e3 / (double) count);
  return 0;
}

static int
open_server (const char *port,
             int         type,
             int         transparent)
{
  struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons ((uint16_t) atoi (port)) };
  int one = 1;
  int fd = socket (AF_INET, type | SOCK_CLOEXEC, 0);

  setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (transparent && setsockopt (fd, SOL_IP, IP_TRANSPARENT, &one, sizeof one) != 0)
    die ("IP_TRANSPARENT");
  if (bind (fd, (struct sockaddr *) &any, sizeof any) != 0 || (type == SOCK_STREAM && listen (fd, BACKLOG) != 0))
    die ("bind");
  return fd;
}

static int
run_sink (char **arguments)
{
  int transparent = arguments[1] != NULL && strcmp (arguments[1], "transparent") == 0;
  struct pollfd polls[MAX_CONNECTIONS] = { { .fd = open_server (arguments[0], SOCK_STREAM, transparent),
                                             .events = POLLIN } };
  int n = 1;

  open_server (arguments[0], SOCK_DGRAM, transparent);
  while (poll (polls, (nfds_t) n, -1) > 0)
    {
      for (int i = n - 1; i > 0; i--)
        if (polls[i].revents != 0 && recv (polls[i].fd, chunk, sizeof chunk, 0) <= 0)
          {
            close (polls[i].fd);
            polls[i] = polls[--n];
          }
      if (polls[0].revents != 0 && n < MAX_CONNECTIONS)
        polls[n++] = (struct pollfd){ .fd = accept (polls[0].fd, NULL, NULL), .events = POLLIN };
    }
  return 0;
}

static int
run_reach (char **arguments)
{
  struct sockaddr_in to = parse_address (arguments[0], arguments[1]);
  const char *wanted = arguments[2];
  long long end = now (CLOCK_MONOTONIC) + parse_number (arguments[3], 60) * 1000000;
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  while (now (CLOCK_MONOTONIC) < end)
    {
      struct pollfd answer = { .fd = fd, .events = POLLIN };
      char text[256] = "";

      /* No route, or refused. We are waiting for this to end. */
      (void) !sendto (fd, "reach\n", 6, MSG_DONTWAIT, (struct sockaddr *) &to, sizeof to);
      if (poll (&answer, 1, 1) > 0 && recv (fd, text, sizeof text - 1, MSG_DONTWAIT) > 0 &&
          strncmp (text, wanted, strlen (wanted)) == 0)
        {
          printf ("%lld\n", now (CLOCK_REALTIME));
          return 0;
        }
    }
  fprintf (stderr, "load: never reached\n");
  return 1;
}

int
main (int    argc,
      char **argv)
{
  static const struct
  {
    const char *name;
    int         n_arguments;
    int (*run) (char **arguments);
  } commands[] = {
    { "udp", 3, run_udp }, { "connect", 3, run_connect }, { "bulk", 3, run_bulk },
    { "sink", 1, run_sink }, { "reach", 4, run_reach },
  };

  for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof commands[0]; i++)
    if (strcmp (argv[1], commands[i].name) == 0 && argc - 2 >= commands[i].n_arguments)
      return commands[i].run (argv + 2);
  fprintf (stderr, "usage: load udp ADDRESS PORT COUNT | connect ADDRESS PORT COUNT | bulk ADDRESS PORT COUNT | "
                   "sink PORT [transparent] | reach ADDRESS PORT ANSWER SECONDS\n");
  return 2;
}
