/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which chains of our names apply takes for ours: tagged ones, emptied ones, and none
 * that is somebody else's, with rules or without.
 */
#include "system/filter/iptables/iptables.h"
#include "sandbox.h"

#include <string.h>

#define MANGLE DIVERT_TABLE_MANGLE

typedef struct
{
  DivertFamily   family;
  DivertBackend *backend;
  DivertRuleset *nothing;
  DivertRuleset *away;
  DivertRuleset *home; /* one chain less */
} Fixture;

static void
add (DivertRuleset *ruleset,
     DivertTable    table,
     const char    *chain,
     DivertTarget   target,
     const char    *to)
{
  DivertRule rule = { .table = table, .families = DIVERT_FAMILIES_BOTH, .target = target, .mask = 0xff, .value = 0x17 };

  g_strlcpy (rule.chain, chain, sizeof rule.chain);
  g_strlcpy (rule.to, to, sizeof rule.to);
  rule.tagged = !divert_chain_is_builtin (chain);
  sandbox_ruleset_add (ruleset, &rule);
}

static DivertRuleset *
make_ruleset (gboolean home)
{
  DivertRuleset *ruleset = divert_ruleset_new_empty ();

  add (ruleset, MANGLE, "OUTPUT", DIVERT_TARGET_JUMP, "LOCAL_DIVERT");
  add (ruleset, MANGLE, "POSTROUTING", DIVERT_TARGET_JUMP, "DIVERT_GUARD");
  add (ruleset, MANGLE, "LOCAL_DIVERT", DIVERT_TARGET_MARK, "");
  if (!home)
    add (ruleset, MANGLE, "LOCAL_INTRANET_DIVERT", DIVERT_TARGET_RETURN, "");
  add (ruleset, MANGLE, "DIVERT", DIVERT_TARGET_RETURN, "");
  add (ruleset, MANGLE, "DIVERT_GUARD", DIVERT_TARGET_DROP, "");
  return ruleset;
}

static void
set_up (Fixture       *fixture,
        gconstpointer  family)
{
  sandbox_enter ();
  fixture->family = GPOINTER_TO_UINT (family);
  fixture->backend = divert_backend_iptables_new ();
  fixture->nothing = divert_ruleset_new_empty ();
  fixture->away = make_ruleset (FALSE);
  fixture->home = make_ruleset (TRUE);
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  family)
{
  divert_backend_free (fixture->backend);
  divert_ruleset_free (fixture->nothing);
  divert_ruleset_free (fixture->away);
  divert_ruleset_free (fixture->home);
}

static gboolean
apply (Fixture             *fixture,
       const DivertRuleset *ruleset)
{
  return sandbox_apply (fixture->backend, ruleset, MANGLE, fixture->family);
}

/* A chain of our name, without our tag. */
static void
test_foreign_chain (Fixture       *fixture,
                    gconstpointer  data)
{
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *message = NULL;

  sandbox_meddle_with (fixture->family, "-t mangle -N LOCAL_DIVERT");
  sandbox_meddle_with (fixture->family, "-t mangle -A LOCAL_DIVERT -m owner --gid-owner 23333 -j RETURN");
  sandbox_meddle_with (fixture->family, "-t mangle -A OUTPUT -p tcp -j LOCAL_DIVERT");
  before = sandbox_save (fixture->family, MANGLE, TRUE);
  message = sandbox_apply_fails (fixture->backend, fixture->away, MANGLE, fixture->family,
                                 DIVERT_BACKEND_ERROR_FOREIGN);
  g_assert_nonnull (strstr (message, "'LOCAL_DIVERT'"));
  g_assert_cmpuint (sandbox.n_replaced, ==, 0);
  after = sandbox_save (fixture->family, MANGLE, TRUE);
  g_assert_cmpstr (after, ==, before);

  /* Nothing of that is removed. */
  g_assert_false (apply (fixture, fixture->nothing));

  /* libiptc would take our target MARK for a jump to this. */
  sandbox_meddle_with (fixture->family, "-t mangle -F");
  sandbox_meddle_with (fixture->family, "-t mangle -X");
  sandbox_restore (fixture->family, "*mangle\n:MARK - [0:0]\nCOMMIT\n", FALSE);
  g_free (sandbox_apply_fails (fixture->backend, fixture->away, MANGLE, fixture->family, DIVERT_BACKEND_ERROR_FOREIGN));
  g_assert_false (apply (fixture, fixture->nothing));
}

/* It is neither filled nor removed, and a jump to it stays. */
static void
assert_is_foreign (Fixture    *fixture,
                   const char *chains)
{
  g_autofree char *text = g_strdup_printf ("*mangle\n%sCOMMIT\n", chains);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  sandbox_restore (fixture->family, text, FALSE);
  before = sandbox_save (fixture->family, MANGLE, TRUE);
  g_free (sandbox_apply_fails (fixture->backend, fixture->away, MANGLE, fixture->family, DIVERT_BACKEND_ERROR_FOREIGN));
  g_assert_false (apply (fixture, fixture->nothing));
  after = sandbox_save (fixture->family, MANGLE, TRUE);
  g_assert_cmpstr (after, ==, before);
}

