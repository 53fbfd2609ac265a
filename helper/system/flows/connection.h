/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A socket's connection, as connection tracking knows it.
 */
#pragma once

#include "system/netlink/sockets-diag.h"

G_BEGIN_DECLS

/* CTA_TUPLE_ORIG or CTA_TUPLE_REPLY (@type): what @socket sends, or (@reverse) what it is sent. */
void     divert_connection_put_tuple (DivertNetlinkMessage *msg, int type, const DivertSocket *socket,
                                      gboolean reverse);
/* Its connection mark; @netlink: NETLINK_NETFILTER.  FALSE: it is not tracked. */
gboolean divert_connection_get_mark (DivertNetlink *netlink, const DivertSocket *socket, guint32 *ret_mark);

G_END_DECLS
