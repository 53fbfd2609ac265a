/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the ruleset's makers: adding a rule.
 */
#pragma once

#include "ruleset.h"

G_BEGIN_DECLS

/* Appends a rule; the caller fills in its matches.  The pointer is valid for as long as the ruleset.  The first
 * rule of an own chain gets the tag, per family. */
DivertRule *divert_ruleset_add (DivertRuleset *ruleset, DivertTable table, const char *chain, DivertFamilies families,
                                DivertTarget target, const char *why);
DivertRule *divert_ruleset_add_to (DivertRuleset *ruleset, DivertTable table, const char *chain, DivertFamilies families,
                                   DivertTarget target, const char *to, const char *why);

/* In mangle's @chain: packets to @prefixes go to @to, all others on to the next rule of the chain that is returned
 * (@chain itself, or "@chain_REST").  See ruleset-dispatch.c. */
const char *divert_ruleset_dispatch (DivertRuleset *ruleset, const char *chain, DivertFamilies families, const GArray *prefixes,
                                     const char *to, const char *why);

G_END_DECLS
