/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ruleset in x_tables, and the state that it takes to make one.
 */
#pragma once

#include "core/ruleset/ruleset.h"
#include "iptables-rule.h"

G_BEGIN_DECLS

typedef struct
{
  GArray *rules[DIVERT_N_FAMILIES]; /* DivertXtRule */
} DivertXtRuleset;

void             divert_xt_ruleset_free (DivertXtRuleset *xt);
/* Is any of @rules for @table? */
gboolean         divert_xt_rules_use (const GArray *rules, DivertXtTable table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertXtRuleset, divert_xt_ruleset_free)

typedef struct
{
  DivertXtRuleset *xt;
  DivertFamilies   families;                   /* those with rules */
  GHashTable      *opened[DIVERT_N_FAMILIES];  /* set of own chains that already have a rule */
  char            *where[DIVERT_N_CHAINS];     /* for each chain, the name of the chain that gets its next rule */
  const DivertRule *refusing;                  /* the table "filter" gets a variant of this rule; NULL: it does not */
} DivertXtExpansion;

void             divert_xt_expansion_begin (DivertXtExpansion *expansion);
/* Returns the rules. */
DivertXtRuleset *divert_xt_expansion_end (DivertXtExpansion *expansion);
/* Appends a copy of @rule to @name, with the tag if it is the first rule of one of our chains. */
void             divert_xt_expansion_add (DivertXtExpansion *expansion, DivertFamily family, const char *name,
                                          const DivertXtRule *rule);

G_END_DECLS
