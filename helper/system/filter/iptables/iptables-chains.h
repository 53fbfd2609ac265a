/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the ruleset's hooks and chains are in x_tables: table and name.
 */
#pragma once

#include "iptables-rule.h"

G_BEGIN_DECLS

/* "mangle", "nat" */
const char    *divert_xt_table_name (DivertXtTable table);
DivertXtTable  divert_xt_chain_table (DivertChain chain);
/* NULL for GRANTS, whose rules are written in place of the jump to it (iptables-expand.c). */
const char    *divert_xt_chain_name (DivertChain chain);
/* The chain for the rules after a dispatch in @chain, and the name of the @n-th sub-chain. */
char          *divert_xt_chain_rest (DivertChain chain);
char          *divert_xt_chain_sub (DivertChain chain, guint n);
/* The chains of @table, as bits (1 << DivertChain). */
guint          divert_xt_table_chains (DivertXtTable table);

/* Is @name a built-in chain (OUTPUT, PREROUTING, …)? */
gboolean       divert_xt_is_builtin (const char *name);
/* Could @name in @table be one of ours, judging by its name?  (iptables-ours.c finds out whether it is.) */
gboolean       divert_xt_is_own (DivertXtTable table, const char *name);
/* Is it in every ruleset that has rules for its table? */
gboolean       divert_xt_is_always (DivertChain chain);
/* Does @name have rules of the guard? */
gboolean       divert_xt_is_guard (const char *name);
/* Does @rule come from a rule of GRANTS? */
gboolean       divert_xt_is_grant (const DivertXtRule *rule);

G_END_DECLS
