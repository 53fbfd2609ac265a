/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The closing of sockets that a change of place left behind.
 */
#pragma once

#include "core/words/prefix.h"

G_BEGIN_DECLS

/* Destroys (SOCK_DESTROY) TCP connections and connected UDP sockets whose remote
 * address is in @prefixes.  Never a listener, never a socket of a process of group @gid, never one
 * that is connected to this machine itself.  Bounded work; returns how many. */
gboolean divert_sockets_destroy (const GArray *prefixes, guint32 gid, guint *ret_destroyed, GError **error);

G_END_DECLS
