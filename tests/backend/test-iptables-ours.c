/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which chains with our names apply takes for ours: tagged ones and emptied ones, but none that is somebody else's,
 * with or without rules.
 */
#include "iptables-fixture.h"
#include "system/filter/iptables/iptables.h"

#include <string.h>

#define MANGLE DIVERT_XT_MANGLE

/* At home there is one chain less. */
static GArray *
make_rules (gboolean home)
{
  GArray *rules = sandbox_rules_new ();

  fixture_add_rule (rules, MANGLE, "OUTPUT", 0, DIVERT_XT_JUMP, "LOCAL_DIVERT");
  fixture_add_rule (rules, MANGLE, "POSTROUTING", 0, DIVERT_XT_JUMP, "DIVERT_GUARD");
  fixture_add_rule (rules, MANGLE, "LOCAL_DIVERT", 0, DIVERT_XT_MARK, "");
  if (!home)
    fixture_add_rule (rules, MANGLE, "LOCAL_INTRANET_DIVERT", 0, DIVERT_XT_RETURN, "");
  fixture_add_rule (rules, MANGLE, "DIVERT", 0, DIVERT_XT_RETURN, "");
  fixture_add_rule (rules, MANGLE, "DIVERT_GUARD", 0, DIVERT_XT_DROP, "");
  return rules;
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
  message = sandbox_apply_fails (fixture->away, MANGLE, fixture->family, DIVERT_BACKEND_ERROR_FOREIGN);
  g_assert_nonnull (strstr (message, "'LOCAL_DIVERT'"));
  g_assert_cmpuint (sandbox.n_replaced, ==, 0);
  after = sandbox_save (fixture->family, MANGLE, TRUE);
  g_assert_cmpstr (after, ==, before);

  /* None of that is removed. */
  g_assert_false (fixture_apply (fixture, fixture->nothing));

  /* libiptc would take our target MARK for a jump to this chain. */
  sandbox_meddle_with (fixture->family, "-t mangle -F");
  sandbox_meddle_with (fixture->family, "-t mangle -X");
  sandbox_restore (fixture->family, "*mangle\n:MARK - [0:0]\nCOMMIT\n", FALSE);
  g_free (sandbox_apply_fails (fixture->away, MANGLE, fixture->family, DIVERT_BACKEND_ERROR_FOREIGN));
  g_assert_false (fixture_apply (fixture, fixture->nothing));
}

/* The chain is neither filled nor removed, and a jump to it stays. */
static void
assert_is_foreign (Fixture    *fixture,
                   const char *chains)
{
  g_autofree char *text = g_strdup_printf ("*mangle\n%sCOMMIT\n", chains);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  sandbox_restore (fixture->family, text, FALSE);
  before = sandbox_save (fixture->family, MANGLE, TRUE);
  g_free (sandbox_apply_fails (fixture->away, MANGLE, fixture->family, DIVERT_BACKEND_ERROR_FOREIGN));
  g_assert_false (fixture_apply (fixture, fixture->nothing));
  after = sandbox_save (fixture->family, MANGLE, TRUE);
  g_assert_cmpstr (after, ==, before);
}

/* Empty chains with our names, but nothing says that they were ours. */
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
assert_same_after (Fixture      *fixture,
                   const char   *meddling,
                   const GArray *rules,
                   const char   *wanted)
{
  g_autofree char *text = NULL;

  fixture_apply (fixture, fixture->away);
  sandbox_meddle_with (fixture->family, meddling);
  g_assert_true (fixture_apply (fixture, rules));
  text = sandbox_save (fixture->family, MANGLE, FALSE);
  g_assert_cmpstr (text, ==, wanted);
}

/* All of our chains exist and are empty. They are still ours, whatever is wanted now. */
static void
test_flushed (Fixture       *fixture,
              gconstpointer  data)
{
  const GArray *const lists[] = { fixture->away, fixture->home, fixture->nothing };

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      g_autofree char *wanted = NULL;

      fixture_apply (fixture, fixture->away);
      fixture_apply (fixture, lists[i]);
      wanted = sandbox_save (fixture->family, MANGLE, FALSE);
      assert_same_after (fixture, "-t mangle -F", lists[i], wanted);
    }

  /* The hooks are still there. */
  {
    g_autofree char *wanted = NULL;

    fixture_apply (fixture, fixture->away);
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
  g_autoptr(GArray) rules = sandbox_rules_new ();
  g_autofree char *wanted = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  fixture_add_rule (rules, DIVERT_XT_NAT, "OUTPUT", 0, DIVERT_XT_JUMP, "LOCAL_DNS_DIVERT");
  fixture_add_rule (rules, DIVERT_XT_NAT, "LOCAL_DNS_DIVERT", 0, DIVERT_XT_RETURN, "");
  sandbox_apply (rules, DIVERT_XT_NAT, fixture->family);
  wanted = sandbox_save_rules (fixture->family, DIVERT_XT_NAT);
  for (guint i = 0; i < G_N_ELEMENTS (meddlings); i++)
    {
      g_autofree char *text = NULL;

      sandbox_meddle_with (fixture->family, meddlings[i]);
      g_assert_true (sandbox_apply (rules, DIVERT_XT_NAT, fixture->family));
      text = sandbox_save_rules (fixture->family, DIVERT_XT_NAT);
      g_assert_cmpstr (text, ==, wanted);
    }

  sandbox_restore (fixture->family,
                   "*nat\n:LOCAL_DNS_DIVERT - [0:0]\n-A OUTPUT -p udp -j LOCAL_DNS_DIVERT\nCOMMIT\n", FALSE);
  before = sandbox_save (fixture->family, DIVERT_XT_NAT, TRUE);
  g_free (sandbox_apply_fails (rules, DIVERT_XT_NAT, fixture->family, DIVERT_BACKEND_ERROR_FOREIGN));
  g_assert_false (sandbox_apply (fixture->nothing, DIVERT_XT_NAT, fixture->family));
  after = sandbox_save (fixture->family, DIVERT_XT_NAT, TRUE);
  g_assert_cmpstr (after, ==, before);
}

int
main (int    argc,
      char **argv)
{
  static const FixtureCase cases[] = {
    { "foreign", test_foreign_chain },
    { "foreign-empty", test_foreign_empty },
    { "flushed", test_flushed },
    { "flushed-nat", test_flushed_nat },
  };

  test_needs_namespaces ();
  test_needs ("ip", "iptables-legacy", "ip6tables-legacy", NULL);
  g_test_init (&argc, &argv, NULL);
  fixture_add_cases ("ours", make_rules, cases, G_N_ELEMENTS (cases));
  return g_test_run ();
}
