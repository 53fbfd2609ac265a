/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP connections that a listener of this machine has accepted, and the connection mark for them.
 *
 * The rules know such a connection by its SYN, and so none that is older than they are: without a mark an
 * administrator's ssh session would be judged in its middle, and sent to the proxy.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Gives them all @mark within @mask, in the kernel's connection tracking, which learns of them if it does not know
 * them.  Bounded work; returns how many.  No connection tracking in the kernel: none. */
gboolean divert_accepted_remember (guint32 mark, guint32 mask, guint *ret_remembered, GError **error);

G_END_DECLS
