/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What closes the gates of a fence, ready to be sent at any moment.  Only for tripwire.c.
 */
#pragma once

#include "core/ruleset/fence.h"
#include "system/netlink/netlink.h"

G_BEGIN_DECLS

typedef struct DivertFenceCloser DivertFenceCloser;

DivertFenceCloser *divert_fence_closer_new (void);
void               divert_fence_closer_free (DivertFenceCloser *closer);

/* Prepares to close the gates of @fence with @netlink.  Costs next to nothing if it is the same fence as before. */
void               divert_fence_closer_set (DivertFenceCloser *closer, DivertNetlink *netlink,
                                            const DivertFence *fence);
/* Closes them, whether they are there or not.  It reads and decides nothing.  If it fails, whoever opens and closes
 * gates otherwise finds them. */
void               divert_fence_closer_send (DivertFenceCloser *closer, DivertNetlink *netlink);

G_END_DECLS
