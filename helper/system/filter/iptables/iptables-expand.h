/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns a ruleset into x_tables rules.
 */
#pragma once

#include "iptables-expansion.h"

G_BEGIN_DECLS

DivertXtRuleset *divert_xt_ruleset_new (const DivertRuleset *ruleset);
/* Removes the rule at @i, one of ours.  If its chain is known by it, another rule of the chain takes its tag. */
void             divert_xt_rules_remove (GArray *rules, guint i);
/* Removes the rules that come from GRANTS; @rules may be those of a single table.  FALSE: there were none. */
gboolean         divert_xt_rules_withdraw (GArray *rules);

G_END_DECLS
