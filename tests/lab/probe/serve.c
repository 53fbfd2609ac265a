/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Servers.  "serve" answers each TCP line, each datagram and (on port 53) each DNS question with "NAME PEER PEERPORT".
 * What a datagram says behind a "#" comes back behind that, so whoever asks several questions knows which one was
 * answered: "NAME PEER PEERPORT #TEXT".
 * "sink" swallows an upload, and logs how much came and how it ended.  Both log everything that reaches them:
 *
 *   tcp-accept PEER PEERPORT PORT         a connection came
 *   tcp PEER PEERPORT PORT TEXT           a line on it
 *   udp PEER PEERPORT PORT TEXT           a datagram
 *   sink PEER PEERPORT BYTES eof|ERROR    an upload ended
 *
 * Each line ends with the time of day, for comparison with other logs.
 */
#include "probe.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_SOCKETS 4096

/* A sink is slow, so that the sender has closed its socket long before the last byte has left.  Packets after the close
 * are the ones that go astray. */
#define SINK_BUFFER 16384
#define SINK_PAUSE_US 2000

typedef enum
{
  SOCKET_DATAGRAM,
  SOCKET_LISTENER,
  SOCKET_CONNECTION,
} SocketKind;

typedef struct
{
  SocketKind kind;
  uint16_t   port;
  char       peer[80];
  uint64_t   bytes;
} Served;

typedef struct
{
  const char   *name; /* NULL: a sink */
  FILE         *log;
  int           n;
  struct pollfd polls[MAX_SOCKETS];
  Served        served[MAX_SOCKETS];
} Server;

static void
add (Server *server, int fd, SocketKind kind, uint16_t port, const char *peer)
{
  if (server->n == MAX_SOCKETS)
    {
      close (fd);
      return;
    }
  server->polls[server->n] = (struct pollfd){ .fd = fd, .events = POLLIN };
  server->served[server->n] = (Served){ .kind = kind, .port = port };
  if (peer != NULL)
    snprintf (server->served[server->n].peer, sizeof server->served[server->n].peer, "%s", peer);
  server->n++;
}

static void
drop (Server *server, int i)
{
  close (server->polls[i].fd);
  server->n--;
  server->polls[i] = server->polls[server->n];
  server->served[i] = server->served[server->n];
}

static void
log_line (Server *server, const char *format, ...) __attribute__ ((format (printf, 2, 3)));

static void
log_line (Server *server, const char *format, ...)
{
  struct timespec now;
  struct tm local;
  char text[16];
  va_list arguments;

  clock_gettime (CLOCK_REALTIME, &now);
  strftime (text, sizeof text, "%T", localtime_r (&now.tv_sec, &local));
  va_start (arguments, format);
  vfprintf (server->log, format, arguments);
  va_end (arguments);
  fprintf (server->log, " %s.%03ld\n", text, now.tv_nsec / 1000000);
}

/* The length of @data's first line, in a form suitable for a log. */
static int
line_length (const char *data, ssize_t length)
{
  ssize_t n = 0;

  while (n < length && n < 100 && data[n] > ' ' && data[n] < 0x7f)
    n++;
  return (int) n;
}

/* The answer to a datagram to @port, and its length. */
static size_t
make_answer (uint16_t port, const uint8_t *data, ssize_t got, const char *text, uint8_t *answer, size_t size)
{
  const char *question = (const char *) data;

  if (port == 53)
    return probe_dns_answer (data, (size_t) got, text, answer, size);
  if (got > 0 && question[0] == '#')
    return (size_t) snprintf ((char *) answer, size, "%s %.*s\n", text, line_length (question, got), question);
  return (size_t) snprintf ((char *) answer, size, "%s\n", text);
}

static void
take_datagrams (Server *server, int i)
{
  uint16_t port = server->served[i].port;
  struct sockaddr_storage from;
  uint8_t data[2048];
  uint8_t answer[2560];
  char control[256];
  char peer[80];
  char text[160];

  for (int budget = 64; budget > 0; budget--)
    {
      struct iovec iov = { .iov_base = data, .iov_len = sizeof data };
      /* The control message (which address was asked) is sent back unchanged, so that the answer comes from that
       * address.  Only the interface must not be fixed. */
      struct msghdr message = { .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &iov, .msg_iovlen = 1,
                                .msg_control = control, .msg_controllen = sizeof control };
      ssize_t got = recvmsg (server->polls[i].fd, &message, 0);
      struct cmsghdr *info;

      if (got < 0)
        return;
      info = CMSG_FIRSTHDR (&message);
      if (info != NULL && info->cmsg_level == IPPROTO_IP)
        {
          struct in_pktinfo *asked = (struct in_pktinfo *) CMSG_DATA (info);

          asked->ipi_ifindex = 0;
          asked->ipi_spec_dst = asked->ipi_addr;
        }
      probe_address_format (&from, peer, sizeof peer);
      log_line (server, "udp %s %u %.*s", peer, port, line_length ((char *) data, got), (char *) data);
      snprintf (text, sizeof text, "%s %s", server->name, peer);
      iov.iov_base = answer;
      iov.iov_len = make_answer (port, data, got, text, answer, sizeof answer);
      if (iov.iov_len > 0)
        sendmsg (server->polls[i].fd, &message, MSG_NOSIGNAL);
    }
}

