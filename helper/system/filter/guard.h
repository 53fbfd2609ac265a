/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guard of the intranets, in a table of its own in nftables.  It stands beside rules in other tables: whoever
 * flushes those doesn't open the way for a socket that is bound to a device and so passes the fence.
 *
 * What it grants can lapse unless it is renewed.  Then, if the helper is killed or hangs at home and the laptop is
 * carried away, the direct way closes by itself.  If no service manager sees to that, it stands beside any rules.
 *
 * The theory of operation stands at the head of nftables/guard.c.
 */
#pragma once

#include "core/ruleset/ruleset.h"
#include "system/base/touched.h"

G_BEGIN_DECLS

typedef struct DivertGuard DivertGuard;

/* @lifetime_ms: how long a grant lives that isn't renewed; 0: until it is taken away. */
DivertGuard *divert_guard_new (guint lifetime_ms);
void         divert_guard_free (DivertGuard *guard);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertGuard, divert_guard_free)

/* The kernel modules that it needs, NULL-terminated; static. */
const char *const *divert_guard_list_modules (void);

/* Makes the kernel hold the guard that belongs to @whole, the ruleset of now; for an empty one there is none.  Writes
 * only what differs.  @delivers: where @whole is, nothing can hand packets over that come from a bridge's frames
 * (K3.15), so the guard does it, if the kernel can.  TRUE without a guard: the kernel has no nftables, or lacks
 * something that the guard needs; ask divert_guard_is_there().  Errors are DIVERT_BACKEND_ERROR. */
gboolean     divert_guard_apply (DivertGuard *guard, const DivertRuleset *whole, gboolean delivers, gboolean *ret_wrote,
                                 GError **error);
/* Takes all grants away, whoever wrote them, and leaves the rest as it is. */
gboolean     divert_guard_withdraw (DivertGuard *guard, GError **error);
/* Lets what is granted live on.  FALSE: it doesn't live any more, or cannot be renewed, so divert_guard_apply() has to
 * look at it. */
gboolean     divert_guard_renew (DivertGuard *guard);
/* Is what it left there, and should live, no longer there, or changed?  What cannot be read counts as unchanged.  Costs
 * 2 µs if nobody has written to nftables. */
gboolean     divert_guard_find_drift (DivertGuard *guard);
/* From now on @touched is called when somebody may have changed it; NULL: no more. */
void         divert_guard_watch (DivertGuard *guard, DivertTouched touched, gpointer user_data);
/* Did divert_guard_apply() find or leave a guard in the kernel? */
gboolean     divert_guard_is_there (const DivertGuard *guard);

/* Does that one deliver? */
gboolean     divert_guard_delivers (const DivertGuard *guard);

/* Packets that the guard in the kernel has dropped.  Has a conversation of its own, so any thread may ask. */
gboolean     divert_guard_count_dropped (guint64 *ret_packets);

/* As nft's text; "" for the empty ruleset. */
char        *divert_guard_to_text (const DivertRuleset *whole, gboolean delivers, guint lifetime_ms);

G_END_DECLS
