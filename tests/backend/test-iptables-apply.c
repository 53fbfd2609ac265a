/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What apply touches and what it leaves alone: foreign rules and counters, its own counters, hooks that were moved. It
 * writes only if something differs.
 */
#include "iptables-fixture.h"
#include "system/filter/iptables/iptables.h"

#include <glib/gstdio.h>
#include <netinet/in.h>
#include <string.h>

#define MANGLE DIVERT_XT_MANGLE

/* At home there is one more rule in the middle of LOCAL_DIVERT, and one chain less. */
static GArray *
make_rules (gboolean home)
{
  GArray *rules = sandbox_rules_new ();

  fixture_add_rule (rules, MANGLE, "OUTPUT", 0, DIVERT_XT_JUMP, "LOCAL_DIVERT");
  fixture_add_rule (rules, MANGLE, "POSTROUTING", 0, DIVERT_XT_JUMP, "DIVERT_GUARD");
  fixture_add_rule (rules, MANGLE, "LOCAL_DIVERT", 0, DIVERT_XT_CONNMARK, "");
  fixture_add_rule (rules, MANGLE, "LOCAL_DIVERT", 5001, DIVERT_XT_MARK, "");
  if (home)
    fixture_add_rule (rules, MANGLE, "LOCAL_DIVERT", 5002, DIVERT_XT_RETURN, "");
  else
    fixture_add_rule (rules, MANGLE, "LOCAL_DIVERT", 5003, DIVERT_XT_GOTO, "LOCAL_INTRANET_DIVERT");
  fixture_add_rule (rules, MANGLE, "LOCAL_DIVERT", 5004, DIVERT_XT_MARK, "");
  fixture_add_rule (rules, MANGLE, "LOCAL_DIVERT", 5005, DIVERT_XT_RETURN, "");
  if (!home)
    fixture_add_rule (rules, MANGLE, "LOCAL_INTRANET_DIVERT", 0, DIVERT_XT_RETURN, "");
  fixture_add_rule (rules, MANGLE, "DIVERT_GUARD", 0, DIVERT_XT_MARK, "");
  fixture_add_rule (rules, MANGLE, "DIVERT_GUARD", 5006, DIVERT_XT_DROP, "");
  return rules;
}

/* The lines of iptables-save that don't name any chain of ours. */
static char *
save_foreign (Fixture *fixture)
{
  g_autofree char *text = sandbox_save (fixture->family, MANGLE, TRUE);
  g_auto(GStrv) lines = g_strsplit (text, "\n", -1);
  GString *kept = g_string_new (NULL);

  for (char **line = lines; *line != NULL; line++)
    if (strstr (*line, "DIVERT") == NULL)
      g_string_append_printf (kept, "%s\n", *line);
  return g_string_free (kept, FALSE);
}

static char *
save (Fixture *fixture)
{
  return sandbox_save_rules (fixture->family, MANGLE);
}

static void
test_twice (Fixture       *fixture,
            gconstpointer  data)
{
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  g_assert_true (fixture_apply (fixture, fixture->away));
  g_assert_cmpuint (sandbox.n_replaced, ==, 1);
  first = sandbox_save (fixture->family, MANGLE, TRUE);

  g_unlink (sandbox_get_lock_file ());
  for (guint i = 0; i < 5; i++)
    g_assert_false (fixture_apply (fixture, fixture->away));
  g_assert_cmpuint (sandbox.n_replaced, ==, 1);
  g_assert_false (g_file_test (sandbox_get_lock_file (), G_FILE_TEST_EXISTS));
  second = sandbox_save (fixture->family, MANGLE, TRUE);
  g_assert_cmpstr (first, ==, second);

  g_assert_true (fixture_apply (fixture, fixture->home));
  g_assert_cmpuint (sandbox.n_replaced, ==, 2);
  g_assert_true (fixture_apply (fixture, fixture->nothing));
  g_assert_false (fixture_apply (fixture, fixture->nothing));
  g_assert_cmpuint (sandbox.n_replaced, ==, 3);
}

/* Looking must not touch anything. An iptables table exists from the first time that it is opened. */
static void
test_no_table (Fixture       *fixture,
               gconstpointer  data)
{
  g_autofree char *text = NULL;
  g_autofree char *expected = divert_xt_table_to_text (fixture->nothing, fixture->family, MANGLE);
  g_autofree char *names = NULL;
  g_autoptr(GError) error = NULL;
  guint64 packets = 1;

  g_assert_false (fixture_apply (fixture, fixture->nothing));
  text = divert_iptables_read_text (fixture->family, MANGLE, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, expected);
  g_assert_true (fixture->backend->klass->count_dropped (fixture->backend, &packets, &error));
  g_assert_cmpuint (packets, ==, 0);
  g_assert_true (fixture->backend->klass->probe (fixture->backend, fixture->family, &error));
  names = sandbox_read_names ();
  g_assert_cmpstr (names, ==, "");
}

