/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The nftables backend, read back with nft.  What it installs is what its text says, a change of place touches only the
 * grants, and a table with our name that isn't ours is left alone.
 */
#include "../unit/expansion.h"
#include "backend-fixture.h"
#include "namespace.h"
#include "system/filter/nftables/nft-watch.h"
#include "system/filter/nftables/nftables-chains.h"
#include "system/filter/nftables/nftables-text.h"
#include "system/filter/nftables/nftables.h"
#include "unowned.h"

static DivertBackend *backend;

/* nft takes the grants' device only by a name that is there. */
static void
set_up (void)
{
  test_namespace_enter ();
  test_run ("ip link add eth0 index 3 type bridge");
  /* So that nft can do with it as it likes. */
  test_unowned = TRUE;
  divert_backend_free (backend);
  backend = divert_backend_nftables_new ();
}

/* If nft installs our text, the rules look the same to nft. */
static void
test_text (void)
{
  static const guint counts[] = { 0, 4, 17, 300 };
  static const char *const keys[] = { "", "intranet-other=allow\n", "mark=1\nmask=1\n", "ipv6=false\n",
                                      "serve=6881-6889\n" };

  for (guint i = 0; i < G_N_ELEMENTS (counts) * G_N_ELEMENTS (keys); i++)
    {
      const DivertModeKind mode = i % 2 == 0 ? DIVERT_MODE_AUTO : DIVERT_MODE_AWAY;
      g_autoptr(DivertRuleset) ruleset =
          expansion_make_ruleset_with (counts[i % G_N_ELEMENTS (counts)], mode, keys[i / G_N_ELEMENTS (counts)],
                                       strstr (keys[i / G_N_ELEMENTS (counts)], "mask") == NULL
                                           ? expansion_homes[i % g_strv_length ((char **) expansion_homes)] : "");
      g_autofree char *text = divert_nft_to_text (ruleset), *ours = NULL, *theirs = NULL;
      g_autoptr(GError) error = NULL;

      set_up ();
      backend_fixture_lay (backend, ruleset);
      ours = test_output ("nft list table inet nm-divert | grep -v 'comment \"nm-divert.s own'");
      test_run ("nft delete table inet nm-divert");
      g_file_set_contents ("rules", text, -1, &error);
      g_assert_no_error (error);
      test_run ("nft -f rules && rm rules");
      theirs = test_output ("nft list table inet nm-divert");
      g_assert_cmpstr (ours, ==, theirs);
    }
}

/* Handles are new where rules are, and only there.  Many grants look into a set of their own, which is removed with
 * them. */
static void
test_place (void)
{
  static const char rest_of_table[] =
      "nft -a -t list table inet nm-divert | "
      "sed '/chain grants/,/}/d; /chain leaving-granted/,/}/d; /chain fenced/,/}/d; /chain exits/,/}/d; "
      "/set site[46]-/,/}/d; /^$/d'";
  static const guint counts[] = { 0, 1000 };

  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      g_autoptr(DivertRuleset) ruleset = expansion_make_ruleset (counts[i], DIVERT_MODE_AUTO);
      g_autofree char *before = NULL, *after = NULL;

      set_up ();
      backend_fixture_lay (backend, ruleset);
      before = test_output ("%s", rest_of_table);
      expansion_take_grants (ruleset);
      divert_backend_free (backend);
      backend = divert_backend_nftables_new ();
      g_assert_cmpuint (backend_fixture_lay (backend, ruleset), ==, 1);
      after = test_output ("%s", rest_of_table);
      g_assert_cmpstr (before, ==, after);
    }
}

/* A grant removes no rule, not even the last one of a chain that it adds to.  What a withdrawal took is all back, in
 * its order. */
