/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a table back: what does it have of ours?
 */
#pragma once

#include "iptables-entry.h"

G_BEGIN_DECLS

/* The same text as from divert_xt_table_to_text(), and then a comment line for each rule that is in our
 * chains, or jumps to them, but that we would never make. */
char    *divert_iptables_read_text (DivertFamily family, DivertXtTable id, GError **error);
/* The rules that we would make: DivertXtRule. */
GArray  *divert_iptables_read_rules (const DivertIptablesTable *table, DivertXtTable id);
/* Is it free of our chains? */
gboolean divert_iptables_read_is_clean (const DivertIptablesTable *table, DivertXtTable id);
/* The number of packets that the guard's DROP rules have counted. */
guint64  divert_iptables_read_dropped (const DivertIptablesTable *table, DivertXtTable id);

G_END_DECLS
