/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which link-layer address the default gateways answer with: a state machine for each, on top of
 * the kernel's neighbour table.  Part of kernel.c.
 */
#pragma once

#include "kernel-read.h"
#include "system/base/look-again.h"
#include "system/netlink/netlink.h"

G_BEGIN_DECLS

typedef struct DivertGateways DivertGateways;

/* From now on, what neighbour-filter.h says of @quiet (DivertNeighbour) need not be heard; everything else must be. */
typedef void (*DivertQuieten) (const GArray *quiet, gpointer user_data);

/* @changed: a gateway's state or addresses changed, other than through a call of one of these functions. */
DivertGateways *divert_gateways_new (DivertNetlink *netlink, DivertLookAgain changed, DivertQuieten quieten,
                                     gpointer user_data);
void            divert_gateways_free (DivertGateways *gateways);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertGateways, divert_gateways_free)

/* @state has all links with their gateways; fills in what is known of each. */
void            divert_gateways_update (DivertGateways *gateways, const DivertKernelState *state);
/* Asks the gateways on @ifindex, unless that is already being done. */
void            divert_gateways_ask (DivertGateways *gateways, guint ifindex);
/* Is any of them being asked? */
gboolean        divert_gateways_are_asked (const DivertGateways *gateways);
/* Forgets the answers of the gateways on @ifindex (0: all links) in @families. */
void            divert_gateways_forget (DivertGateways *gateways, guint ifindex, DivertFamilies families);
/* The same, because an address of @family has changed.  In IPv4 that means another network, where an
 * answer from IPv6's gateway a second ago proves nothing.  IPv6's temporary addresses change every day
 * and do not matter to IPv4. */
void            divert_gateways_forget_for_address (DivertGateways *gateways, guint ifindex, DivertFamily family);
/* Changes when @ifindex may have become another network: by such an event, or because a gateway that had
 * answered is gone, silent or different. */
guint           divert_gateways_get_epoch (const DivertGateways *gateways, guint ifindex);
/* @link is the current state.  If its carrier went or came since the last look, forgets everything;
 * returns whether it did. */
gboolean        divert_gateways_see_link (DivertGateways *gateways, const DivertLinkState *link);
/* The link is gone. */
void            divert_gateways_lose_link (DivertGateways *gateways, guint ifindex);

/* The links (ifindex, guint) through which a site is currently proven (neighbours.c). */
void            divert_gateways_trust_neighbours (DivertGateways *gateways, const GArray *ifindexes);
/* A notification about a neighbour.  Returns whether it changed a gateway. */
gboolean        divert_gateways_see_neighbour (DivertGateways *gateways, struct nlmsghdr *header);

G_END_DECLS
