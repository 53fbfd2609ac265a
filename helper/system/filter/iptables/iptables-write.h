/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes rules to the kernel, one table of one family at a time.
 */
#pragma once

#include "iptables-rule.h"

G_BEGIN_DECLS

/* Makes @table of @family hold those of @rules that are for it, and nothing else of ours: with one
 * commit, or none if it is already right.  @differs: we know that it is not right.  @ret_wrote: was
 * anything written to the kernel? */
gboolean divert_iptables_write (DivertFamily family, DivertXtTable table, const GArray *rules, gboolean differs,
                                gboolean *ret_wrote, GError **error);
/* Does @table of @family hold those of @rules that are for it, and nothing else of ours?  TRUE if it
 * cannot be read. */
gboolean divert_iptables_holds (DivertFamily family, DivertXtTable table, const GArray *rules);
/* Removes the grants that are in the kernel, whoever wrote them. */
gboolean divert_iptables_withdraw (DivertFamily family, GError **error);

G_END_DECLS
