/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The routing fence in the kernel.  It takes no lock, and each write is one netlink message or a
 * few.
 *
 * Ours are recognised by the protocol number (DIVERT_ROUTE_PROTOCOL), the rule's mark and the
 * device's name.  Nothing else is touched.
 */
#pragma once

#include "core/memory/drift.h"
#include "core/ruleset/fence.h"
#include "tripwire.h"

G_BEGIN_DECLS

typedef struct DivertFences DivertFences;

DivertFences *divert_fences_new (GError **error);
/* Does not remove the fence. */
void          divert_fences_free (DivertFences *fences);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertFences, divert_fences_free)

/* From now on, @wire (owned) closes the gates as well; see divert_fences_arm(). */
void          divert_fences_set_tripwire (DivertFences *fences, DivertTripwire *wire);
/* If the tripwire is closing the gates, waits for that.  While it waits for the kernel's lock, somebody of ordinary
 * priority holds it (the one who has reported the loss), and he needs the processor that we would take. */
void          divert_fences_settle (DivertFences *fences);
/* See divert_tripwire_look(). */
void          divert_fences_look_at_links (DivertFences *fences);
/* The ports by which the kernel's notifications identify our writes (divert_netlink_get_port()), and those of the
 * tripwire; 0: there is none. */
guint32       divert_fences_get_port (const DivertFences *fences);
guint32       divert_fences_get_wire_port (const DivertFences *fences);

/* The first write of a run.  Deletes the gates that are not in @fence, and adds missing device, panels
 * and rules.  Then makes a panel refuse if there would be no route without it.  None of that makes
 * anything reachable.  A failure in one family does not stop the other.  @ret_wrote (optional) is set
 * even on failure. */
gboolean      divert_fences_close (DivertFences *fences, const DivertFence *fence, gboolean *ret_wrote, GError **error);
/* Call it before opening, with the decision and the facts behind @fence.  If a link on which the decision grants
 * something is no longer as in @facts, or does not stay so, the gates are closed at once, and not opened. */
void          divert_fences_arm (DivertFences *fences, const DivertFence *fence, const DivertDecision *decision,
                                 const DivertFacts *facts);
/* The last write of a run.  Adds the gates of @fence, and deletes the rules, panels and (if the fence is
 * empty) the device that are not in it.  Call it after divert_fences_close() with the same @fence. */
gboolean      divert_fences_open (DivertFences *fences, const DivertFence *fence, gboolean *ret_wrote, GError **error);
/* What closing has found missing since the last call, although an earlier run left it there. */
DivertParts   divert_fences_take_drift (DivertFences *fences);
/* Deletes all gates, of whatever fence, so that nothing is granted any more.  Needs no configuration. */
gboolean      divert_fences_withdraw (DivertFences *fences, GError **error);
/* Deletes the panels that hold the internet.  Call it once the filter diverts again what was granted. */
gboolean      divert_fences_withdraw_outer (DivertFences *fences, GError **error);

G_END_DECLS
