/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guard's table as a value.
 */
#pragma once

#include "nftables-table.h"

G_BEGIN_DECLS

#define DIVERT_GUARD_TABLE "nm-divert-guard"
/* The set of the devices for which there is a grant that lives. */
#define DIVERT_GUARD_GRANTED "granted"

/* @rules: divert_ruleset_new_guard().  An empty one gives a table without chains. */
DivertNftTable     *divert_guard_table_new (const DivertRuleset *rules, guint lifetime_ms);
/* The set GRANTED; NULL: the table has no chains. */
const DivertNftSet *divert_guard_table_get_granted (const DivertNftTable *table);

G_END_DECLS
