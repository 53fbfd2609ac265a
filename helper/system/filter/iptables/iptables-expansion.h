/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ruleset in x_tables, and the state that it takes to make one.
 */
#pragma once

#include "iptables-chains.h"

G_BEGIN_DECLS

typedef struct
{
  GArray *rules[DIVERT_N_FAMILIES]; /* DivertXtRule */
} DivertXtRuleset;

void             divert_xt_ruleset_free (DivertXtRuleset *xt);
/* Is any of @rules for @table? */
gboolean         divert_xt_rules_use (const GArray *rules, DivertXtTable table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertXtRuleset, divert_xt_ruleset_free)

/* The rules of one family, while they are being made. */
typedef struct
{
  DivertFamily      family;
  GArray           *rules;                   /* DivertXtRule */
  GHashTable       *opened;                  /* set of own chains that already have a rule */
  char             *where[DIVERT_N_CHAINS];  /* for each chain, the name of the chain that gets its next rule */
  guint             parts[DIVERT_N_CHAINS];  /* for each chain, a bit for each DivertXtPart that it has */
  guint             n_subs[DIVERT_N_CHAINS]; /* … and how many numbered parts */
  const DivertRule *refusing;                /* the table "filter" gets a variant of this rule; NULL: it does not */
} DivertXtExpansion;

void    divert_xt_expansion_begin (DivertXtExpansion *expansion, DivertFamily family);
/* Returns the rules. */
GArray *divert_xt_expansion_end (DivertXtExpansion *expansion);
/* Appends a copy of @rule to @name, with the tag if it is the first rule of one of our chains. */
void    divert_xt_expansion_add (DivertXtExpansion *expansion, const char *name, const DivertXtRule *rule);

/* The name of a chain that nothing leads to so far: @chain's @part, or a numbered one if there is such a part.
 * Free it. */
char   *divert_xt_expansion_name_part (DivertXtExpansion *expansion, DivertChain chain, DivertXtPart part);
/* The same, always numbered.  @letter: in front of the number. */
char   *divert_xt_expansion_name_sub (DivertXtExpansion *expansion, DivertChain chain, const char *letter);

G_END_DECLS
