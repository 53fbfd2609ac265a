/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which prefixes are an intranet, wherever the machine is.
 */
#pragma once

#include "core/config/config.h"
#include "core/place/decision.h"

G_BEGIN_DECLS

/* All sites' intranets, and what auto6 stands for now or stood for formerly; merged.  @facts: NULL if there are
 * none. */
GArray *divert_intranets_collect (const DivertConfig *config, const DivertDecision *decision, const DivertFacts *facts);

G_END_DECLS