/* With foreign rules and their counters, foreign chains, and policies with counters. Removing our rules leaves exactly
 * what was there before. */
static void
test_foreign (Fixture       *fixture,
              gconstpointer  data)
{
  const GArray *const lists[] = { fixture->away, fixture->home, fixture->away, fixture->nothing };
  g_autofree char *before = NULL;
  g_autofree char *whole = NULL;
  g_autofree char *removed = NULL;

  sandbox_restore (fixture->family,
                   "*mangle\n"
                   ":PREROUTING ACCEPT [11:1100]\n:INPUT ACCEPT [12:1200]\n:FORWARD DROP [13:1300]\n"
                   ":OUTPUT ACCEPT [14:1400]\n:POSTROUTING ACCEPT [15:1500]\n:ZONES - [0:0]\n:a-chain - [0:0]\n"
                   "[1:100] -A OUTPUT -o nowhere1 -j a-chain\n"
                   "[2:200] -A OUTPUT -o nowhere2 -m comment --comment \"not nm-divert\" -j MARK --set-xmark 0x1/0x1\n"
                   "[3:300] -A POSTROUTING -o nowhere3 -j RETURN\n"
                   "[4:400] -A a-chain -o nowhere4 -m comment --comment nm-divert -j ZONES\n"
                   "[5:500] -A a-chain -o nowhere5 -j DROP\n"
                   "[18446744073709551615:6] -A ZONES -o nowhere6\n"
                   "COMMIT\n", TRUE);
  whole = sandbox_save (fixture->family, MANGLE, TRUE);
  before = save_foreign (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      g_autofree char *after = NULL;

      g_assert_true (fixture_apply (fixture, lists[i]));
      after = save_foreign (fixture);
      g_assert_cmpstr (after, ==, before);
    }
  removed = sandbox_save (fixture->family, MANGLE, TRUE);
  g_assert_cmpstr (removed, ==, whole);
}

/* Somebody adds rules while ours are in place. */
static void
test_foreign_between (Fixture       *fixture,
                      gconstpointer  data)
{
  const GArray *const lists[] = { fixture->home, fixture->away, fixture->nothing };
  g_autofree char *before = NULL;

  fixture_apply (fixture, fixture->away);
  sandbox_meddle_with (fixture->family, "-t mangle -N last");
  sandbox_meddle_with (fixture->family, "-t mangle -I OUTPUT 1 -o first -c 7 700");
  sandbox_meddle_with (fixture->family, "-t mangle -A OUTPUT -o second -c 8 800 -j last");
  sandbox_meddle_with (fixture->family, "-t mangle -A last -o third -c 9 900");
  before = save_foreign (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      g_autofree char *after = NULL;

      g_assert_true (fixture_apply (fixture, lists[i]));
      after = save_foreign (fixture);
      g_assert_cmpstr (after, ==, before);
    }
}

/* Every rule of ours gets counters. The middle of LOCAL_DIVERT changes, and all other rules keep their counters. */
static void
test_own_counters (Fixture       *fixture,
                   gconstpointer  data)
{
  g_autoptr(GRegex) none = g_regex_new ("^\\[0:0\\] -A ", G_REGEX_MULTILINE, 0, NULL);
  g_autofree char *text = NULL;
  g_autofree char *counted = NULL;
  g_autofree char *after = NULL;

  fixture_apply (fixture, fixture->away);
  text = sandbox_save (fixture->family, MANGLE, TRUE);
  counted = g_regex_replace_literal (none, text, -1, 0, "[7:700] -A ", 0, NULL);
  sandbox_restore (fixture->family, counted, TRUE);

  g_assert_false (fixture_apply (fixture, fixture->away));
  g_assert_true (fixture_apply (fixture, fixture->home));
  after = sandbox_save (fixture->family, MANGLE, TRUE);
  g_assert_nonnull (strstr (after, "[7:700] -A OUTPUT -j LOCAL_DIVERT\n"));
  g_assert_nonnull (strstr (after, "[7:700] -A LOCAL_DIVERT -m comment --comment nm-divert -j CONNMARK"));
  g_assert_nonnull (strstr (after, "[7:700] -A LOCAL_DIVERT -p udp -m udp --dport 5001 "));
  g_assert_nonnull (strstr (after, "[0:0] -A LOCAL_DIVERT -p udp -m udp --dport 5002 "));
  g_assert_null (strstr (after, "--dport 5003 "));
  g_assert_nonnull (strstr (after, "[7:700] -A LOCAL_DIVERT -p udp -m udp --dport 5004 "));
  g_assert_nonnull (strstr (after, "[7:700] -A LOCAL_DIVERT -p udp -m udp --dport 5005 "));
  g_assert_nonnull (strstr (after, "[7:700] -A DIVERT_GUARD -p udp -m udp --dport 5006 "));
  g_assert_null (strstr (after, "LOCAL_INTRANET_DIVERT"));
}

