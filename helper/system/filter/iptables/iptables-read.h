/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a table back: what of ours is in it.
 */
#pragma once

#include "iptables-entry.h"

G_BEGIN_DECLS

/* As divert_xt_table_to_text() gives it, then a comment line for each rule in our chains, or
 * jump to them, that we would never make. */
char    *divert_iptables_read_text (DivertFamily family, DivertXtTable id, GError **error);
/* Those rules that we would make: DivertXtRule. */
GArray  *divert_iptables_read_rules (const DivertIptablesTable *table, DivertXtTable id);
/* Is no chain of ours in it? */
gboolean divert_iptables_read_is_clean (const DivertIptablesTable *table, DivertXtTable id);
/* Packets that the guard's DROP rules have counted. */
guint64  divert_iptables_read_dropped (const DivertIptablesTable *table, DivertXtTable id);

G_END_DECLS
