/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What rules want of one table of one family, as entries, chain by chain.
 */
#pragma once

#include "iptables-entry.h"

G_BEGIN_DECLS

typedef struct
{
  DivertXtTable table;
  GHashTable *chains; /* name → GPtrArray of DivertIptablesEntry: own chains; empty ones are only jumped to */
  GPtrArray  *hooks;  /* DivertIptablesEntry: the jumps from built-in chains */
} DivertIptablesWanted;

/* @rules: those of other tables do not count. */
DivertIptablesWanted *divert_iptables_wanted_new (const DivertIptablesFamily *ops, const GArray *rules,
                                                  DivertXtTable table);
void                  divert_iptables_wanted_free (DivertIptablesWanted *wanted);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertIptablesWanted, divert_iptables_wanted_free)
/* Nothing of ours is to be there. */
gboolean              divert_iptables_wanted_is_empty (const DivertIptablesWanted *wanted);

G_END_DECLS
