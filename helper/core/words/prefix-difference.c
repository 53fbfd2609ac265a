/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what is left of prefixes when others are taken out of them.
 *
 * Theory of operation.  Both lists may have thousands of prefixes, and the main loop can't wait.  Sorted and merged,
 * the prefixes of a list are apart from each other and in the order of their addresses.  So one pass over both is
 * enough: what ends before the prefix at hand is never looked at again.
 */
#include "prefix.h"

/* The first of @taken from *@at on that doesn't end before @prefix; NULL: none. */
static const DivertPrefix *
skip (const GArray       *taken,
      guint              *at,
      const DivertPrefix *prefix)
{
  for (; *at < taken->len; (*at)++)
    {
      const DivertPrefix *next = divert_prefixes_index (taken, *at);

      if (divert_prefix_compare (next, prefix) >= 0 || divert_prefix_contains (next, prefix))
        return next;
    }
  return NULL;
}

/* Halves @half, a network, until each part is either in @taken or has nothing of it. */
static void
add_rest (GArray       *left,
          DivertPrefix  half,
          const GArray *taken,
          guint        *at)
{
  const DivertPrefix *next = skip (taken, at, &half);

  if (next != NULL && divert_prefix_contains (next, &half))
    return;
  if (next == NULL || !divert_prefix_contains (&half, next))
    {
      divert_prefixes_add (left, &half);
      return;
    }
  half.length++;
  add_rest (left, half, taken, at);
  half.bytes[(half.length - 1) / 8] |= 0x80 >> ((half.length - 1) % 8);
  add_rest (left, half, taken, at);
}

/* The last one of @merged that doesn't come after @prefix, so that no other can contain it; NULL: none. */
static const DivertPrefix *
find_before (const GArray       *merged,
             const DivertPrefix *prefix)
{
  guint begin = 0, end = merged->len;

  while (begin < end)
    {
      const guint middle = begin + (end - begin) / 2;

      if (divert_prefix_compare (divert_prefixes_index (merged, middle), prefix) <= 0)
        begin = middle + 1;
      else
        end = middle;
    }
  return begin > 0 ? divert_prefixes_index (merged, begin - 1) : NULL;
}

gboolean
divert_prefixes_merged_contain (const GArray *merged,
                                const GArray *inner)
{
  for (guint i = 0; i < inner->len; i++)
    {
      const DivertPrefix *prefix = divert_prefixes_index (inner, i), *outer = find_before (merged, prefix);

      if (outer == NULL || !divert_prefix_contains (outer, prefix))
        return FALSE;
    }
  return TRUE;
}

GArray *
divert_prefixes_without (const GArray *prefixes,
                         const GArray *taken)
{
  g_autoptr(GArray) sorted = divert_prefixes_merge (prefixes), sorted_taken = divert_prefixes_merge (taken);
  GArray *left = divert_prefixes_new ();
  guint at = 0;

  for (guint i = 0; i < sorted->len; i++)
    add_rest (left, *divert_prefixes_index (sorted, i), sorted_taken, &at);
  return left;
}

GArray *
divert_prefixes_common (const GArray *a,
                        const GArray *b)
{
  g_autoptr(GArray) rest = divert_prefixes_without (a, b);

  return divert_prefixes_without (a, rest);
}
