/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is there a transparent listener on the proxy's port?
 */
#pragma once

#include "core/facts/listener.h"
#include "system/netlink/sockets-owner.h"

G_BEGIN_DECLS

/* @protocol is IPPROTO_TCP or IPPROTO_UDP.  @owners: those of the proxy's group. */
gboolean divert_listener_find (DivertFamily family, guint8 protocol, guint16 port, const DivertOwners *owners,
                               DivertListener *ret_listener, GError **error);

G_END_DECLS
