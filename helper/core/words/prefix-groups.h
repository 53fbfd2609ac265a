/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sorted list of disjoint prefixes, as divert_prefixes_merge() makes it, seen as a binary trie.
 *
 * A group is one of its subtrees, and so a range of the list.  One prefix, the group's cover, has all of the group in
 * it and nothing of the other groups.  So a single comparison tells whether the group is worth looking into.
 */
#pragma once

#include "prefix.h"

G_BEGIN_DECLS

typedef struct
{
  guint first; /* an index in the list */
  guint count;
} DivertPrefixGroup;

/* All prefixes of @family; there may be none. */
DivertPrefixGroup divert_prefixes_group (const GArray *prefixes, DivertFamily family);
/* The longest prefix that has all of @group in it, which is not empty. */
DivertPrefix      divert_prefixes_cover (const GArray *prefixes, DivertPrefixGroup group);
/* Splits @group, which has at least two members, into its two subtrees, in the order of the list.  Neither is empty. */
void              divert_prefixes_split (const GArray *prefixes, DivertPrefixGroup group, DivertPrefixGroup *ret_low,
                                         DivertPrefixGroup *ret_high);
/* A cover of at least this many bits is narrow, like 10.0.0.0/8 or fd00::/8. */
#define DIVERT_COVER_NARROW 8
/* Splits @group, which is not empty, into @least to @most groups, in the order of the list, and returns how many; fewer
 * than @least if it has no more members.  The group with the widest cover is always the next to be split.  From @least
 * on, narrow ones are left whole. */
guint             divert_prefixes_divide (const GArray *prefixes, DivertPrefixGroup group, guint least, guint most,
                                          DivertPrefixGroup *ret_groups);

G_END_DECLS
