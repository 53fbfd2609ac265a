/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's neighbour table: reading an entry, and making the kernel ask (both with ARP and
 * neighbour discovery).
 */
#pragma once

#include "core/words/mac.h"
#include "system/netlink/netlink.h"

G_BEGIN_DECLS

typedef struct
{
  guint        ifindex;
  DivertPrefix address;
  guint        state;    /* NUD_…; 0: there is no entry */
  gboolean     has_mac;
  DivertMac    mac;
} DivertNeighbour;

gboolean divert_neighbour_equal (const DivertNeighbour *a, const DivertNeighbour *b);
/* FALSE if @header is not about an entry in IPv4's or IPv6's table.  A deleted entry has state 0. */
gboolean divert_neighbour_parse (struct nlmsghdr *header, DivertNeighbour *ret_neighbour);

/* A missing entry is not an error. */
gboolean divert_neighbour_get (DivertNetlink *netlink, guint ifindex, const DivertPrefix *address,
                               DivertNeighbour *ret_neighbour, GError **error);
/* Asks whether the link-layer address in the entry is still right.  An answer makes the entry NUD_REACHABLE. */
gboolean divert_neighbour_probe (DivertNetlink *netlink, const DivertNeighbour *neighbour, GError **error);
/* Asks everybody on the link, whatever is in the entry.  Not for entries that an administrator made. */
gboolean divert_neighbour_solicit (DivertNetlink *netlink, guint ifindex, const DivertPrefix *address, GError **error);

G_END_DECLS
