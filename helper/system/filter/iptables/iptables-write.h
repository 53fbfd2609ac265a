/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From rules to the kernel, one table of one family at a time.
 */
#pragma once

#include "iptables-rule.h"

G_BEGIN_DECLS

/* Makes @table of @family hold those of @rules that are for it and nothing else of ours: one commit, or
 * none if it is so already.  @differs: it is known not to be so.  @ret_wrote: was the kernel written to? */
gboolean divert_iptables_write (DivertFamily family, DivertXtTable table, const GArray *rules, gboolean differs,
                                gboolean *ret_wrote, GError **error);
/* Takes the grants away from what is there, whoever laid it. */
gboolean divert_iptables_withdraw (DivertFamily family, GError **error);

G_END_DECLS
