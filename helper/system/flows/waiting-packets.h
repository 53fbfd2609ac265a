/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets that passed the rules of the place that we have left, and wait behind them for a
 * neighbour's link-layer address.
 */
#pragma once

#include "core/words/prefix.h"

G_BEGIN_DECLS

/* Gives up the neighbours of link @ifindex that are being resolved, whoever they are: the kernel
 * drops what waits for them.  Resolved ones, and other links', stay.  Returns how many. */
gboolean divert_waiting_packets_drop (guint ifindex, guint *ret_dropped, GError **error);

G_END_DECLS
