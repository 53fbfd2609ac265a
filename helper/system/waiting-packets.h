/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets that passed the rules of the place that we have left, and wait behind them for a neighbour's link-layer address.
 */
#pragma once

#include "core/prefix.h"

G_BEGIN_DECLS

/* Gives up the neighbours of link @ifindex in @prefixes that are being resolved: the kernel drops what waits for them.
 * Resolved ones, and other links', stay.  Returns how many. */
gboolean divert_waiting_packets_drop (const GArray *prefixes, guint ifindex, guint *ret_dropped, GError **error);

G_END_DECLS
