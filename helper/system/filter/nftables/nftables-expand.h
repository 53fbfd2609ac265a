/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns a ruleset into our nftables table.
 */
#pragma once

#include "core/ruleset/explain.h"
#include "nftables-table.h"

G_BEGIN_DECLS

/* An empty ruleset gives a table without chains, which means that the table should not exist. */
DivertNftTable *divert_nft_table_new_from_ruleset (const char *name, const DivertRuleset *ruleset);
/* The table of the rules about frames, which the other one is without. */
DivertNftTable *divert_nft_table_new_wire (const DivertRuleset *ruleset);
/* Which of the rules made from @rule, one of @ruleset's, applies to @packet. */
void            divert_nft_describe (const DivertRuleset *ruleset, const DivertRule *rule, const DivertPacket *packet,
                                     DivertRuleText *ret_text);

G_END_DECLS
