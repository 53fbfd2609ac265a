/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of the chains with our names are ours.
 */
#pragma once

#include "iptables-entry.h"

G_BEGIN_DECLS

/* Returns a set of names from @chains.  @hooks (DivertIptablesEntry): jumps from built-in chains that are
 * known to be ours; NULL: none. */
GHashTable *divert_iptables_ours_find (const DivertIptablesTable *table, DivertXtTable id, char **chains,
                                       const GPtrArray *hooks);

G_END_DECLS
