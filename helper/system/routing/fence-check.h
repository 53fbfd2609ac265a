/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does the kernel obey the fence?  Between fence.c and its parts only.
 */
#pragma once

#include "fence-state.h"

G_BEGIN_DECLS

/* Is all of @state there? */
gboolean divert_fence_check_whole (const DivertFenceState *state, GError **error);
/* Asks for a route to each panel and each gate. */
gboolean divert_fence_check_routes (DivertNetlink *netlink, const DivertFence *fence, guint ifindex, GError **error);

G_END_DECLS