static void
test_hooks (Fixture       *fixture,
            gconstpointer  data)
{
  g_autofree char *text = NULL;
  g_autofree char *repaired = NULL;
  g_autofree char *moved = NULL;

  /* A missing hook is added at the head. */
  sandbox_meddle_with (fixture->family, "-t mangle -A OUTPUT -j ACCEPT");
  fixture_apply (fixture, fixture->home);
  text = save (fixture);
  g_assert_true (g_str_has_prefix (text, "-A OUTPUT -j LOCAL_DIVERT\n-A OUTPUT -j ACCEPT\n"
                                         "-A POSTROUTING -j DIVERT_GUARD\n"));

  /* A second hook, hooks with other matches, and hooks in a foreign chain are removed. */
  sandbox_meddle_with (fixture->family, "-t mangle -A OUTPUT -j LOCAL_DIVERT");
  sandbox_meddle_with (fixture->family, "-t mangle -I OUTPUT 2 -p udp -j LOCAL_DIVERT");
  sandbox_meddle_with (fixture->family, "-t mangle -I OUTPUT 1 -o x -g LOCAL_DIVERT");
  sandbox_meddle_with (fixture->family, "-t mangle -A INPUT -j DIVERT_GUARD");
  sandbox_meddle_with (fixture->family, "-t mangle -N ZZZ");
  sandbox_meddle_with (fixture->family, "-t mangle -A ZZZ -j DIVERT_GUARD");
  sandbox_meddle_with (fixture->family, "-t mangle -A LOCAL_DIVERT -j DIVERT_GUARD");
  g_assert_true (fixture_apply (fixture, fixture->home));
  repaired = save (fixture);
  g_assert_cmpstr (repaired, ==, text);

  /* A hook that was moved stays where it is. */
  sandbox_meddle_with (fixture->family, "-t mangle -D OUTPUT 1");
  sandbox_meddle_with (fixture->family, "-t mangle -A OUTPUT -j LOCAL_DIVERT");
  g_assert_false (fixture_apply (fixture, fixture->home));
  moved = save (fixture);
  g_assert_true (g_str_has_prefix (moved, "-A OUTPUT -j ACCEPT\n-A OUTPUT -j LOCAL_DIVERT\n"));

  /* If somebody flushes everything, everything is installed again. */
  sandbox_meddle_with (fixture->family, "-t mangle -F");
  sandbox_meddle_with (fixture->family, "-t mangle -X");
  sandbox_meddle_with (fixture->family, "-t mangle -A OUTPUT -j ACCEPT");
  g_assert_true (fixture_apply (fixture, fixture->home));
  {
    g_autofree char *again = save (fixture);

    g_assert_cmpstr (again, ==, text);
  }
}

/* Whatever somebody does to our chains, the next apply repairs it. */
static void
test_repair (Fixture       *fixture,
             gconstpointer  data)
{
  static const char *const meddlings[] = {
    "-t mangle -I LOCAL_DIVERT 1 -j ACCEPT",
    "-t mangle -A LOCAL_DIVERT -j ACCEPT",
    "-t mangle -D LOCAL_DIVERT 2",
    "-t mangle -R LOCAL_DIVERT 2 -j ACCEPT",
    "-t mangle -R LOCAL_DIVERT 3 -p udp -m udp --dport 5003 -j LOCAL_INTRANET_DIVERT", /* jump for goto */
    "-t mangle -R LOCAL_DIVERT 2 -p udp -m udp --dport 5001 -j MARK --set-xmark 0x18/0xff",
    ("-t mangle -R LOCAL_DIVERT 2 -p udp -m udp --dport 5001 -m comment --comment nm-divert "
     "-j MARK --set-xmark 0x17/0xff"),
    "-t mangle -R LOCAL_DIVERT 2 -p udp -m udp --dport 5001:5002 -j MARK --set-xmark 0x17/0xff",
    "-t mangle -F LOCAL_DIVERT",
    "-t mangle -F LOCAL_INTRANET_DIVERT",
    "-t mangle -D OUTPUT 1",
  };
  g_autofree char *wanted = NULL;

  fixture_apply (fixture, fixture->away);
  wanted = save (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (meddlings); i++)
    {
      g_autofree char *text = NULL;

      sandbox_meddle_with (fixture->family, meddlings[i]);
      g_assert_true (fixture_apply (fixture, fixture->away));
      text = save (fixture);
      g_assert_cmpstr (text, ==, wanted);
    }
}

