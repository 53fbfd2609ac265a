/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What we left in a table of one family, and whether it is still there.
 */
#pragma once

#include "iptables-blob.h"

G_BEGIN_DECLS

typedef struct
{
  DivertRuleset *ruleset; /* the table holds the rules of this one; NULL: unknown */
  GByteArray    *blob;    /* the table when it was last found to hold them; NULL: not checked since */
} DivertIptablesLeft;

/* @wrote: it has just been written; otherwise it was found that way. */
void     divert_iptables_left_set (DivertIptablesLeft *left, DivertRuleset *ruleset, gboolean wrote);
/* From now on we do not know what the table holds. */
void     divert_iptables_left_forget (DivertIptablesLeft *left);

/* Has nobody touched the table since then?  This is quick. */
gboolean divert_iptables_left_is_untouched (const DivertIptablesLeft *left, DivertIptablesReader *reader,
                                            DivertFamily family, DivertXtTable table);
/* Does the table have the size that it had then?  This is quicker still, and misses a rule that was replaced. */
gboolean divert_iptables_left_seems_untouched (const DivertIptablesLeft *left, DivertIptablesReader *reader,
                                               DivertFamily family, DivertXtTable table);
/* Does it hold @rules, and nothing else of ours?  If it cannot be read, we assume so. */
gboolean divert_iptables_left_is_whole (DivertIptablesLeft *left, DivertIptablesReader *reader, DivertFamily family,
                                        DivertXtTable table, const GArray *rules);

G_END_DECLS
