/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the tables of the last rulesets.
 *
 * A laptop that leaves a place often returns to it, and between two strangers the ruleset stays the same.  So a later
 * change finds its table as it was, with the rules' text and digests.  Making them takes as long as the kernel needs
 * for the transaction.
 */
#include "nftables-prepared.h"

#include "nftables-expand.h"

#include <string.h>

static DivertNftPrepared *
prepared_new (DivertRuleset *ruleset)
{
  DivertNftPrepared *prepared = g_rc_box_new0 (DivertNftPrepared);

  prepared->ruleset = divert_ruleset_ref (ruleset);
  prepared->table = divert_nft_table_new_from_ruleset (DIVERT_NFT_TABLE, ruleset);
  return prepared;
}

static void
prepared_clear (gpointer data)
{
  DivertNftPrepared *prepared = data;

  divert_nft_state_clear (&prepared->left);
  divert_nft_table_free (prepared->table);
  divert_ruleset_unref (prepared->ruleset);
}

void
divert_nft_prepared_unref (DivertNftPrepared *prepared)
{
  if (prepared != NULL)
    g_rc_box_release_full (prepared, prepared_clear);
}

/* From then on the digests are enough, and who wants a text makes it again. */
static void
forget_texts (DivertNftTable *table)
{
  for (guint chain = 0; chain < DIVERT_NFT_N_CHAINS; chain++)
    for (guint i = 0; table->rules[chain] != NULL && i < table->rules[chain]->len; i++)
      g_clear_pointer (&((DivertNftRule *) g_ptr_array_index (table->rules[chain], i))->text, g_free);
}

void
divert_nft_prepared_suppose (DivertNftPrepared *prepared,
                             guint32            owner)
{
  if (prepared->left.exists && prepared->owner == owner)
    return;
  divert_nft_state_clear (&prepared->left);
  divert_nft_state_suppose (&prepared->left, prepared->table, owner);
  prepared->owner = owner;
  forget_texts (prepared->table);
}

/* There may be thousands of prefixes, and most sets are the same in all tables. */
static void
share_sets (DivertNftTable       *table,
            const DivertNftTable *earlier)
{
  for (guint i = 0; i < table->sets->len; i++)
    {
      DivertNftSet *set = g_ptr_array_index (table->sets, i);
      const DivertNftSet *same = divert_nft_table_find_set (earlier, set->name);

      if (set->prefixes == NULL || same == NULL || !divert_prefixes_equal (set->prefixes, same->prefixes))
        continue;
      g_array_unref (set->prefixes);
      set->prefixes = g_array_ref (same->prefixes);
    }
}

void
divert_nft_preparations_clear (DivertNftPreparations *preparations)
{
  for (guint i = 0; i < G_N_ELEMENTS (preparations->latest); i++)
    g_clear_pointer (&preparations->latest[i], divert_nft_prepared_unref);
}

static gboolean
is_of (const DivertNftPrepared *prepared,
       const DivertRuleset     *ruleset)
{
  return prepared != NULL && divert_ruleset_same (prepared->ruleset, ruleset);
}

DivertNftPrepared *
divert_nft_preparations_get (DivertNftPreparations *preparations,
                             DivertRuleset         *ruleset)
{
  DivertNftPrepared **latest = preparations->latest, *found;
  guint i = 0;

  while (i < DIVERT_NFT_PREPARATIONS - 1 && !is_of (latest[i], ruleset))
    i++;
  found = latest[i];
  if (!is_of (found, ruleset))
    {
      divert_nft_prepared_unref (found);
      found = prepared_new (ruleset);
      for (guint j = 0; j < i && latest[j] != NULL; j++)
        share_sets (found->table, latest[j]->table);
    }
  memmove (latest + 1, latest, i * sizeof *latest);
  latest[0] = found;
  return g_rc_box_acquire (found);
}
