/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP connections that somebody else has opened to this machine.
 */
#pragma once

#include "core/words/ports.h"
#include "system/netlink/own-addresses.h"
#include "system/netlink/sockets-diag.h"

G_BEGIN_DECLS

/* An array of DivertSocket, root's first: connections of hosts elsewhere to programs here, on ports outside of
 * @ephemeral (0, 0: unknown).  Treat any other connection as ours, whoever opened it.  The work is bounded. */
GArray  *divert_incoming_list (DivertNetlink *netlink, const DivertPorts *ephemeral, const DivertOwnAddresses *own,
                               GError **error);
/* Does somebody still listen for such connections?  If not, treat it as ours, too. */
gboolean divert_incoming_has_listener (DivertNetlink *netlink, const DivertSocket *socket);

G_END_DECLS
