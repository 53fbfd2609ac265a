/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who sends a packet that this machine forwards, for explain.
 */
#pragma once

#include "core/facts/facts.h"
#include "core/ruleset/explain.h"

G_BEGIN_DECLS

/* @from: a device, or somebody else's address in the network of one.  Fills in by which device @packet comes in, and
 * from which address.  Of a device's network, any other than ours will do; if there is none, the address stays unknown.
 * FALSE: there is no such device.  @facts may be NULL: there is none. */
gboolean divert_sender_find (const DivertFacts *facts, const char *from, DivertPacket *packet);

G_END_DECLS
