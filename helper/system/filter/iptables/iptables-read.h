/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a table back: what of ours is in it.
 */
#pragma once

#include "iptables-entry.h"

G_BEGIN_DECLS

/* As divert_ruleset_to_save_text() gives it, then a comment line for each rule in our chains, or
 * jump to them, that we would never make. */
char   *divert_iptables_read_text (const DivertIptablesTable *table, DivertTable id);
/* Those rules that we would make. */
DivertRuleset *divert_iptables_read_rules (const DivertIptablesTable *table, DivertTable id);
/* Packets that the guard's DROP rules have counted. */
guint64 divert_iptables_read_dropped (const DivertIptablesTable *table, DivertTable id);

G_END_DECLS
