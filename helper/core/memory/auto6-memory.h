/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which prefixes auto6 has let go direct so far.
 */
#pragma once

#include "core/place/decision.h"

G_BEGIN_DECLS

#define DIVERT_FORMER_MAX 16

/* Adds to @former (DivertPrefix, oldest first, at most DIVERT_FORMER_MAX) what @decision lets go direct
 * beyond the configured intranet of its site. */
void divert_former_learn (GArray *former, const DivertConfig *config, const DivertDecision *decision);

G_END_DECLS