/* Empty chains of our names, with nothing to say that they were ours. */
static void
test_foreign_empty (Fixture       *fixture,
                    gconstpointer  data)
{
  static const char all[] = ":LOCAL_DIVERT - [0:0]\n:LOCAL_INTRANET_DIVERT - [0:0]\n:DIVERT - [0:0]\n"
                            ":DIVERT_GUARD - [0:0]\n";
  g_autofree char *used = g_strconcat (all, "-A FORWARD -j DIVERT_GUARD\n", NULL);
  g_autofree char *mixed = g_strconcat (all, "-A DIVERT -p tcp -j RETURN\n", NULL);

  assert_is_foreign (fixture, ":DIVERT_GUARD - [0:0]\n");
  assert_is_foreign (fixture, ":LOCAL_DIVERT - [0:0]\n-A OUTPUT -j LOCAL_DIVERT\n");
  assert_is_foreign (fixture, ":LOCAL_DIVERT - [0:0]\n:DIVERT - [0:0]\n-A PREROUTING -p tcp -j DIVERT\n");
  assert_is_foreign (fixture, used);
  assert_is_foreign (fixture, mixed);
  g_assert_cmpuint (sandbox.n_replaced, ==, 0);
}

static void
assert_same_after (Fixture             *fixture,
                   const char          *meddling,
                   const DivertRuleset *ruleset,
                   const char          *wanted)
{
  g_autofree char *text = NULL;

  apply (fixture, fixture->away);
  sandbox_meddle_with (fixture->family, meddling);
  g_assert_true (apply (fixture, ruleset));
  text = sandbox_save (fixture->family, MANGLE, FALSE);
  g_assert_cmpstr (text, ==, wanted);
}

/* All chains of ours are there and empty: those are ours still, whatever is wanted now. */
static void
test_flushed (Fixture       *fixture,
              gconstpointer  data)
{
  const DivertRuleset *const rulesets[] = { fixture->away, fixture->home, fixture->nothing };

  for (guint i = 0; i < G_N_ELEMENTS (rulesets); i++)
    {
      g_autofree char *wanted = NULL;

      apply (fixture, fixture->away);
      apply (fixture, rulesets[i]);
      wanted = sandbox_save (fixture->family, MANGLE, FALSE);
      assert_same_after (fixture, "-t mangle -F", rulesets[i], wanted);
    }

  /* The hooks are left. */
  {
    g_autofree char *wanted = NULL;

    apply (fixture, fixture->away);
    wanted = sandbox_save (fixture->family, MANGLE, FALSE);
    sandbox_meddle_with (fixture->family, "-t mangle -F DIVERT");
    sandbox_meddle_with (fixture->family, "-t mangle -F DIVERT_GUARD");
    sandbox_meddle_with (fixture->family, "-t mangle -F LOCAL_INTRANET_DIVERT");
    assert_same_after (fixture, "-t mangle -F LOCAL_DIVERT", fixture->away, wanted);
  }
}

/* In nat there is one chain. */
static void
test_flushed_nat (Fixture       *fixture,
                  gconstpointer  data)
{
  static const char *const meddlings[] = { "-t nat -F", "-t nat -F LOCAL_DNS_DIVERT" };
  g_autoptr(DivertRuleset) ruleset = divert_ruleset_new_empty ();
  g_autofree char *wanted = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  add (ruleset, DIVERT_TABLE_NAT, "OUTPUT", DIVERT_TARGET_JUMP, "LOCAL_DNS_DIVERT");
  add (ruleset, DIVERT_TABLE_NAT, "LOCAL_DNS_DIVERT", DIVERT_TARGET_RETURN, "");
  sandbox_apply (fixture->backend, ruleset, DIVERT_TABLE_NAT, fixture->family);
  wanted = sandbox_save_rules (fixture->family, DIVERT_TABLE_NAT);
  for (guint i = 0; i < G_N_ELEMENTS (meddlings); i++)
    {
      g_autofree char *text = NULL;

      sandbox_meddle_with (fixture->family, meddlings[i]);
      g_assert_true (sandbox_apply (fixture->backend, ruleset, DIVERT_TABLE_NAT, fixture->family));
      text = sandbox_save_rules (fixture->family, DIVERT_TABLE_NAT);
      g_assert_cmpstr (text, ==, wanted);
    }

  sandbox_restore (fixture->family, "*nat\n:LOCAL_DNS_DIVERT - [0:0]\n-A OUTPUT -p udp -j LOCAL_DNS_DIVERT\nCOMMIT\n",
                   FALSE);
  before = sandbox_save (fixture->family, DIVERT_TABLE_NAT, TRUE);
  g_free (sandbox_apply_fails (fixture->backend, ruleset, DIVERT_TABLE_NAT, fixture->family,
                               DIVERT_BACKEND_ERROR_FOREIGN));
  g_assert_false (sandbox_apply (fixture->backend, fixture->nothing, DIVERT_TABLE_NAT, fixture->family));
  after = sandbox_save (fixture->family, DIVERT_TABLE_NAT, TRUE);
  g_assert_cmpstr (after, ==, before);
}

int
main (int    argc,
      char **argv)
{
  static const struct
  {
    const char *name;
    void      (*test) (Fixture *fixture, gconstpointer data);
  } tests[] = {
    { "foreign", test_foreign_chain },
    { "foreign-empty", test_foreign_empty },
    { "flushed", test_flushed },
    { "flushed-nat", test_flushed_nat },
  };

  test_needs_namespaces ();
  test_needs ("ip", "iptables-legacy", "ip6tables-legacy", NULL);
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
      {
        g_autofree char *path = g_strdup_printf ("/iptables/ours/%s/%s", tests[i].name, divert_family_name (family));

        g_test_add (path, Fixture, GUINT_TO_POINTER (family), set_up, tests[i].test, tear_down);
      }
  return g_test_run ();
}
