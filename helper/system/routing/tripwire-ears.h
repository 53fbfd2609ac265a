/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tripwire's thread, and the sockets on which it hears of links.  Only for tripwire.c.
 */
#pragma once

#include "tripwire-link.h"

G_BEGIN_DECLS

typedef struct DivertTripEars DivertTripEars;

typedef struct
{
  int    room_bytes; /* of the socket that hears of the armed links */
  guint  share;      /* the thread listens for one part in @share of its time, and rests else */
  guint  again_ms;   /* the moment after which done() is called again if it asks for that */
} DivertTripLimits;

/* All of these are called in the thread. */
typedef struct
{
  /* A notification about an armed link; NULL: some were lost. */
  void     (*heard) (struct nlmsghdr *header, gpointer user_data);
  /* All that was there has been heard.  @any: some link had something to say, whichever it was.  TRUE: call it again
   * in a moment. */
  gboolean (*done)  (gboolean any, gpointer user_data);
} DivertTripHearing;

/* The thread begins at once, and hears of nothing. */
DivertTripEars *divert_trip_ears_new (const DivertTripLimits *limits, const DivertTripHearing *hearing,
                                      gpointer user_data, GError **error);
/* Waits for the end of the thread. */
void            divert_trip_ears_free (DivertTripEars *ears);

/* From now on it hears of @links (DivertLinkState), and perhaps of those before.  Never call it, nor
 * divert_trip_ears_free(), from the thread. */
void            divert_trip_ears_set (DivertTripEars *ears, const GArray *links);
/* Calls done() now, even if the thread is resting.  Don't let anybody else decide how often. */
void            divert_trip_ears_nudge (DivertTripEars *ears);

G_END_DECLS
