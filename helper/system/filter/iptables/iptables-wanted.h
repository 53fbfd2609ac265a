/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rules want in one table of one family, as entries by chain.
 */
#pragma once

#include "iptables-entry.h"

G_BEGIN_DECLS

typedef struct
{
  DivertXtTable table;
  GHashTable *chains; /* name → GPtrArray of DivertIptablesEntry: our chains; empty ones are only jumped to */
  GPtrArray  *hooks;  /* DivertIptablesEntry: the jumps from built-in chains */
} DivertIptablesWanted;

/* Ignores those of @rules that are for other tables. */
DivertIptablesWanted *divert_iptables_wanted_new (const DivertIptablesFamily *ops, const GArray *rules,
                                                  DivertXtTable table);
void                  divert_iptables_wanted_free (DivertIptablesWanted *wanted);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertIptablesWanted, divert_iptables_wanted_free)
/* Does it want nothing of ours in the table? */
gboolean              divert_iptables_wanted_is_empty (const DivertIptablesWanted *wanted);

G_END_DECLS
