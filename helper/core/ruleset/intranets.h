/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which prefixes are intranets, wherever the machine is.
 */
#pragma once

#include "core/config/config.h"
#include "core/place/decision.h"

G_BEGIN_DECLS

/* The intranets of all sites, and what auto6 stands for now or stood for earlier; merged.  @facts may be NULL.  Others
 * may have the same list, so it must not change. */
GArray *divert_intranets_collect (const DivertConfig *config, const DivertDecision *decision, const DivertFacts *facts);

G_END_DECLS
