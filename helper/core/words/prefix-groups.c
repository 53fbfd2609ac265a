/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: groups of prefixes that are close to each other.
 */
#include "prefix-groups.h"

#include <string.h>

static guint
get_bit (const DivertPrefix *prefix,
         guint               i)
{
  return prefix->bytes[i / 8] >> (7 - i % 8) & 1;
}

DivertPrefixGroup
divert_prefixes_group (const GArray *prefixes,
                       DivertFamily  family)
{
  DivertPrefixGroup group = { 0, 0 };

  while (group.first < prefixes->len && divert_prefixes_index (prefixes, group.first)->family != family)
    group.first++;
  while (group.first + group.count < prefixes->len &&
         divert_prefixes_index (prefixes, group.first + group.count)->family == family)
    group.count++;
  return group;
}

/* The common part of the first and the last member, because the list is sorted. */
DivertPrefix
divert_prefixes_cover (const GArray      *prefixes,
                       DivertPrefixGroup  group)
{
  const DivertPrefix *first = divert_prefixes_index (prefixes, group.first);
  const DivertPrefix *last = first + group.count - 1;
  DivertPrefix covering;
  guint length = 0;

  g_assert (group.count > 0);
  while (length < MIN (first->length, last->length) && get_bit (first, length) == get_bit (last, length))
    length++;
  covering = *first;
  covering.length = length;
  return divert_prefix_network (&covering);
}

/* Prefixes with a 0 after the common part, and those with a 1.  There are both, because the prefixes are disjoint. */
void
divert_prefixes_split (const GArray      *prefixes,
                       DivertPrefixGroup  group,
                       DivertPrefixGroup *ret_low,
                       DivertPrefixGroup *ret_high)
{
  const guint bit = divert_prefixes_cover (prefixes, group).length;
  guint n = 0;

  while (n < group.count && get_bit (divert_prefixes_index (prefixes, group.first + n), bit) == 0)
    n++;
  *ret_low = (DivertPrefixGroup){ group.first, n };
  *ret_high = (DivertPrefixGroup){ group.first + n, group.count - n };
}

/* The one with the widest cover of those that can be split; @n: none. */
static guint
find_widest (const GArray            *prefixes,
             const DivertPrefixGroup *groups,
             guint                    n)
{
  guint widest = n, shortest = G_MAXUINT;

  for (guint i = 0; i < n; i++)
    {
      const guint length = divert_prefixes_cover (prefixes, groups[i]).length;

      if (groups[i].count < 2 || length >= shortest)
        continue;
      widest = i;
      shortest = length;
    }
  return widest;
}

guint
divert_prefixes_divide (const GArray      *prefixes,
                        DivertPrefixGroup  group,
                        guint              least,
                        guint              most,
                        DivertPrefixGroup *ret_groups)
{
  guint n = 1;

  ret_groups[0] = group;
  while (n < most)
    {
      const guint i = find_widest (prefixes, ret_groups, n);

      if (i == n || (n >= least && divert_prefixes_cover (prefixes, ret_groups[i]).length >= DIVERT_COVER_NARROW))
        break;
      memmove (&ret_groups[i + 2], &ret_groups[i + 1], (n - i - 1) * sizeof *ret_groups);
      divert_prefixes_split (prefixes, ret_groups[i], &ret_groups[i], &ret_groups[i + 1]);
      n++;
    }
  return n;
}
