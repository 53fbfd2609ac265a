/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From what a table holds to what rules want of it, by the fewest edits.
 */
#pragma once

#include "iptables-wanted.h"

G_BEGIN_DECLS

/* Edits the copy in memory; the kernel sees nothing before the commit.  0 edits: it is so already.
 * DIVERT_BACKEND_ERROR_FOREIGN if a chain that we want is somebody else's. */
gboolean divert_iptables_diff_apply (DivertIptablesTable *table, const DivertIptablesWanted *wanted, guint *ret_edits,
                                     GError **error);

G_END_DECLS