static void
take_connections (Server *server, int i)
{
  struct sockaddr_storage from;
  socklen_t length = sizeof from;
  char peer[80];
  int fd;

  while ((fd = accept4 (server->polls[i].fd, (struct sockaddr *) &from, &length, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
    {
      probe_address_format (&from, peer, sizeof peer);
      log_line (server, "tcp-accept %s %u", peer, server->served[i].port);
      add (server, fd, SOCKET_CONNECTION, server->served[i].port, peer);
      length = sizeof from;
    }
}

static void
answer_bytes (Server *server, int i, const uint8_t *data, ssize_t got)
{
  const Served *served = &server->served[i];
  uint8_t answer[512];
  char text[160];
  size_t length;

  snprintf (text, sizeof text, "%s %s", server->name, served->peer);
  if (served->port == 53)
    {
      length = got > 2 ? probe_dns_answer (data + 2, (size_t) got - 2, text, answer + 2, sizeof answer - 2) : 0;
      answer[0] = (uint8_t) (length >> 8);
      answer[1] = (uint8_t) length;
      length += 2;
    }
  else
    {
      log_line (server, "tcp %s %u %.*s", served->peer, served->port, line_length ((const char *) data, got),
               (const char *) data);
      length = (size_t) snprintf ((char *) answer, sizeof answer, "%s\n", text);
    }
  send (server->polls[i].fd, answer, length, MSG_NOSIGNAL);
}

/* Returns false when the connection has ended. */
static bool
take_bytes (Server *server, int i)
{
  static uint8_t data[65536];
  ssize_t got = recv (server->polls[i].fd, data, sizeof data, 0);

  if (got < 0 && errno == EAGAIN)
    return true;
  if (got <= 0)
    {
      if (server->name == NULL)
        log_line (server, "sink %s %llu %s", server->served[i].peer,
                 (unsigned long long) server->served[i].bytes, got == 0 ? "eof" : probe_error_word (errno));
      return false;
    }
  server->served[i].bytes += (uint64_t) got;
  if (server->name == NULL)
    usleep (SINK_PAUSE_US);
  else
    answer_bytes (server, i, data, got);
  return true;
}

static int
run (Server *server, const ProbeOptions *options)
{
  int64_t deadline = options->seconds > 0 ? probe_now_ms () + options->seconds * 1000 : INT64_MAX;

  puts ("ready");
  while (probe_now_ms () < deadline)
    {
      if (poll (server->polls, (nfds_t) server->n, options->seconds > 0 ? 100 : -1) < 0)
        continue;
      for (int i = server->n - 1; i >= 0; i--)
        {
          if (server->polls[i].revents == 0)
            continue;
          switch (server->served[i].kind)
            {
            case SOCKET_DATAGRAM: take_datagrams (server, i); break;
            case SOCKET_LISTENER: take_connections (server, i); break;
            case SOCKET_CONNECTION:
              if (!take_bytes (server, i))
                drop (server, i);
              break;
            }
        }
      fflush (server->log);
    }
  return 0;
}

static Server *
server_new (const char *name, const char *log)
{
  static Server server;

  server.name = name;
  server.log = fopen (log, "ae");
  if (server.log == NULL)
    probe_die ("cannot write '%s': %s", log, strerror (errno));
  return &server;
}

int
probe_serve (char **arguments, const ProbeOptions *options)
{
  Server *server = server_new (arguments[0], arguments[1]);

  for (char **port = arguments + 2; *port != NULL; port++)
    {
      uint16_t number = (uint16_t) probe_parse_number (*port, UINT16_MAX);

      add (server, probe_listen (AF_INET, SOCK_DGRAM, number), SOCKET_DATAGRAM, number, NULL);
      add (server, probe_listen (AF_INET6, SOCK_DGRAM, number), SOCKET_DATAGRAM, number, NULL);
      add (server, probe_listen (AF_INET, SOCK_STREAM, number), SOCKET_LISTENER, number, NULL);
      add (server, probe_listen (AF_INET6, SOCK_STREAM, number), SOCKET_LISTENER, number, NULL);
    }
  return run (server, options);
}

int
probe_sink (char **arguments, const ProbeOptions *options)
{
  static const int families[] = { AF_INET, AF_INET6 };
  Server *server = server_new (NULL, arguments[0]);
  uint16_t number = (uint16_t) probe_parse_number (arguments[1], UINT16_MAX);
  int size = SINK_BUFFER;

  for (size_t i = 0; i < sizeof families / sizeof *families; i++)
    {
      int fd = probe_listen (families[i], SOCK_STREAM, number);

      setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size); /* its connections inherit it */
      add (server, fd, SOCKET_LISTENER, number, NULL);
    }
  return run (server, options);
}