static void
test_granted_again (void)
{
  static const char table[] = "nft -t list table inet nm-divert";
  static const char last[] = "nft -a list chain inet nm-divert leaving-granted | grep goto";
  g_autoptr(DivertRuleset) ruleset = expansion_make_ruleset (0, DIVERT_MODE_AUTO);
  g_autofree char *before = NULL, *withdrawn = NULL, *after = NULL, *left = NULL, *kept = NULL;

  set_up ();
  backend_fixture_lay (backend, ruleset);
  before = test_output ("%s", table);
  g_assert_true (backend->klass->withdraw (backend, NULL));
  withdrawn = test_output ("%s", table);
  left = test_output ("%s", last);
  g_assert_cmpuint (backend_fixture_lay (backend, ruleset), ==, 1);
  after = test_output ("%s", table);
  kept = test_output ("%s", last);
  g_assert_cmpstr (withdrawn, !=, before);
  g_assert_cmpstr (after, ==, before);
  g_assert_cmpstr (kept, ==, left);
}

static void
test_not_ours (void)
{
  g_autoptr(DivertRuleset) ruleset = expansion_make_ruleset (0, DIVERT_MODE_AUTO);
  g_autoptr(DivertRuleset) nothing = divert_ruleset_new_empty ();
  g_autofree char *before = NULL, *after = NULL;
  DivertApplied applied = { 0, 0, FALSE };
  g_autoptr(GError) error = NULL;

  set_up ();
  test_run ("nft 'table inet nm-divert { chain grants { accept; }; }'");
  before = test_output ("nft -a list ruleset");
  g_assert_false (backend->klass->apply (backend, ruleset, &applied, &error));
  g_assert_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_FOREIGN);
  g_assert_false (applied.guarded);
  g_assert_true (backend->klass->withdraw (backend, NULL));
  g_assert_cmpuint (backend_fixture_lay (backend, nothing), ==, 0);
  after = test_output ("nft -a list ruleset");
  g_assert_cmpstr (before, ==, after);
}

/* Somebody saves nftables at home, and restores it elsewhere. */
static void
test_restored (void)
{
  g_autoptr(DivertRuleset) ruleset = expansion_make_ruleset (0, DIVERT_MODE_AUTO);
  g_autofree char *before = NULL, *restored = NULL, *after = NULL;

  set_up ();
  backend_fixture_lay (backend, ruleset);
  test_run ("{ echo flush ruleset; nft list ruleset; } > saved");
  expansion_take_grants (ruleset);
  divert_backend_free (backend);
  backend = divert_backend_nftables_new ();
  g_assert_cmpuint (backend_fixture_lay (backend, ruleset), ==, 1);
  before = test_output ("nft list ruleset | md5sum");
  test_run ("nft -f saved && rm saved");
  restored = test_output ("nft list ruleset | md5sum");
  g_assert_cmpstr (before, !=, restored);
  g_assert_cmpuint (backend_fixture_lay (backend, ruleset), ==, 1);
  after = test_output ("nft list ruleset | md5sum");
  g_assert_cmpstr (before, ==, after);
}

static void
assert_mended (DivertRuleset *ruleset,
               const char    *change)
{
  g_autofree char *before = test_output ("nft list ruleset | md5sum"), *after = NULL;

  g_test_message ("%s", change);
  g_assert_cmpuint (backend->klass->find_drift (backend, TRUE), ==, 0);
  test_run ("nft '%s'", change);
  g_assert_cmpuint (backend->klass->find_drift (backend, TRUE), ==, 1u << DIVERT_PART_NFTABLES);
  g_assert_cmpuint (backend_fixture_lay (backend, ruleset), ==, 1);
  g_assert_cmpuint (backend->klass->find_drift (backend, TRUE), ==, 0);
  after = test_output ("nft list ruleset | md5sum");
  g_assert_cmpstr (before, ==, after);
}

/* What somebody can change under our digests, so that all names and rules are as before (K1.18). */
static void
test_in_place (void)
{
  g_autoptr(DivertRuleset) ruleset = expansion_make_ruleset (17, DIVERT_MODE_AUTO);

  set_up ();
  backend_fixture_lay (backend, ruleset);
  assert_mended (ruleset, "add table inet nm-divert { flags dormant; }");
  for (guint chain = 0; chain < DIVERT_N_HOOKS; chain++)
    {
      const char *name = divert_nft_chain_name (chain);
      g_autofree char *change = g_strdup_printf ("chain inet nm-divert %s { policy drop; }", name);
      g_autofree char *count = test_output ("nft list table inet nm-divert | grep -c '^.chain %s {' || true", name);

      if (count[0] == '1')
        assert_mended (ruleset, change);
    }
  /* The rules that lead there follow. */
  assert_mended (ruleset, "rename chain inet nm-divert grants x' && nft 'rename chain inet nm-divert fenced grants' && "
                          "nft 'rename chain inet nm-divert x fenced");
}

