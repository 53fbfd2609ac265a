/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets that have passed the rules of the place that we have left, and now wait for a neighbour's
 * link-layer address.
 */
#pragma once

#include "core/words/prefix.h"

G_BEGIN_DECLS

/* Deletes the neighbours of link @ifindex that are being resolved, whoever they are, so that the kernel
 * drops the packets that wait for them.  Resolved neighbours and other links' stay.  @ret_dropped: how
 * many. */
gboolean divert_waiting_packets_drop (guint ifindex, guint *ret_dropped, GError **error);

G_END_DECLS
