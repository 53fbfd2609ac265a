/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel says about the route to an address.
 */
#pragma once

#include "core/ruleset/fence.h"
#include "system/netlink/netlink.h"

G_BEGIN_DECLS

typedef struct
{
  gboolean found;   /* FALSE: there is no route, which is an answer, too */
  guint    type;    /* RTN_… */
  guint    length;  /* prefix length of the address, or of the route with RTM_F_FIB_MATCH */
  guint    ifindex;
} DivertFenceWay;

/* The route for a packet to @address with @mark.  @flags: RTM_F_FIB_MATCH for the route's own length. */
DivertFenceWay divert_fence_ask_way (DivertNetlink *netlink, const DivertPrefix *address, guint32 mark, guint flags);

/* Would a packet to @prefix find a route if there were no fence?  @ret_default: it would use a default
 * route, so packets to other prefixes of this family would find one, too. */
gboolean       divert_fence_is_routable (DivertNetlink *netlink, const DivertFence *fence, const DivertPrefix *prefix,
                                         gboolean *ret_default);

G_END_DECLS
