/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "hold": one long-lived flow, like an idle ssh or a mounted share. Prints
 *
 *   up ANSWER             the first answer
 *   now ANSWER            another one, if who or the source address differs
 *   lost WORD after MS    the flow ended, and how
 *   alive                 it lived until --seconds
 *
 * Without --chat it sends nothing after the first question. Then only the kernel can tell the program that its path is
 * gone.
 */
#include "probe.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char question[] = "hold\n";

static int
lost (int64_t start, int error)
{
  printf ("lost %s after %lld\n", probe_error_word (error), (long long) (probe_now_ms () - start));
  return 1;
}

int
probe_hold (char **arguments, const ProbeOptions *options)
{
  int64_t start = probe_now_ms ();
  int64_t end = options->seconds > 0 ? start + options->seconds * 1000 : INT64_MAX;
  int64_t next_chat = options->chat_ms > 0 ? start + options->chat_ms : INT64_MAX;
  bool tcp = strcmp (arguments[0], "tcp") == 0;
  char previous[512] = "";
  ProbeAddress to;
  int fd;

  probe_address_parse (arguments[1], arguments[2], &to);
  fd = probe_socket_new (&to, tcp ? SOCK_STREAM : SOCK_DGRAM, options);
  if (fd < 0)
    return lost (start, errno);
  if (connect (fd, (struct sockaddr *) &to.sa, to.length) != 0
      && (errno != EINPROGRESS || !probe_wait (fd, POLLOUT, start + options->timeout_ms)))
    return lost (start, errno == EINPROGRESS ? ETIMEDOUT : errno);
  if (send (fd, question, strlen (question), 0) < 0)
    return lost (start, errno);

  for (;;)
    {
      int64_t now = probe_now_ms ();
      char answer[512];
      ssize_t got;

      if (now >= end)
        {
          puts ("alive");
          return 0;
        }
      if (now >= next_chat)
        {
          next_chat = now + options->chat_ms;
          if (send (fd, question, strlen (question), 0) < 0 && errno != EAGAIN)
            return lost (start, errno);
        }
      if (!probe_wait (fd, POLLIN, end < next_chat ? end : next_chat))
        continue;
      got = recv (fd, answer, sizeof answer - 1, 0);
      if (got < 0 && errno == EAGAIN)
        continue;
      if (got <= 0)
        return lost (start, got < 0 ? errno : ENODATA);
      answer[got] = '\0';
      answer[strcspn (answer, "\n")] = '\0';
      if (strcmp (answer, previous) != 0)
        printf ("%s %s\n", previous[0] == '\0' ? "up" : "now", answer);
      strcpy (previous, answer);
    }
}
