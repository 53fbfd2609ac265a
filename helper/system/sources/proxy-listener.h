/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is a transparent listener on the proxy's port?
 */
#pragma once

#include "core/words/prefix.h"
#include "system/netlink/sockets-owner.h"

G_BEGIN_DECLS

typedef enum
{
  DIVERT_LISTENER_NONE,
  DIVERT_LISTENER_NOT_TRANSPARENT, /* somebody listens, but not with IP_TRANSPARENT: TPROXY drops */
  DIVERT_LISTENER_FOREIGN,         /* transparent, but no process of the proxy's group holds it */
  DIVERT_LISTENER_GOOD,
} DivertListener;

/* @protocol is IPPROTO_TCP or IPPROTO_UDP.  @owners: of the proxy's group. */
gboolean divert_listener_find (DivertFamily family, guint8 protocol, guint16 port, const DivertOwners *owners,
                               DivertListener *ret_listener, GError **error);

G_END_DECLS
