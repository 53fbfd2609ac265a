/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks the kernel where a packet of this machine's would go, before any mark.
 */
#pragma once

#include "core/ruleset/explain.h"

G_BEGIN_DECLS

/* Fills what divert_arguments_packet() leaves empty: out_interface, source and destination_type of
 * @packet, for its destination.  No route: they stay as they are, and FALSE. */
gboolean divert_lookup_route (DivertPacket *packet);

G_END_DECLS
