/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What we have left in a table of a family, and whether it is still there.
 */
#pragma once

#include "iptables-family.h"

G_BEGIN_DECLS

typedef struct
{
  DivertRuleset *ruleset; /* whose rules the table holds; NULL: not known */
  GByteArray    *blob;    /* the table as it was when it was last found to hold them; NULL: not looked at since */
} DivertIptablesLeft;

/* @wrote: just now; else it was found so. */
void     divert_iptables_left_set (DivertIptablesLeft *left, DivertRuleset *ruleset, gboolean wrote);
/* What is there now is not known. */
void     divert_iptables_left_forget (DivertIptablesLeft *left);

/* Has nobody touched the table since then?  Quick. */
gboolean divert_iptables_left_is_untouched (const DivertIptablesLeft *left, DivertFamily family, DivertXtTable table);
/* Does it hold @rules, and nothing else of ours?  What cannot be read counts as if it did. */
gboolean divert_iptables_left_is_whole (DivertIptablesLeft *left, DivertFamily family, DivertXtTable table,
                                        const GArray *rules);

G_END_DECLS
