/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules with long lists of prefixes.
 */
#pragma once

#include "iptables-expansion.h"

G_BEGIN_DECLS

/* Does @rule compare with nothing but so many prefixes that they should be spread? */
gboolean divert_xt_needs_dispatch (const DivertXtExpansion *expansion, const DivertRule *rule);
/* Sends all packets to @rule's destinations to its target, like GOTO.  What comes after that in its chain
 * goes to a part of its own, REST. */
void     divert_xt_dispatch (DivertXtExpansion *expansion, const DivertRule *rule);

/* For a rule with inverted destinations: @except gets the packets that it might match, and @otherwise those that it
 * does. */
void     divert_xt_dispatch_except (DivertXtExpansion *expansion, const DivertRule *rule, const char *except,
                                    const char *otherwise);

G_END_DECLS
