/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notices another program's ip rule that takes our packets although ours stand as early as they can.
 */
#pragma once

#include "core/config/config.h"
#include "core/place/decision.h"

G_BEGIN_DECLS

/* Call it when everything has been written.  Adds a DivertProblem to @problems if there is such a rule. */
void divert_overtaken_find (const DivertConfig *config, const DivertDecision *decision, const DivertFacts *facts,
                            GPtrArray *problems);

G_END_DECLS
