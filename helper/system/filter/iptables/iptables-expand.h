/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns a ruleset into x_tables rules.
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

/* Removes the rules that come from GRANTS; @rules may be those of a single table.  FALSE: there were none. */
gboolean         divert_xt_rules_withdraw (GArray *rules);
/* Which of the rules made from @rule, one of @ruleset's, applies to @packet. */
void             divert_xt_describe (const DivertRuleset *ruleset, const DivertRule *rule, const DivertPacket *packet,
                                     DivertRuleText *ret_text);

G_END_DECLS
