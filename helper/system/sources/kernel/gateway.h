/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which link-layer address the default gateways answer with: for each, a
 * state machine over the kernel's neighbour table.  Part of kernel.c.
 */
#pragma once

#include "kernel-read.h"
#include "system/base/look-again.h"
#include "system/netlink/netlink.h"

G_BEGIN_DECLS

typedef struct DivertGateways DivertGateways;

/* @changed: a gateway's state or addresses changed, other than by a call of this header. */
DivertGateways *divert_gateways_new (DivertNetlink *netlink, DivertLookAgain changed, gpointer user_data);
void            divert_gateways_free (DivertGateways *gateways);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertGateways, divert_gateways_free)

/* @state has all links and their gateways; fills what is known of each. */
void            divert_gateways_update (DivertGateways *gateways, const DivertKernelState *state);
/* Asks the gateways of @ifindex, unless they are asked already. */
void            divert_gateways_ask (DivertGateways *gateways, guint ifindex);
/* Is any of them asked? */
gboolean        divert_gateways_are_asked (const DivertGateways *gateways);
/* Forgets what those of @ifindex (0: all) and @families have answered. */
void            divert_gateways_forget (DivertGateways *gateways, guint ifindex, DivertFamilies families);
/* That, because an address of @family is not what it was.  IPv4's tells of another network, where
 * what IPv6's gateway answered a second ago says nothing; IPv6's temporary ones go every day, and
 * are no concern of IPv4's. */
void            divert_gateways_forget_for_address (DivertGateways *gateways, guint ifindex, DivertFamily family);
/* Moves when @ifindex may have become another network: that happened, or a gateway that had
 * answered is gone, silent or another. */
guint           divert_gateways_get_epoch (const DivertGateways *gateways, guint ifindex);
/* A link as it is now.  If its carrier went or came since it was last seen, all is forgotten; returns whether
 * that was so. */
gboolean        divert_gateways_see_link (DivertGateways *gateways, const DivertLinkState *link);
/* The link is no more. */
void            divert_gateways_lose_link (DivertGateways *gateways, guint ifindex);

/* The links (ifindex, guint) through which a site is proven now (neighbours.c). */
void            divert_gateways_trust_neighbours (DivertGateways *gateways, const GArray *ifindexes);
/* A notification about a neighbour; returns whether it changed a gateway. */
gboolean        divert_gateways_see_neighbour (DivertGateways *gateways, struct nlmsghdr *header);
/* Notifications were lost: reads the neighbours of those asked. */
void            divert_gateways_resync (DivertGateways *gateways);

G_END_DECLS
