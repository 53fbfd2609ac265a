/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread of its own that closes the gates of the fence when a link is lost on which a grant rests, whatever the main
 * loop is doing.  The theory of operation is at the head of tripwire.c.
 */
#pragma once

#include "core/ruleset/fence.h"
#include "sentinel.h"
#include "system/base/look-again.h"
#include "tripwire-ears.h"

G_BEGIN_DECLS

typedef struct DivertTripwire DivertTripwire;

extern const DivertTripLimits divert_tripwire_limits;

/* Called in the tripwire's thread, once the gates are closed, for each link that was lost. */
typedef void (*DivertTripwireLost) (guint ifindex, gpointer user_data);

/* @look_again is called in the main loop after it has tripped, unless the main loop has noticed before.  @lost may be
 * NULL. */
DivertTripwire *divert_tripwire_new (const DivertTripLimits *limits, DivertTripwireLost lost, gpointer lost_data,
                                     DivertLookAgain look_again, gpointer user_data, GError **error);
void            divert_tripwire_free (DivertTripwire *wire);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertTripwire, divert_tripwire_free)

/* All of these accept NULL, which never trips. */

/* Call it before the first arming.  From then on @sentinel (not owned) watches that it trips. */
void            divert_tripwire_set_sentinel (DivertTripwire *wire, DivertSentinel *sentinel);

/* The port that identifies its writes in the kernel's notifications; 0: it writes none. */
guint32         divert_tripwire_get_port (const DivertTripwire *wire);
/* From now on it closes the gates of @fence if one of @links (DivertLinkState) is lost that was as it says there.  If
 * that has happened already, it does so now.  Empty: it never trips.  If nothing has changed since the last call,
 * nothing happens.  Returns whether it had tripped, so that gates may be missing that were there a moment ago. */
gboolean        divert_tripwire_arm (DivertTripwire *wire, const GArray *links, const DivertFence *fence);
/* Has it tripped since the last call?  @settled: then nobody needs to look again because of that. */
gboolean        divert_tripwire_take (DivertTripwire *wire, gboolean settled);

/* Asks the kernel about the armed links, as if it had reported something.  It may hold back a loss for seconds (K4.1).
 * Call it from the main loop, whenever that is awake anyway. */
void            divert_tripwire_look (DivertTripwire *wire);

/* Between these two it does not close anything.  Returns FALSE if it has tripped, or the kernel has not answered yet.
 * Then no gate may be added, and the main loop will be told to look again. */
gboolean        divert_tripwire_lock (DivertTripwire *wire);
void            divert_tripwire_unlock (DivertTripwire *wire);

G_END_DECLS
