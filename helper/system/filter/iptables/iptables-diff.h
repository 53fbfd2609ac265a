/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns what a table has into what the rules want, with as few edits as possible.
 */
#pragma once

#include "iptables-wanted.h"

G_BEGIN_DECLS

/* Edits the copy in memory; the kernel sees nothing before the commit.  0 edits: it is already right.
 * DIVERT_BACKEND_ERROR_FOREIGN if a wanted chain belongs to somebody else. */
gboolean divert_iptables_diff_apply (DivertIptablesTable *table, const DivertIptablesWanted *wanted, guint *ret_edits,
                                     GError **error);

G_END_DECLS
