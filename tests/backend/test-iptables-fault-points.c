/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The backend's fault points: it is stopped, is killed or fails before and after a commit. Only in a build with the
 * option fault-points.
 */
#include "iptables-fixture.h"
#include "system/filter/iptables/iptables.h"
#include "system/base/fault.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANGLE DIVERT_XT_MANGLE

/* One hook and one chain. */
static GArray *
make_rules (gboolean home)
{
  GArray *rules = sandbox_rules_new ();

  fixture_add_rule (rules, MANGLE, "OUTPUT", 0, DIVERT_XT_JUMP, "LOCAL_DIVERT");
  fixture_add_rule (rules, MANGLE, "LOCAL_DIVERT", 0, DIVERT_XT_RETURN, "");
  return rules;
}

static void
set_fault (Fixture    *fixture,
           const char *when,
           const char *action)
{
  const char *family = divert_family_name (fixture->family);
  g_autofree char *fault = g_strdup_printf ("iptables-commit-%s:mangle:%s=%s", when, family, action);

  g_setenv ("DIVERT_FAULT", fault, TRUE);
}

static pid_t
apply_in_child (Fixture *fixture)
{
  pid_t child = fork ();

  if (child == 0)
    {
      gboolean wrote;

      _exit (divert_iptables_write (fixture->family, MANGLE, fixture->away, FALSE, &wrote, NULL) ? 0 : 1);
    }
  return child;
}

static void
check_stop (Fixture      *fixture,
            const char   *when,
            const GArray *expected)
{
  pid_t child;
  int status;

  set_fault (fixture, when, "stop");
  child = apply_in_child (fixture);
  g_assert_cmpint (waitpid (child, &status, WUNTRACED), ==, child);
  g_assert_true (WIFSTOPPED (status));
  fixture_assert_holds (fixture, expected);
  g_assert_false (sandbox_lock_is_free ());

  kill (child, SIGCONT);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_cmpint (status, ==, 0);
  fixture_assert_holds (fixture, fixture->away);
  g_assert_true (sandbox_lock_is_free ());
}

static void
test_stop_before (Fixture       *fixture,
                  gconstpointer  data)
{
  check_stop (fixture, "before", fixture->nothing);
}

static void
test_stop_after (Fixture       *fixture,
                 gconstpointer  data)
{
  check_stop (fixture, "after", fixture->away);
}

static void
check_kill (Fixture      *fixture,
            const char   *when,
            const GArray *expected)
{
  pid_t child;
  int status;

  set_fault (fixture, when, "kill");
  child = apply_in_child (fixture);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFSIGNALED (status));
  fixture_assert_holds (fixture, expected);
  g_assert_true (sandbox_lock_is_free ());
}

static void
test_kill_before (Fixture       *fixture,
                  gconstpointer  data)
{
  check_kill (fixture, "before", fixture->nothing);
}

static void
test_kill_after (Fixture       *fixture,
                 gconstpointer  data)
{
  check_kill (fixture, "after", fixture->away);
}

static void
test_fail_before (Fixture       *fixture,
                  gconstpointer  data)
{
  set_fault (fixture, "before", "fail");
  g_free (sandbox_apply_fails (fixture->away, MANGLE, fixture->family, DIVERT_BACKEND_ERROR_REFUSED));
  fixture_assert_holds (fixture, fixture->nothing);
}

static void
test_fail_after (Fixture       *fixture,
                 gconstpointer  data)
{
  set_fault (fixture, "after", "fail");
  g_assert_true (sandbox_apply (fixture->away, MANGLE, fixture->family));
  fixture_assert_holds (fixture, fixture->away);
}

/* Another point's name, a longer one, and nonsense. */
static void
test_others (void)
{
  static const char *const faults[] = { "", "point", "=fail", "poin=fail", "points=fail", "point=", "point=false" };

  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      g_setenv ("DIVERT_FAULT", faults[i], TRUE);
      g_assert_false (divert_fault_point ("point"));
    }
  g_setenv ("DIVERT_FAULT", "point:1=fail", TRUE);
  g_assert_true (divert_fault_point ("point:%u", 1));
  g_assert_false (divert_fault_point ("point:%u", 2));
  g_unsetenv ("DIVERT_FAULT");
  g_assert_false (divert_fault_point ("point:%u", 1));
}

int
main (int    argc,
      char **argv)
{
  static const FixtureCase cases[] = {
    { "stop-before", test_stop_before },
    { "stop-after", test_stop_after },
    { "kill-before", test_kill_before },
    { "kill-after", test_kill_after },
    { "fail-before", test_fail_before },
    { "fail-after", test_fail_after },
  };

  test_needs_namespaces ();
  test_needs ("ip", "iptables-legacy", "ip6tables-legacy", NULL);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/iptables/fault-points/others", test_others);
  fixture_add_cases ("fault-points", make_rules, cases, G_N_ELEMENTS (cases));
  return g_test_run ();
}
