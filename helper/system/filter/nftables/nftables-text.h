/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our table as nft's text.
 */
#pragma once

#include "nftables-table.h"

G_BEGIN_DECLS

/* Of IPPROTO_x: "tcp"; of RTN_x: "local".  Static. */
const char *divert_nft_protocol_name (guint number);
const char *divert_nft_addrtype_name (guint number);
/* "oif \"lo\" accept comment \"own addresses are reached directly\"" */
char       *divert_nft_rule_to_text (const DivertNftRule *rule);
/* The same.  It is the rule's, and is made only once. */
const char *divert_nft_rule_get_text (DivertNftRule *rule);
/* "table inet nm-divert { … }", as nft lists it (without the counters) and nft -f accepts it. */
char       *divert_nft_table_to_text (const DivertNftTable *table);
/* What `plan` prints: the table, then the routing as ip commands in comments. */
char       *divert_nft_to_text (const DivertRuleset *ruleset);

G_END_DECLS
