/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Forgetting connections (ctnetlink): the entries that carry a
 * decision of the place that we have left, and stale DNS redirections, which
 * the kernel would go on applying to the same 5-tuple.
 */
#pragma once

#include "core/prefix.h"

G_BEGIN_DECLS

/* Deletes the entries whose (original) destination is in @prefixes, and, if @dns, those to port 53 (TCP and UDP, any
 * destination), but none to this machine itself.  Returns how many.  No connection tracking in the kernel: none. */
gboolean divert_conntrack_forget (const GArray *prefixes, gboolean dns, guint *ret_forgotten, GError **error);

G_END_DECLS
