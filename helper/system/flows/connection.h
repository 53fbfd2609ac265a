/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection of a socket in connection tracking.
 */
#pragma once

#include "system/netlink/sockets-diag.h"

G_BEGIN_DECLS

/* Puts CTA_TUPLE_ORIG or CTA_TUPLE_REPLY (@type): what @socket sends, or, if @reverse, what it receives. */
void     divert_connection_put_tuple (DivertNetlinkMessage *msg, int type, const DivertSocket *socket,
                                      gboolean reverse);
/* Its connection mark.  @netlink: NETLINK_NETFILTER.  FALSE if it is not tracked. */
gboolean divert_connection_get_mark (DivertNetlink *netlink, const DivertSocket *socket, guint32 *ret_mark);
/* Likewise, and the port that somebody's NAT has put in the place of the destination's; 0: it hasn't. */
gboolean divert_connection_find (DivertNetlink *netlink, const DivertSocket *socket, guint32 *ret_mark,
                                 guint16 *ret_redirected_to);

G_END_DECLS
