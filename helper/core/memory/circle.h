/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does the resolver on the DNS port ask itself, and when should we find out?
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What became of a question to it that nobody has asked before. */
typedef enum
{
  DIVERT_ECHO_NONE,     /* it wasn't answered */
  DIVERT_ECHO_HEARD,    /* likewise, and it came back to the DNS port, because we redirected it */
  DIVERT_ECHO_ANSWERED,
} DivertEchoKind;

/* All zeros at first. */
typedef struct
{
  guint64  sockets; /* the resolver's (DivertListening); 0: there is none that could */
  gboolean closed;  /* it asks itself */
  gint64   asked;   /* monotonic; when it was last asked; 0: never */
  gint64   due;     /* likewise; when to ask; 0: it need not be asked */
  guint    tries;   /* how often it was asked since something happened */
} DivertCircle;

/* Something has happened @now, and this is the resolver. */
void     divert_circle_see (DivertCircle *circle, guint64 sockets, gint64 now);
/* Whatever made it ask itself may be gone. */
void     divert_circle_forget (DivertCircle *circle);
/* It is being asked. */
void     divert_circle_ask (DivertCircle *circle, gint64 now);
/* What became of that.  TRUE: it asks itself, or no longer does so. */
gboolean divert_circle_learn (DivertCircle *circle, guint64 sockets, DivertEchoKind echo, gint64 now);

G_END_DECLS
