/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP connections that a listener on this machine has accepted, and the connection mark for them.
 *
 * The rules recognise such a connection by its SYN, so they miss any that is older than they are.
 * Without a mark, an administrator's ssh session would be judged in mid-stream and sent to the
 * proxy.
 */
#pragma once

#include "core/words/ports.h"

G_BEGIN_DECLS

/* Gives all of them on ports outside of @ephemeral the @mark within @mask in the kernel's connection tracking, creating
 * missing entries.  The work is bounded, but a user can make it slow.  @ret_remembered: how many; 0 if the kernel has
 * no connection tracking. */
gboolean divert_accepted_remember (const DivertPorts *ephemeral, guint32 mark, guint32 mask, guint *ret_remembered,
                                   GError **error);

G_END_DECLS
