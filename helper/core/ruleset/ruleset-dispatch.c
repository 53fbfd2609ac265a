/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: sending packets by destination prefix to a chain, at a cost that does not
 * grow with the number of prefixes.
 *
 * Theory of operation.  x_tables tries rules one after the other, so a thousand
 * prefixes in a row cost a thousand comparisons a packet.  Up to DISPATCH_LINEAR
 * prefixes stand in the chain itself.  Above that they are cut into at most
 * DISPATCH_WAYS groups, each with a prefix that covers it and no address of
 * another group: the sorted list is a binary trie, and a group is one of its
 * subtrees.  Each group gets a chain of its own, and so on down.  Every step is a
 * goto; what none of a group's prefixes matches goes on in CHAIN_REST, where the
 * caller puts the rules that stand behind the dispatch.
 */
#include "ruleset-private.h"

#define DISPATCH_LINEAR 12
#define DISPATCH_WAYS 16

typedef struct
{
  DivertRuleset  *ruleset;
  const char     *base;     /* the chain's name, for its sub-chains' names */
  const char     *rest;
  const char     *to;
  const char     *why;
  DivertFamilies  family;   /* exactly one */
  guint          *counter;  /* of sub-chains made so far */
} Dispatch;

/* A run of the sorted, disjoint prefixes. */
typedef struct
{
  guint first;
  guint count;
} Group;

static void
goto_prefix (const Dispatch     *d,
             const char         *chain,
             const DivertPrefix *prefix,
             const char         *to)
{
  DivertRule *rule = divert_ruleset_add_to (d->ruleset, DIVERT_TABLE_MANGLE, chain, d->family, DIVERT_TARGET_GOTO, to,
                                            d->why);

  rule->has_destination = TRUE;
  rule->destination = *prefix;
}

static guint
get_bit (const DivertPrefix *prefix,
         guint               i)
{
  return prefix->bytes[i / 8] >> (7 - i % 8) & 1;
}

/* The longest prefix that covers all of the group: that of its first and its last member. */
static DivertPrefix
cover (const GArray *prefixes,
       Group         group)
{
  const DivertPrefix *first = divert_prefixes_index (prefixes, group.first);
  const DivertPrefix *last = divert_prefixes_index (prefixes, group.first + group.count - 1);
  DivertPrefix covering = *first;
  guint length = 0;

  while (length < MIN (first->length, last->length) && get_bit (first, length) == get_bit (last, length))
    length++;
  covering.length = length;
  return divert_prefix_network (&covering);
}

/* Two subtrees: those with a 0 and those with a 1 behind the common part.  Disjoint prefixes, at least two:
 * neither side is empty. */
static void
split (const GArray *prefixes,
       Group         group,
       Group        *ret_low,
       Group        *ret_high)
{
  guint bit = cover (prefixes, group).length;
  guint n = 0;

  while (n < group.count && get_bit (divert_prefixes_index (prefixes, group.first + n), bit) == 0)
    n++;
  *ret_low = (Group){ group.first, n };
  *ret_high = (Group){ group.first + n, group.count - n };
}

static void
dispatch_group (const Dispatch *d,
                const char     *chain,
                const GArray   *prefixes,
                Group           group)
{
  Group groups[DISPATCH_WAYS] = { group };
  guint n_groups = 1;

  if (group.count <= DISPATCH_LINEAR)
    {
      for (guint i = 0; i < group.count; i++)
        goto_prefix (d, chain, divert_prefixes_index (prefixes, group.first + i), d->to);
      return;
    }

  while (n_groups < DISPATCH_WAYS)
    {
      guint largest = 0;

      for (guint i = 1; i < n_groups; i++)
        if (groups[i].count > groups[largest].count)
          largest = i;
      if (groups[largest].count < 2)
        break;
      split (prefixes, groups[largest], &groups[largest], &groups[n_groups]);
      n_groups++;
    }

  for (guint i = 0; i < n_groups; i++)
    {
      DivertPrefix covering = cover (prefixes, groups[i]);
      g_autofree char *sub = NULL;

      if (groups[i].count == 1)
        {
          goto_prefix (d, chain, divert_prefixes_index (prefixes, groups[i].first), d->to);
          continue;
        }
      sub = g_strdup_printf ("%s_%u", d->base, ++*d->counter);
      goto_prefix (d, chain, &covering, sub);
      dispatch_group (d, sub, prefixes, groups[i]);
      divert_ruleset_add_to (d->ruleset, DIVERT_TABLE_MANGLE, sub, d->family, DIVERT_TARGET_GOTO, d->rest, NULL);
    }
}

static const char *
rest_name (const char *chain)
{
  return g_str_equal (chain, "LOCAL_DIVERT") ? "LOCAL_DIVERT_REST" : "DIVERT_REST";
}

const char *
divert_ruleset_dispatch (DivertRuleset  *ruleset,
                         const char     *chain,
                         DivertFamilies  families,
                         const GArray   *prefixes,
                         const char     *to,
                         const char     *why)
{
  guint first[DIVERT_N_FAMILIES + 1] = { 0 };
  const char *rest = chain;
  guint counter = 0;

  /* Sorted by family: one run for each. */
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      guint n = first[family];

      while (n < prefixes->len && divert_prefixes_index (prefixes, n)->family == family)
        n++;
      first[family + 1] = n;
      if ((families & (1 << family)) != 0 && n - first[family] > DISPATCH_LINEAR)
        rest = rest_name (chain);
    }

  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      const Dispatch d = { ruleset, chain, rest, to, why, 1 << family, &counter };

      if ((families & (1 << family)) != 0)
        dispatch_group (&d, chain, prefixes, (Group){ first[family], first[family + 1] - first[family] });
    }
  if (rest != chain)
    divert_ruleset_add_to (ruleset, DIVERT_TABLE_MANGLE, chain, families, DIVERT_TARGET_GOTO, rest, NULL);
  return rest;
}
