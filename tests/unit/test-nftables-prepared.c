/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who leaves a place and comes back finds the table that was made for it.
 */
#include "expansion.h"
#include "system/filter/nftables/nftables-prepared.h"

typedef DivertNftPreparations Preparations;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Preparations, divert_nft_preparations_clear)

static void
assert_found (DivertNftPreparations   *preparations,
              DivertRuleset           *ruleset,
              const DivertNftPrepared *before)
{
  g_autoptr(DivertNftPrepared) found = divert_nft_preparations_get (preparations, ruleset);

  g_assert_true (found == before);
}

/* What is looked for is made again each time, as in a run. */
static void
test_latest (void)
{
  /* A list of random prefixes would not be the same again. */
  g_autoptr(DivertRuleset) home = expansion_make_ruleset (0, DIVERT_MODE_AUTO);
  g_autoptr(DivertRuleset) home_again = expansion_make_ruleset (0, DIVERT_MODE_AUTO);
  g_autoptr(DivertRuleset) held = expansion_make_ruleset (1, DIVERT_MODE_AWAY);
  g_autoptr(DivertRuleset) away = expansion_make_ruleset (0, DIVERT_MODE_AWAY);
  g_autoptr(DivertRuleset) away_again = expansion_make_ruleset (0, DIVERT_MODE_AWAY);
  g_autoptr(DivertRuleset) other = expansion_make_ruleset (2, DIVERT_MODE_AUTO);
  g_auto(Preparations) preparations = { 0 };
  g_autoptr(DivertNftPrepared) first = divert_nft_preparations_get (&preparations, home);
  g_autoptr(DivertNftPrepared) second = divert_nft_preparations_get (&preparations, held);
  g_autoptr(DivertNftPrepared) third = divert_nft_preparations_get (&preparations, away);
  DivertNftPrepared *fourth;

  g_assert_true (first->ruleset == home && second->ruleset == held && third->ruleset == away);
  assert_found (&preparations, home_again, first);
  assert_found (&preparations, home, first);
  assert_found (&preparations, held, second);
  assert_found (&preparations, away_again, third);
  /* In the place of the one that was longest not asked for. */
  fourth = divert_nft_preparations_get (&preparations, other);
  g_assert_true (fourth->ruleset == other);
  assert_found (&preparations, held, second);
  assert_found (&preparations, away, third);
  divert_nft_prepared_unref (fourth);
  fourth = divert_nft_preparations_get (&preparations, home_again);
  g_assert_true (fourth != first && fourth->ruleset == home_again);
  divert_nft_prepared_unref (fourth);
}

/* How many of @table's sets of prefixes have the list that one of @earlier's has, and how many of the others have one
 * of the same name there. */
static guint
count_shared (const DivertNftTable *table,
              const DivertNftTable *earlier,
              guint                *ret_others)
{
  guint n = 0;

  *ret_others = 0;
  for (guint i = 0; i < table->sets->len; i++)
    {
      const DivertNftSet *set = g_ptr_array_index (table->sets, i);
      const DivertNftSet *same = divert_nft_table_find_set (earlier, set->name);

      if (set->prefixes == NULL || same == NULL)
        continue;
      if (set->prefixes == same->prefixes)
        n++;
      else
        (*ret_others)++;
    }
  return n;
}

/* Long lists are there once.  A name, which is part of a digest, is not enough. */
static void
test_shared (void)
{
  g_autofree char *servers = expansion_make_servers ();
  g_autoptr(DivertRuleset) home = expansion_make_ruleset_with (0, DIVERT_MODE_AUTO, servers, "");
  g_autoptr(DivertRuleset) away = expansion_make_ruleset_with (0, DIVERT_MODE_AWAY, servers, "");
  g_autoptr(DivertRuleset) away_again = expansion_make_ruleset_with (0, DIVERT_MODE_AWAY, servers, "");
  g_auto(Preparations) preparations = { 0 }, others = { 0 };
  g_autoptr(DivertNftPrepared) first = divert_nft_preparations_get (&preparations, home);
  g_autoptr(DivertNftPrepared) second = divert_nft_preparations_get (&preparations, away);
  g_autoptr(DivertNftPrepared) third = NULL, fourth = NULL;
  guint n_others;

  g_assert_cmpuint (count_shared (second->table, first->table, &n_others), >, 0);
  g_assert_cmpuint (n_others, ==, 0);

  third = divert_nft_preparations_get (&others, home);
  for (guint i = 0; i < third->table->sets->len; i++)
    {
      DivertNftSet *set = g_ptr_array_index (third->table->sets, i);

      if (set->prefixes != NULL)
        {
          GArray *shorter = divert_prefixes_copy (set->prefixes);

          g_array_set_size (shorter, shorter->len - 1);
          g_array_unref (set->prefixes);
          set->prefixes = shorter;
        }
    }
  fourth = divert_nft_preparations_get (&others, away_again);
  g_assert_cmpuint (count_shared (fourth->table, third->table, &n_others), ==, 0);
  g_assert_cmpuint (n_others, >, 0);
}

/* What its owner is depends on the socket. */
static void
test_owner (void)
{
  g_autoptr(DivertRuleset) home = expansion_make_ruleset (0, DIVERT_MODE_AUTO);
  g_auto(Preparations) preparations = { 0 };
  g_autoptr(DivertNftPrepared) prepared = divert_nft_preparations_get (&preparations, home);

  g_assert_false (prepared->left.exists);
  divert_nft_prepared_suppose (prepared, 7);
  g_assert_true (prepared->left.exists && prepared->left.persists);
  g_assert_cmpuint (prepared->left.owner, ==, 7);
  divert_nft_prepared_suppose (prepared, 0);
  g_assert_true (prepared->left.exists && !prepared->left.persists);
  g_assert_cmpuint (prepared->left.owner, ==, 0);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nftables/prepared/latest", test_latest);
  g_test_add_func ("/nftables/prepared/shared", test_shared);
  g_test_add_func ("/nftables/prepared/owner", test_owner);
  return g_test_run ();
}
