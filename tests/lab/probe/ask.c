/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients that ask once. "ask" prints who answered and how it saw us. "upload" sends a lot and closes at once, so that
 * most of the data leaves after the close.
 */
#include "probe.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
parse_type (const char *protocol)
{
  if (strcmp (protocol, "tcp") == 0)
    return SOCK_STREAM;
  if (strcmp (protocol, "udp") == 0)
    return SOCK_DGRAM;
  probe_die ("neither tcp nor udp: '%s'", protocol);
}

int
probe_ask (char **arguments, const ProbeOptions *options)
{
  static const char question[] = "hello\n";
  int type = parse_type (arguments[0]);
  ProbeAddress to;
  char answer[512];
  size_t length = sizeof answer;
  int error;

  probe_address_parse (arguments[1], arguments[2], &to);
  error = probe_exchange (&to, type, options, question, strlen (question), answer, &length);
  if (error != 0)
    {
      puts (probe_error_word (error));
      return 1;
    }
  fwrite (answer, 1, length, stdout);
  return 0;
}

int
probe_upload (char **arguments, const ProbeOptions *options)
{
  int64_t deadline = probe_now_ms () + options->timeout_ms;
  size_t bytes = (size_t) probe_parse_number (arguments[2], 100000000);
  int buffer_size = (int) bytes * 2;
  ProbeAddress to;
  char *data;
  size_t sent = 0;
  int fd;

  probe_address_parse (arguments[0], arguments[1], &to);
  fd = probe_socket_new (&to, SOCK_STREAM, options);
  if (fd < 0)
    probe_die ("no socket: %s", strerror (errno));
  /* All of it must fit, so that close() comes while nearly everything is still queued. The kernel then sends it without
   * a socket. */
  setsockopt (fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer_size, sizeof buffer_size);
  if (connect (fd, (struct sockaddr *) &to.sa, to.length) != 0 && errno != EINPROGRESS)
    {
      puts (probe_error_word (errno));
      return 1;
    }
  data = calloc (1, bytes);
  while (sent < bytes)
    {
      ssize_t n;

      if (!probe_wait (fd, POLLOUT, deadline))
        {
          puts ("timeout");
          return 1;
        }
      n = send (fd, data + sent, bytes - sent, 0);
      if (n < 0 && errno != EAGAIN)
        {
          puts (probe_error_word (errno));
          return 1;
        }
      sent += n > 0 ? (size_t) n : 0;
    }
  close (fd);
  free (data);
  printf ("sent %zu\n", sent);
  return 0;
}
