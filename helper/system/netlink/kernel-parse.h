/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns rtnetlink messages, from dumps or notifications, into values.
 */
#pragma once

#include "core/facts/facts.h"
#include "netlink.h"

#include <net/if.h>

G_BEGIN_DECLS

#define DIVERT_LINK_KIND_MAX 16

typedef struct
{
  guint    ifindex;
  char     name[IFNAMSIZ];
  char     kind[DIVERT_LINK_KIND_MAX]; /* as in DivertLink; "": none */
  guint    master, lower, peer; /* as in DivertLink */
  guint32  bonding;         /* as in DivertLink */
  gboolean has_mac;
  DivertMac mac;            /* its link-layer address */
  gboolean loopback;
  gboolean carrier;         /* up, and something is plugged in */
  guint32  carrier_changes; /* how often the carrier came or went */
} DivertLinkState;

typedef struct
{
  guint        ifindex;
  DivertPrefix address; /* with host bits */
  gboolean     usable;
} DivertLinkAddress;

/* FALSE if @header does not describe a link's state (it is about a bridge's port, or a Wi-Fi event). */
gboolean divert_kernel_parse_link (struct nlmsghdr *header, DivertLinkState *ret_link);
/* One of the unicast addresses that a device takes packets for besides its own; FALSE: @header describes none. */
gboolean divert_kernel_parse_unicast (struct nlmsghdr *header, guint *ret_ifindex, DivertMac *ret_mac);
gboolean divert_kernel_parse_address (struct nlmsghdr *header, DivertLinkAddress *ret_address);

/* Calls @visit for each next hop of a route in the main table, unless the destination is this machine
 * itself.  Default routes have a destination of length 0. */
typedef void (*DivertHopVisit) (const DivertRoute *route, gpointer user_data);
void     divert_kernel_parse_route (struct nlmsghdr *header, DivertHopVisit visit, gpointer user_data);

G_END_DECLS
