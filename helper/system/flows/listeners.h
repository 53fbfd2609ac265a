/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TCP ports that somebody listens on.
 */
#pragma once

#include "system/netlink/sockets-diag.h"

G_BEGIN_DECLS

/* A bit per port. */
typedef struct DivertListeners DivertListeners;

DivertListeners *divert_listeners_read (DivertNetlink *netlink, GError **error);
void             divert_listeners_free (DivertListeners *listeners);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertListeners, divert_listeners_free)

/* Is @socket a TCP connection on a listener's port?  Then the listener accepted it: no connecting socket
 * gets such a port, unless its program shares it on purpose. */
gboolean         divert_listeners_accepted (const DivertListeners *listeners, const DivertSocket *socket);

G_END_DECLS
