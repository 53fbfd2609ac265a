/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debug builds walk packets through each ruleset before it is laid (the build option walk).  In other builds, this
 * compiles to nothing.
 */
#pragma once

#include "core/ruleset/ruleset.h"
#include "divert-config.h"

G_BEGIN_DECLS

#if DIVERT_WALK

/* Aborts the process with a report if @ruleset, which was made of the rest, breaks an invariant
 * (core/ruleset/invariants.c).  Nothing has been written by then. */
void divert_rehearse (const DivertRuleset *ruleset, const DivertConfig *config, const DivertDecision *decision,
                      const DivertFacts *facts, guint32 gid);

#else

#define divert_rehearse(...) ((void) 0)

#endif

G_END_DECLS
