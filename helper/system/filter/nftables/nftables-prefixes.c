/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which prefixes are compared one by one, and how the others are looked up.
 *
 * Theory of operation.  Up to PLAIN_MAX prefixes become as many comparisons.  More become sets.  The kernel finds a
 * single value in a hash table three times as fast as it finds an interval (K7.1).  So if the prefixes have few
 * lengths, there is a set for each length, in which the masked address is looked up.  With more lengths than that, one
 * set of intervals is cheaper.  None of these costs more if there are more prefixes in it.
 *
 * A lookup costs more than a comparison, and most packets go to none of the prefixes.  So a destination is looked up
 * only if one of a few covers contains it.  There are no covers if they would let most of the internet through.
 */
#include "nftables-expand-private.h"

#include "core/words/prefix-groups.h"

#define PLAIN_MAX 4
/* Two comparisons cost about as much as looking up one value. */
#define HASHED_COVERS 2

static guint
count_family (const GArray *prefixes,
              DivertFamily  family)
{
  guint n = 0;

  for (guint i = 0; prefixes != NULL && i < prefixes->len; i++)
    if (divert_prefixes_index (prefixes, i)->family == family)
      n++;
  return n;
}

/* The lengths of the prefixes of @family, each once; returns how many.  0: there are too many. */
static guint
find_lengths (const GArray *list,
              DivertFamily  family,
              guint        *ret_lengths)
{
  guint n = 0;

  for (guint i = 0; i < list->len; i++)
    {
      const DivertPrefix *prefix = divert_prefixes_index (list, i);
      guint j = 0;

      if (prefix->family != family)
        continue;
      while (j < n && ret_lengths[j] != prefix->length)
        j++;
      if (j == DIVERT_NFT_SETS_MAX || prefix->length == 0)
        return 0;
      ret_lengths[j] = prefix->length;
      n = MAX (n, j + 1);
    }
  return n;
}

/* @most: of covers.  The only one may be all addresses. */
static DivertNftCovers
make_covers (const GArray *prefixes,
             DivertFamily  family,
             guint         most)
{
  DivertPrefixGroup groups[DIVERT_NFT_COVERS_MAX];
  DivertNftCovers covers = { 0 };

  covers.n = divert_prefixes_divide (prefixes, divert_prefixes_group (prefixes, family), 1, most, groups);
  for (guint i = 0; i < covers.n; i++)
    {
      covers.prefixes[i] = divert_prefixes_cover (prefixes, groups[i]);
      covers.is_member[i] = groups[i].count == 1;
      if (covers.prefixes[i].length < DIVERT_COVER_NARROW)
        return (DivertNftCovers) { .n = 1 };
    }
  return covers;
}

/* The name of the set with the part of @list in @family with @length (0: any). */
static const char *
name_set (DivertNftExpansion *e,
          const char         *purpose,
          DivertFamily        family,
          guint               length,
          const GArray       *list)
{
  DivertNftNamed named = { list, family, length, NULL };

  for (guint i = 0; i < e->named->len; i++)
    {
      const DivertNftNamed *known = &g_array_index (e->named, DivertNftNamed, i);

      if (known->list == list && known->family == family && known->length == length)
        return known->name;
    }
  named.name = divert_nft_table_add_prefixes (e->table, purpose, family, length, list);
  g_array_append_val (e->named, named);
  return named.name;
}

gboolean
divert_nft_is_short (const GArray *list)
{
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    if (count_family (list, family) > PLAIN_MAX)
      return FALSE;
  return TRUE;
}

gboolean
divert_nft_list_has (const GArray *list,
                     DivertFamily  family)
{
  return count_family (list, family) > 0;
}

/* Everything but the names.  n: 0 if the prefixes are compared one by one. */
static DivertNftSets
choose_lookups (const GArray *list,
                DivertFamily  family)
{
  DivertNftSets sets = { .covers.n = 1 };

  if (count_family (list, family) <= PLAIN_MAX)
    return sets;
  sets.n = find_lengths (list, family, sets.lengths);
  if (sets.n == 0)
    {
      sets.n = 1;
      sets.lengths[0] = 0;
    }
  sets.covers = make_covers (list, family, sets.lengths[0] == 0 ? DIVERT_NFT_COVERS_MAX : HASHED_COVERS / sets.n);
  return sets;
}

static void
add_covers (GArray          *covers,
            DivertNftCovers *found,
            DivertFamily     family,
            gboolean         members)
{
  for (guint i = 0; i < found->n; i++)
    if (found->is_member[i] == members)
      {
        found->prefixes[i].family = family;
        divert_prefixes_add (covers, &found->prefixes[i]);
      }
}

GArray *
divert_nft_list_covers (const GArray *list)
{
  GArray *covers = divert_prefixes_new ();

  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      DivertNftSets sets = choose_lookups (list, family);

      for (guint i = 0; sets.n == 0 && i < list->len; i++)
        if (divert_prefixes_index (list, i)->family == family)
          divert_prefixes_add (covers, divert_prefixes_index (list, i));
      for (guint i = 0; sets.n > 0 && i < 2; i++)
        add_covers (covers, &sets.covers, family, i == 0);
    }
  return covers;
}

DivertNftSets
divert_nft_choose_sets (DivertNftExpansion *e,
                        const char         *purpose,
                        DivertFamily        family,
                        const GArray       *list,
                        gboolean            single)
{
  DivertNftSets sets = { .n = 1, .covers.n = 1 };

  if (!single)
    sets = choose_lookups (list, family);
  for (guint i = 0; i < sets.n; i++)
    sets.names[i] = name_set (e, purpose, family, sets.lengths[i], list);
  return sets;
}
