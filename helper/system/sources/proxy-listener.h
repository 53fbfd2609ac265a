/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is there a listener on the proxy's port?
 */
#pragma once

#include "core/facts/listener.h"
#include "system/netlink/sockets-diag.h"

G_BEGIN_DECLS

/* Is @socket the proxy's? */
typedef gboolean (*DivertIsProxys) (const DivertSocket *socket, gpointer user_data);

/* Fills in who listens on @listening's port now. */
gboolean divert_listener_find (DivertNetlink *netlink, DivertListening *listening, DivertIsProxys is_proxys,
                               gpointer user_data, GError **error);

G_END_DECLS
