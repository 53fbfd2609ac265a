/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel says of the ways to an address.
 */
#pragma once

#include "core/ruleset/fence.h"
#include "system/netlink/netlink.h"

G_BEGIN_DECLS

typedef struct
{
  gboolean found;   /* no route is an answer, too */
  guint    type;    /* RTN_… */
  guint    length;  /* of the destination that was asked for, or of the route's */
  guint    ifindex;
} DivertFenceWay;

/* The way of a packet to @address that bears @mark.  @flags: RTM_F_FIB_MATCH for the route's own length. */
DivertFenceWay divert_fence_ask_way (DivertNetlink *netlink, const DivertPrefix *address, guint32 mark, guint flags);

/* Would a packet to @prefix find a route, if there were no fence? @ret_default: by a default route, so that others of
 * its family would, too. */
gboolean       divert_fence_is_routable (DivertNetlink *netlink, const DivertFence *fence, const DivertPrefix *prefix,
                                         gboolean *ret_default);

G_END_DECLS
