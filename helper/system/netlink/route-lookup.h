/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks the kernel where a packet of this machine's would go.
 */
#pragma once

#include "core/ruleset/explain.h"

G_BEGIN_DECLS

/* Fills what divert_arguments_packet() leaves empty: out_interface, source and destination_type of
 * @packet, for its destination, with @mark.  No route: they stay as they are, and FALSE. */
gboolean divert_lookup_route (DivertPacket *packet, guint32 mark);

G_END_DECLS
