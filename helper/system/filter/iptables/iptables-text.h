/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text format of iptables-save.
 */
#pragma once

#include "core/ruleset/explain.h"
#include "iptables-rule.h"

G_BEGIN_DECLS

/* "-A LOCAL_DIVERT -o lo -j RETURN" */
char *divert_xt_rule_to_text (const DivertXtRule *rule, DivertFamily family);
/* The part of @rules in @table, with chains sorted by name, as iptables-legacy-save prints it (without
 * counters and comments). */
char *divert_xt_table_to_text (const GArray *rules, DivertFamily family, DivertXtTable table);
/* What `plan` prints: all tables of both families, then the routing as ip commands in comments. */
char *divert_xt_to_text (const DivertRuleset *ruleset);
/* Which of the rules made from @rule, one of @ruleset's, applies to @packet. */
void  divert_xt_describe (const DivertRuleset *ruleset, const DivertRule *rule, const DivertPacket *packet,
                          DivertRuleText *ret_text);

G_END_DECLS
