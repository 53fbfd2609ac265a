/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the ruleset's hooks and chains are in x_tables: table and name.
 */
#pragma once

#include "iptables-rule.h"

G_BEGIN_DECLS

/* "mangle", "nat", "filter" */
const char    *divert_xt_table_name (DivertXtTable table);
DivertXtTable  divert_xt_chain_table (DivertChain chain);
/* NULL for GRANTS, whose rules are written in place of the jump to it (iptables-expand.c). */
const char    *divert_xt_chain_name (DivertChain chain);
/* The chain of the table "filter" that refuses what @chain does not deliver; NULL: @chain does not deliver. */
const char    *divert_xt_chain_refusing (DivertChain chain);
/* The parts of a chain, by name or by number.  iptables-expansion.c knows which are in use. */
typedef enum
{
  DIVERT_XT_REST,   /* the rules that come after a dispatch */
  DIVERT_XT_EXCEPT, /* for a rule with inverted destinations: a dispatch by those … */
  DIVERT_XT_ELSE,   /* … the rule itself … */
  DIVERT_XT_AFTER,  /* … and the rules that come after it */
} DivertXtPart;

#define DIVERT_XT_EXCEPT_SUB "E"
char          *divert_xt_chain_part (DivertChain chain, DivertXtPart part);
char          *divert_xt_chain_sub (DivertChain chain, const char *letter, guint n);
/* The chains on which @table depends. */
DivertChains   divert_xt_table_chains (DivertXtTable table);

/* Is @name a built-in chain (OUTPUT, PREROUTING, …)? */
gboolean       divert_xt_is_builtin (const char *name);
/* Could @name in @table be one of ours, judging by its name?  (iptables-ours.c finds out whether it is.) */
gboolean       divert_xt_is_own (DivertXtTable table, const char *name);
/* The @n-th chain that is in every ruleset with rules for @table; NULL: there are no more. */
const char    *divert_xt_always (DivertXtTable table, guint n);
/* Does @name have rules of the guard? */
gboolean       divert_xt_is_guard (const char *name);
/* Does @rule come from a rule of GRANTS? */
gboolean       divert_xt_is_grant (const DivertXtRule *rule);

G_END_DECLS
