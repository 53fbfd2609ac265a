/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the ruleset's hooks and chains are in x_tables, by table and name.
 */
#pragma once

#include "iptables-rule.h"

G_BEGIN_DECLS

/* "mangle", "nat" */
const char    *divert_xt_table_name (DivertXtTable table);
DivertXtTable  divert_xt_chain_table (DivertChain chain);
/* NULL: of GRANTS, which is written out where the jump to it would stand (iptables-expand.c). */
const char    *divert_xt_chain_name (DivertChain chain);
/* Where what stands behind a dispatch of @chain goes, and the name of its @n-th sub-chain. */
char          *divert_xt_chain_rest (DivertChain chain);
char          *divert_xt_chain_sub (DivertChain chain, guint n);
/* The chains of @table, as bits (1 << DivertChain). */
guint          divert_xt_table_chains (DivertXtTable table);

/* Is @name a built-in chain (OUTPUT, PREROUTING, …)? */
gboolean       divert_xt_is_builtin (const char *name);
/* May @name in @table be one of ours, by its name?  (Ours in fact: see iptables-ours.c.) */
gboolean       divert_xt_is_own (DivertXtTable table, const char *name);
/* Does every ruleset have it that has rules for its table? */
gboolean       divert_xt_is_always (DivertChain chain);
/* Does @name hold rules of the guard? */
gboolean       divert_xt_is_guard (const char *name);
/* Is this what a rule of GRANTS becomes? */
gboolean       divert_xt_is_grant (const DivertXtRule *rule);

G_END_DECLS
