/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text format of iptables-save.
 */
#pragma once

#include "iptables-expand.h"

G_BEGIN_DECLS

/* "-A LOCAL_DIVERT -o lo -j RETURN" */
char *divert_xt_rule_to_text (const DivertXtRule *rule, DivertFamily family);
/* The part of @rules in @table, with chains sorted by name, as iptables-legacy-save prints it (without
 * counters and comments). */
char *divert_xt_table_to_text (const GArray *rules, DivertFamily family, DivertXtTable table);
/* What `plan` prints: all tables of both families, then the routing as ip commands in comments. */
char *divert_xt_to_text (const DivertRuleset *ruleset);

G_END_DECLS
