/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who leaves a place and comes back finds the table that was made for it.
 */
#include "expansion.h"
#include "system/filter/nftables/nftables-prepared.h"

typedef DivertNftPreparations Preparations;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Preparations, divert_nft_preparations_clear)

static void
test_latest (void)
{
  /* A list of random prefixes would not be the same again. */
  g_autoptr(DivertRuleset) home = expansion_make_ruleset (0, DIVERT_MODE_AUTO);
  g_autoptr(DivertRuleset) away = expansion_make_ruleset (0, DIVERT_MODE_AWAY);
  g_autoptr(DivertRuleset) again = expansion_make_ruleset (0, DIVERT_MODE_AUTO);
  g_autoptr(DivertRuleset) other = expansion_make_ruleset (2, DIVERT_MODE_AUTO);
  g_auto(Preparations) preparations = { 0 };
  g_autoptr(DivertNftPrepared) first = divert_nft_preparations_get (&preparations, home);
  g_autoptr(DivertNftPrepared) second = divert_nft_preparations_get (&preparations, away);
  g_autoptr(DivertNftPrepared) third = divert_nft_preparations_get (&preparations, again);
  g_autoptr(DivertNftPrepared) fourth = divert_nft_preparations_get (&preparations, again);
  g_autoptr(DivertNftPrepared) fifth = divert_nft_preparations_get (&preparations, other);
  g_autoptr(DivertNftPrepared) sixth = divert_nft_preparations_get (&preparations, home);
  g_autoptr(DivertNftPrepared) seventh = divert_nft_preparations_get (&preparations, away);

  g_assert_true (first->ruleset == home && second->ruleset == away);
  g_assert_true (third == first && fourth == first);
  g_assert_true (fifth->ruleset == other && sixth == first);
  /* It was one of three. */
  g_assert_true (seventh != second && seventh->ruleset == away);
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
