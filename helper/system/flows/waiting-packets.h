/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets that have passed the rules of the place that we have left, and now wait for a neighbour's
 * link-layer address.
 */
#pragma once

#include "core/words/prefix.h"

G_BEGIN_DECLS

/* The conversation with the kernel, which stays open from the first drop on: a new socket takes longer than the drop.
 * Each thread needs one of its own. */
typedef struct DivertWaitingPackets DivertWaitingPackets;

DivertWaitingPackets *divert_waiting_packets_new (void);
void                  divert_waiting_packets_free (DivertWaitingPackets *waiting);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertWaitingPackets, divert_waiting_packets_free)

/* Deletes the neighbours of link @ifindex that are being resolved, whoever they are, so that the kernel
 * drops the packets that wait for them.  Resolved neighbours and other links' stay.  @ret_dropped: how
 * many. */
gboolean              divert_waiting_packets_drop (DivertWaitingPackets *waiting, guint ifindex, guint *ret_dropped,
                                                   GError **error);

G_END_DECLS
