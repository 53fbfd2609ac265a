/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what is kept of a resolver that isn't the proxy's, and how often it is asked.
 *
 * Theory of operation.  What such a resolver asks on port 53 is redirected to its own port.  If that is all it asks, it
 * answers nobody, and may ask without end.  It is asked a question that nobody has asked before.  If that comes back to
 * it, redirected by us, and it has no answer, it asks itself.  A filter that asks the proxy on another port, or others
 * by TLS, never hears its own question.  One that has several servers, of which some are itself, answers.
 *
 * It is asked when it appears, and after whatever else happened, because its servers may be other ones then, but not
 * more often than every AGAIN_US.  Without an answer it is asked twice more.  While nothing happens, nobody is asked.
 * (A beacon's answer is nothing that has happened, and neither is what was learnt here.)
 *
 * While DNS is refused because it asks itself, its own question can't come back.  So that lasts until it has an answer,
 * has other sockets, or the configuration changes.  It may get other servers without any of that, so it is asked now
 * and then.
 */
#include "circle.h"

#define AGAIN_US (10 * G_TIME_SPAN_SECOND)
#define APART_US G_TIME_SPAN_SECOND
/* While it asks itself: at first, and at last. */
#define CLOSED_MIN_US (2 * G_TIME_SPAN_SECOND)
#define CLOSED_MAX_US (10 * G_TIME_SPAN_SECOND)

static const gint64 later[] = { AGAIN_US, 60 * G_TIME_SPAN_SECOND };

/* At once, unless it was asked within @apart. */
static gint64
find_due (const DivertCircle *circle,
          gint64              apart,
          gint64              now)
{
  return circle->asked != 0 ? MAX (now, circle->asked + apart) : now;
}

void
divert_circle_see (DivertCircle *circle,
                   guint64       sockets,
                   gint64        now)
{
  gint64 due;

  if (sockets != circle->sockets)
    divert_circle_forget (circle);
  due = sockets == circle->sockets ? find_due (circle, AGAIN_US, now) : find_due (circle, APART_US, now);
  circle->sockets = sockets;
  circle->tries = 0;
  if (sockets == 0)
    circle->due = 0;
  else if (circle->due == 0 || due < circle->due)
    circle->due = due;
}

void
divert_circle_forget (DivertCircle *circle)
{
  circle->sockets = 0;
  circle->closed = FALSE;
  circle->due = 0;
}

void
divert_circle_ask (DivertCircle *circle,
                   gint64        now)
{
  circle->asked = now;
  circle->due = 0;
}

static gint64
find_next (DivertCircle   *circle,
           DivertEchoKind  echo)
{
  const guint tries = circle->tries++;

  if (circle->closed)
    return MIN (CLOSED_MIN_US << MIN (tries, 8), CLOSED_MAX_US);
  return echo != DIVERT_ECHO_ANSWERED && tries < G_N_ELEMENTS (later) ? later[tries] : 0;
}

gboolean
divert_circle_learn (DivertCircle   *circle,
                     guint64         sockets,
                     DivertEchoKind  echo,
                     gint64          now)
{
  const gboolean before = circle->closed;
  gint64 next;

  if (sockets != circle->sockets || sockets == 0)
    return FALSE;
  if (echo != DIVERT_ECHO_NONE)
    circle->closed = echo == DIVERT_ECHO_HEARD;
  next = find_next (circle, echo);
  if (next != 0 && (circle->due == 0 || now + next < circle->due))
    circle->due = now + next;
  return circle->closed != before;
}
