/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the socket that asks.
 *
 * It is connected to the loopback address, so nobody but who has that port can answer.  A resolver may try the next
 * server only when it is asked again, as programs do.
 */
#include "resolver-question.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_BYTES 4096

/* -1: there is no such address. */
static int
open_socket (DivertFamily family,
             guint16      port)
{
  const DivertPrefix loopback = divert_prefix_loopback (family);
  struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = g_htons (port) };
  struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = g_htons (port) };
  const gboolean is_v6 = family == DIVERT_FAMILY_IPV6;
  const int fd = socket (is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  memcpy (&v6.sin6_addr, loopback.bytes, sizeof v6.sin6_addr);
  memcpy (&v4.sin_addr, loopback.bytes, sizeof v4.sin_addr);
  if (fd >= 0 && connect (fd, is_v6 ? (const struct sockaddr *) &v6 : (const struct sockaddr *) &v4,
                          is_v6 ? sizeof v6 : sizeof v4) == 0)
    return fd;
  if (fd >= 0)
    close (fd);
  return -1;
}

static gboolean
await_answer (int                   fd,
              const DivertQuestion *question,
              gint64                until)
{
  for (;;)
    {
      const gint64 left = until - g_get_monotonic_time ();
      struct pollfd ready = { .fd = fd, .events = POLLIN };
      guint8 message[ANSWER_BYTES];
      ssize_t n;

      if (left <= 0 || (poll (&ready, 1, left / 1000 + 1) < 0 && errno != EINTR))
        return FALSE;
      /* An error, if the port is closed, is no answer. */
      n = recv (fd, message, sizeof message, 0);
      if (n > 0 && divert_question_is_answered (question, message, n))
        return TRUE;
    }
}

gboolean
divert_resolver_question_ask (DivertFamily          family,
                              guint16               port,
                              const DivertQuestion *question,
                              guint                 times,
                              guint                 patience_ms)
{
  const int fd = open_socket (family, port);
  gboolean answered = FALSE;

  for (guint i = 0; fd >= 0 && i < times && !answered; i++)
    {
      /* An earlier error, or a full queue, is told here; then this try is lost. */
      if (send (fd, question->message, sizeof question->message, MSG_NOSIGNAL) < 0)
        g_debug ("the resolver can't be asked: %s", g_strerror (errno));
      answered = await_answer (fd, question, g_get_monotonic_time () + patience_ms * G_TIME_SPAN_MILLISECOND);
    }
  if (fd >= 0)
    close (fd);
  return answered;
}
