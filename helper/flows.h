/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flows that cross a change of place.
 */
#pragma once

#include "core/config.h"
#include "core/decision.h"

G_BEGIN_DECLS

/* Behind the writes that took the rules from @before (NULL: not known) to @now: closes the sockets and forgets the
 * connections whose way has changed, so that programs notice at once and connect anew.  Failures are logged: the rules are
 * right without it, packet by packet. */
void divert_flows_end (const DivertConfig *config, const DivertDecision *before, const DivertDecision *now, guint32 gid);

/* The prefixes whose way differs between the two; a new list. */
GArray *divert_flows_find_switched (const DivertConfig *config, const DivertDecision *before, const DivertDecision *now);

G_END_DECLS
