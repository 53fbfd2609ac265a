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
  g_test_add_func ("/nftables/prepared/owner", test_owner);
  return g_test_run ();
}