static void
test_read (Fixture       *fixture,
           gconstpointer  data)
{
  g_autofree char *expected = divert_xt_table_to_text (fixture->away, fixture->family, MANGLE);
  g_autofree char *text = NULL;
  g_autofree char *with_other = NULL;
  g_autofree char *full = NULL;

  fixture_apply (fixture, fixture->away);
  sandbox_meddle_with (fixture->family, "-t mangle -A OUTPUT -p tcp -j ACCEPT");
  text = divert_iptables_read_text (fixture->family, MANGLE, NULL);
  g_assert_cmpstr (text, ==, expected);

  /* Rules that a DivertXtRule can't express. */
  sandbox_meddle_with (fixture->family, "-t mangle -A LOCAL_DIVERT -p tcp");
  sandbox_meddle_with (fixture->family, "-t mangle -A LOCAL_DIVERT -p tcp -m tcp --sport 1:2 -j RETURN");
  sandbox_meddle_with (fixture->family, "-t mangle -A LOCAL_DIVERT -m state --state NEW -j RETURN");
  sandbox_meddle_with (fixture->family, "-t mangle -A LOCAL_DIVERT ! -p tcp -j RETURN");
  sandbox_meddle_with (fixture->family, "-t mangle -A LOCAL_DIVERT -i lo+ -j RETURN");
  sandbox_meddle_with (fixture->family, "-t mangle -N ZZZ");
  sandbox_meddle_with (fixture->family, "-t mangle -A ZZZ -j LOCAL_DIVERT");
  with_other = divert_iptables_read_text (fixture->family, MANGLE, NULL);
  full = g_strconcat (expected,
                      "# rule 6 of LOCAL_DIVERT is none of ours: ''\n"
                      "# rule 7 of LOCAL_DIVERT is none of ours: 'RETURN'\n"
                      "# rule 8 of LOCAL_DIVERT is none of ours: 'RETURN'\n"
                      "# rule 9 of LOCAL_DIVERT is none of ours: 'RETURN'\n"
                      "# rule 10 of LOCAL_DIVERT is none of ours: 'RETURN'\n"
                      "# rule 1 of ZZZ is none of ours: 'LOCAL_DIVERT'\n", NULL);
  g_assert_cmpstr (with_other, ==, full);
}

static void
test_count_dropped (Fixture       *fixture,
                    gconstpointer  data)
{
  guint64 packets = 1;
  g_autoptr(GError) error = NULL;

  fixture_apply (fixture, fixture->away);
  sandbox_meddle_with (fixture->family, "-t mangle -A OUTPUT -p udp --dport 5007 -j DROP");
  sandbox_send (fixture->family, 5006, 3);
  sandbox_send (fixture->family, 5005, 4);
  sandbox_send (fixture->family, 5007, 5);
  g_assert_true (fixture->backend->klass->count_dropped (fixture->backend, &packets, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (packets, ==, 3);
  sandbox_apply (fixture->away, MANGLE, !fixture->family);
  sandbox_send (!fixture->family, 5006, 2);
  g_assert_true (fixture->backend->klass->count_dropped (fixture->backend, &packets, &error));
  g_assert_cmpuint (packets, ==, 5);
}

int
main (int    argc,
      char **argv)
{
  static const FixtureCase cases[] = {
    { "twice", test_twice },
    { "no-table", test_no_table },
    { "foreign", test_foreign },
    { "foreign-between", test_foreign_between },
    { "own-counters", test_own_counters },
    { "hooks", test_hooks },
    { "repair", test_repair },
    { "read", test_read },
    { "count-dropped", test_count_dropped },
  };

  test_needs_namespaces ();
  test_needs ("ip", "iptables-legacy", "ip6tables-legacy", NULL);
  g_test_init (&argc, &argv, NULL);
  fixture_add_cases ("apply", make_rules, cases, G_N_ELEMENTS (cases));
  return g_test_run ();
}
