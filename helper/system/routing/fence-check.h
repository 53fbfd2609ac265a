/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel says of the fence, and of what is behind it.  Between fence.c and its parts only.
 */
#pragma once

#include "fence-state.h"

G_BEGIN_DECLS

/* Is all of @state there? */
gboolean divert_fence_check_whole (const DivertFenceState *state, GError **error);
/* Asks for a route to each panel and each gate. */
gboolean divert_fence_check_routes (DivertNetlink *netlink, const DivertFence *fence, guint ifindex, GError **error);

/* Would a packet to @prefix find a route, if there were no fence?  @ret_default: by a default route, so that others of
 * its family would, too. */
gboolean divert_fence_is_routable (DivertNetlink *netlink, const DivertFence *fence, const DivertPrefix *prefix,
                                   gboolean *ret_default);

G_END_DECLS
