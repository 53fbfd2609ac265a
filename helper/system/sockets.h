/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets of this machine, by NETLINK_SOCK_DIAG: is a transparent listener on
 * the proxy's ports, and the closing of sockets that a change of place left
 * behind.
 */
#pragma once

#include "core/prefix.h"

G_BEGIN_DECLS

typedef enum
{
  DIVERT_LISTENER_NONE,
  DIVERT_LISTENER_NOT_TRANSPARENT, /* somebody listens, but not with IP_TRANSPARENT: TPROXY drops */
  DIVERT_LISTENER_FOREIGN,         /* transparent, but no process of the proxy's group holds it */
  DIVERT_LISTENER_GOOD,
} DivertListener;

/* @protocol is IPPROTO_TCP or IPPROTO_UDP.  The group is looked up through the
 * owning process; if that cannot be seen, a transparent listener counts as good. */
gboolean divert_sockets_find_listener (DivertFamily family, guint8 protocol, guint16 port, guint32 gid,
                                       DivertListener *ret_listener, GError **error);

/* Destroys (SOCK_DESTROY) TCP connections and connected UDP sockets whose remote
 * address is in @prefixes.  Never a listener, never a socket of a process of group @gid, never one
 * that is connected to this machine itself.  Bounded work; returns how many. */
gboolean divert_sockets_destroy (const GArray *prefixes, guint32 gid, guint *ret_destroyed, GError **error);

G_END_DECLS
