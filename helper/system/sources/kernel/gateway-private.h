/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between gateway.c, which gateway-clock.c asks and listens for, and gateway-list.c, which both are built on.
 */
#pragma once

#include "gateway-resolution.h"
#include "gateway.h"
#include "link-addresses.h"
#include "link-epochs.h"
#include "neighbours.h"

G_BEGIN_DECLS

struct DivertGateways
{
  DivertNetlink       *netlink;
  DivertLookAgain      changed;
  DivertQuieten        quieten;
  gpointer             user_data;
  GPtrArray           *list;     /* DivertResolution */
  GArray              *quiet;    /* DivertNeighbour: what is not heard (neighbour-filter.h) */
  GArray              *hosts;    /* the same, of hosts that are no gateways */
  DivertLinkEpochs    *epochs;
  DivertLinkAddresses *addresses;
  DivertNeighbours    *neighbours;
  GSource             *timer;
};

/* Returns the one in @list (DivertResolution), or NULL.  @ret_position is optional. */
DivertResolution *divert_gateways_find (const GPtrArray *list, guint ifindex, const DivertPrefix *address,
                                        guint *ret_position);

/* Forgets the answers of the gateways on @ifindex (0: all links) in @families, and begins an epoch.  Call
 * divert_gateways_go_on() next. */
void              divert_gateways_drop_answers (DivertGateways *gateways, guint ifindex, DivertFamilies families);

/* Each of these returns whether that changes anything. */
/* The kernel says something of a neighbour. */
gboolean          divert_gateways_see (DivertGateways *gateways, const DivertNeighbour *neighbour);
/* What it may have said is read. */
gboolean          divert_gateways_look (DivertGateways *gateways, DivertResolution *resolution);

void              divert_gateways_start_timer (DivertGateways *gateways);
/* To be called after whatever may have changed a gateway: decides what we listen to, and when to look again.  @changed:
 * somebody else must hear of it. */
void              divert_gateways_go_on (DivertGateways *gateways, gboolean changed);

G_END_DECLS
