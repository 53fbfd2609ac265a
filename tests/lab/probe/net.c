/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets for the probe: addresses as text, bound and bounded sockets, and one question with one answer.
 */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <net/if.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void
probe_die (const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  fputs ("probe: ", stderr);
  vfprintf (stderr, format, arguments);
  fputc ('\n', stderr);
  va_end (arguments);
  exit (2);
}

int64_t
probe_now_ms (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

long
probe_parse_number (const char *text, long max)
{
  char *end;
  long number;

  errno = 0;
  number = strtol (text, &end, 10);
  if (errno != 0 || *text == '\0' || *end != '\0' || number < 0 || number > max)
    probe_die ("bad number: '%s'", text);
  return number;
}

void
probe_address_parse (const char *address, const char *port, ProbeAddress *ret_address)
{
  struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
  struct addrinfo *found;

  if (getaddrinfo (address, port, &hints, &found) != 0)
    probe_die ("bad address or port: '%s' '%s'", address, port);
  memset (ret_address, 0, sizeof *ret_address);
  memcpy (&ret_address->sa, found->ai_addr, found->ai_addrlen);
  ret_address->length = found->ai_addrlen;
  freeaddrinfo (found);
}

void
probe_address_format (const struct sockaddr_storage *sa, char *buffer, size_t size)
{
  char host[INET6_ADDRSTRLEN];

  if (sa->ss_family == AF_INET)
    {
      const struct sockaddr_in *in = (const struct sockaddr_in *) sa;

      inet_ntop (AF_INET, &in->sin_addr, host, sizeof host);
      snprintf (buffer, size, "%s %u", host, ntohs (in->sin_port));
    }
  else
    {
      const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *) sa;

      inet_ntop (AF_INET6, &in6->sin6_addr, host, sizeof host);
      snprintf (buffer, size, "%s %u", host, ntohs (in6->sin6_port));
    }
}

int
probe_socket_new (const ProbeAddress *to, int type, const ProbeOptions *options)
{
  int fd = socket (to->sa.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int one = 1;

  if (fd < 0)
    return -1;
  if (options->device != NULL
      && setsockopt (fd, SOL_SOCKET, SO_BINDTODEVICE, options->device, (socklen_t) strlen (options->device)) != 0)
    probe_die ("cannot bind to device '%s': %s", options->device, strerror (errno));
  if (options->mark != 0 && setsockopt (fd, SOL_SOCKET, SO_MARK, &options->mark, sizeof options->mark) != 0)
    probe_die ("cannot set the mark: %s", strerror (errno));
  if (options->unicast_if != NULL)
    {
      const uint32_t index = htonl (if_nametoindex (options->unicast_if));

      if (to->sa.ss_family == AF_INET ? setsockopt (fd, IPPROTO_IP, IP_UNICAST_IF, &index, sizeof index) != 0
                                      : setsockopt (fd, IPPROTO_IPV6, IPV6_UNICAST_IF, &index, sizeof index) != 0)
        probe_die ("cannot send by device '%s': %s", options->unicast_if, strerror (errno));
    }
  if (options->source != NULL || options->from_port != 0)
    {
      ProbeAddress from;
      char port[8];

      snprintf (port, sizeof port, "%u", options->from_port);
      probe_address_parse (options->source != NULL ? options->source : to->sa.ss_family == AF_INET ? "0.0.0.0" : "::",
                           port, &from);
      setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
      if (bind (fd, (struct sockaddr *) &from.sa, from.length) != 0)
        probe_die ("cannot bind to '%s' port %s: %s", options->source, port, strerror (errno));
    }
  return fd;
}

int
probe_listen (int family, int type, uint16_t port)
{
  union
  {
    struct sockaddr     any;
    struct sockaddr_in  in;
    struct sockaddr_in6 in6;
  } address = { 0 };
  int fd = socket (family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int one = 1;

  if (family == AF_INET)
    address.in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons (port) };
  else
    address.in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons (port) };

  setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  /* Two sockets instead of one dual-stack socket.  Only then does the packet info tell which IPv4 address was asked,
   * and the answer must come from that address. */
  if (family == AF_INET6)
    setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  if (type == SOCK_DGRAM && family == AF_INET)
    setsockopt (fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof one);
  if (type == SOCK_DGRAM && family == AF_INET6)
    setsockopt (fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof one);
  if (bind (fd, &address.any, family == AF_INET ? sizeof address.in : sizeof address.in6) != 0
      || (type == SOCK_STREAM && listen (fd, 1024) != 0))
    probe_die ("cannot listen on port %u: %s", port, strerror (errno));
  return fd;
}

const char *
probe_error_word (int error)
{
  switch (error)
    {
    case ETIMEDOUT: return "timeout";
    case ECONNREFUSED: return "refused";
    case ECONNRESET: return "reset";
    case ECONNABORTED: return "aborted";
    case ENETUNREACH:
    case EHOSTUNREACH: return "unreachable";
    case EPERM:
    case EACCES: return "prohibited";
    case ENODATA: return "closed";
    default: return strerror (error);
    }
}

bool
probe_wait (int fd, short events, int64_t deadline_ms)
{
  struct pollfd poll_fd = { .fd = fd, .events = events };

  for (;;)
    {
      int64_t left = deadline_ms - probe_now_ms ();

      if (left <= 0)
        return false;
      if (poll (&poll_fd, 1, (int) left) > 0)
        return true;
    }
}

/* Has the complete answer arrived?  A datagram always has.  A DNS message over TCP is complete by its length, a line by
 * its end. */
static bool
answer_is_complete (int type, const uint8_t *answer, size_t length, const uint8_t *question)
{
  if (type == SOCK_DGRAM)
    return true;
  if (question[0] == 0) /* a DNS message's length: ours are shorter than 256 bytes, and no line starts with NUL */
    return length >= 2 && length - 2 >= ((size_t) answer[0] << 8 | answer[1]);
  return length > 0 && answer[length - 1] == '\n';
}

static int
exchange (int fd, const ProbeAddress *to, int type, int64_t deadline, const void *question, size_t question_length,
          uint8_t *answer, size_t *answer_length)
{
  size_t have = 0;
  int error = 0;
  socklen_t error_size = sizeof error;

  if (connect (fd, (const struct sockaddr *) &to->sa, to->length) != 0)
    {
      if (errno != EINPROGRESS)
        return errno;
      if (!probe_wait (fd, POLLOUT, deadline))
        return ETIMEDOUT;
      getsockopt (fd, SOL_SOCKET, SO_ERROR, &error, &error_size);
      if (error != 0)
        return error;
    }
  if (send (fd, question, question_length, 0) != (ssize_t) question_length)
    return errno;
  do
    {
      ssize_t got;

      if (have == *answer_length)
        return EMSGSIZE;
      if (!probe_wait (fd, POLLIN, deadline))
        return ETIMEDOUT;
      got = recv (fd, answer + have, *answer_length - have, 0);
      if (got < 0)
        return errno;
      if (got == 0 && type == SOCK_STREAM)
        return ENODATA;
      have += (size_t) got;
    }
  while (!answer_is_complete (type, answer, have, question));
  *answer_length = have;
  return 0;
}

int
probe_exchange (const ProbeAddress *to, int type, const ProbeOptions *options, const void *question,
                size_t question_length, void *answer, size_t *answer_length)
{
  int64_t deadline = probe_now_ms () + options->timeout_ms;
  int fd = probe_socket_new (to, type, options);
  int error;

  if (fd < 0)
    return errno;
  error = exchange (fd, to, type, deadline, question, question_length, answer, answer_length);
  close (fd);
  return error;
}
