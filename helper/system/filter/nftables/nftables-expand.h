/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a ruleset to our table of nftables.
 */
#pragma once

#include "core/ruleset/explain.h"
#include "nftables-table.h"

G_BEGIN_DECLS

/* An empty ruleset gives a table without chains: none is to be there. */
DivertNftTable *divert_nft_table_new_from_ruleset (const char *name, const DivertRuleset *ruleset);
/* Which of the rules that come of @rule, one of @ruleset's, concerns @packet. */
void            divert_nft_describe (const DivertRuleset *ruleset, const DivertRule *rule, const DivertPacket *packet,
                                     DivertRuleText *ret_text);

G_END_DECLS
