/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a ruleset to the rules of x_tables.
 */
#pragma once

#include "core/ruleset/explain.h"
#include "iptables-rule.h"

G_BEGIN_DECLS

typedef struct
{
  GArray *rules[DIVERT_N_FAMILIES]; /* DivertXtRule */
} DivertXtRuleset;

DivertXtRuleset *divert_xt_ruleset_new (const DivertRuleset *ruleset);
void             divert_xt_ruleset_free (DivertXtRuleset *xt);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertXtRuleset, divert_xt_ruleset_free)

/* Takes away what GRANTS has become; @rules may be those of one table.  FALSE: there was none. */
gboolean         divert_xt_rules_withdraw (GArray *rules);
/* Which of the rules that come of @rule, one of @ruleset's, concerns @packet. */
void             divert_xt_describe (const DivertRuleset *ruleset, const DivertRule *rule, const DivertPacket *packet,
                                     DivertRuleText *ret_text);

G_END_DECLS