/* What nobody can change without a new table: nothing else tells us that it is as it was. */
static void
test_fixed (void)
{
  static const char *const refused[] = {
    "add chain inet nm-divert output { type filter hook output priority -130; }",
    "add chain inet nm-divert output { type route hook output priority -129; }",
    "add chain inet nm-divert guard { type filter hook prerouting priority -155; }",
    "add chain inet nm-divert grants { type filter hook output priority 0; }",
    "add element inet nm-divert tcp-udp { icmp }", "delete element inet nm-divert tcp-udp { tcp }",
    "flush set inet nm-divert tcp-udp", "delete set inet nm-divert tcp-udp",
  };
  g_autoptr(DivertRuleset) ruleset = expansion_make_ruleset (17, DIVERT_MODE_AUTO);

  set_up ();
  backend_fixture_lay (backend, ruleset);
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    test_run ("! nft '%s' 2>errors && grep -q 'Could not process rule' errors && rm errors", refused[i]);
  g_assert_cmpuint (backend->klass->find_drift (backend, TRUE), ==, 0);
}

/* Others fill nftables with their own rules. */
static void
test_crowd (void)
{
  g_autoptr(DivertRuleset) ruleset = expansion_make_ruleset (0, DIVERT_MODE_AUTO);
  g_autoptr(DivertRuleset) nothing = divert_ruleset_new_empty ();
  g_autofree char *before = NULL, *after = NULL;

  set_up ();
  test_run ("{ echo 'table ip crowd { set s { type ipv4_addr; flags interval; elements = {'; "
            "for i in $(seq 0 199); do for j in $(seq 0 2 255); do echo \"11.$i.$j.0/24,\"; done; done; echo '}; }; "
            "chain c {'; for i in $(seq 10000); do echo \"ip daddr 12.0.$((i / 256)).$((i %% 256)) counter\"; done; "
            "echo '}; }'; } > crowd && nft -f crowd && rm crowd");
  before = test_output ("nft list ruleset | md5sum");
  backend_fixture_lay (backend, ruleset);
  g_assert_cmpuint (backend_fixture_lay (backend, ruleset), ==, 0);
  backend_fixture_lay (backend, nothing);
  after = test_output ("nft list ruleset | md5sum");
  g_assert_cmpstr (before, ==, after);
}

static void
on_touched (const DivertProgram *program,
            gpointer             user_data)
{
  if (program != NULL && g_str_equal (program->name, "nft"))
    test_on_call (user_data);
}

/* We hear of somebody who writes, by name, but not of ourselves. */
static void
test_watch (void)
{
  g_autoptr(DivertRuleset) ruleset = expansion_make_ruleset (0, DIVERT_MODE_AUTO);
  guint n_calls = 0;

  set_up ();
  backend->klass->watch (backend, on_touched, &n_calls);
  backend_fixture_lay (backend, ruleset);
  g_assert_false (test_wait (200, test_was_called, &n_calls));
  test_run ("nft add table ip theirs");
  g_assert_true (test_wait (5000, test_was_called, &n_calls));
}

int
main (int    argc,
      char **argv)
{
  int status;

  test_needs ("nft", NULL);
  test_needs_namespaces ();
  g_test_init (&argc, &argv, NULL);
  test_directory_enter ();
  g_test_add_func ("/nftables/text", test_text);
  g_test_add_func ("/nftables/place", test_place);
  g_test_add_func ("/nftables/granted-again", test_granted_again);
  g_test_add_func ("/nftables/not-ours", test_not_ours);
  g_test_add_func ("/nftables/restored", test_restored);
  g_test_add_func ("/nftables/in-place", test_in_place);
  g_test_add_func ("/nftables/fixed", test_fixed);
  g_test_add_func ("/nftables/crowd", test_crowd);
  g_test_add_func ("/nftables/watch", test_watch);
  status = g_test_run ();
  divert_backend_free (backend);
  return status;
}
