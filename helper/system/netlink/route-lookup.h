/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks the kernel where a packet from this machine would go.
 */
#pragma once

#include "core/ruleset/explain.h"

G_BEGIN_DECLS

/* Fills in the fields of @packet that the kernel knows: out_interface, source and destination_type, as
 * for a packet with @mark to its destination.  FALSE if there is no route; then they stay as they are. */
gboolean divert_lookup_route (DivertPacket *packet, guint32 mark);

G_END_DECLS
