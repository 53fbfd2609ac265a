/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The backend's fault points: stopped, killed or failing before and after a commit.
 * Only in a build with the option fault-points.
 */
#include "system/filter/iptables/iptables.h"
#include "sandbox.h"
#include "system/base/fault.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANGLE DIVERT_TABLE_MANGLE

typedef struct
{
  DivertFamily   family;
  DivertBackend *backend;
  DivertRuleset *ruleset;
  char          *before, *after; /* what read tells of nothing and of the ruleset */
} Fixture;

static void
set_up (Fixture       *fixture,
        gconstpointer  family)
{
  g_autoptr(DivertRuleset) nothing = divert_ruleset_new_empty ();
  const DivertRule hook = { .table = MANGLE, .chain = "OUTPUT", .families = DIVERT_FAMILIES_BOTH,
                            .target = DIVERT_TARGET_JUMP, .to = "LOCAL_DIVERT" };
  const DivertRule rule = { .table = MANGLE, .chain = "LOCAL_DIVERT", .families = DIVERT_FAMILIES_BOTH,
                            .tagged = TRUE };

  sandbox_enter ();
  fixture->family = GPOINTER_TO_UINT (family);
  fixture->backend = divert_backend_iptables_new ();
  fixture->ruleset = divert_ruleset_new_empty ();
  sandbox_ruleset_add (fixture->ruleset, &hook);
  sandbox_ruleset_add (fixture->ruleset, &rule);
  fixture->before = divert_ruleset_to_save_text (nothing, fixture->family, MANGLE);
  fixture->after = divert_ruleset_to_save_text (fixture->ruleset, fixture->family, MANGLE);
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  family)
{
  g_unsetenv ("DIVERT_FAULT");
  divert_backend_free (fixture->backend);
  divert_ruleset_free (fixture->ruleset);
  g_free (fixture->before);
  g_free (fixture->after);
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

static void
assert_reads (Fixture    *fixture,
              const char *expected)
{
  g_autofree char *text = fixture->backend->klass->read (fixture->backend, MANGLE, fixture->family, NULL);

  g_assert_cmpstr (text, ==, expected);
}

static gboolean
lock_is_free (void)
{
  int fd = open (sandbox_get_lock_file (), O_RDONLY | O_CREAT, 0600);
  gboolean locked = flock (fd, LOCK_EX | LOCK_NB) == 0;

  close (fd);
  return locked;
}

static pid_t
apply_in_child (Fixture *fixture)
{
  pid_t child = fork ();

  if (child == 0)
    {
      gboolean applied = fixture->backend->klass->apply (fixture->backend, fixture->ruleset, MANGLE, fixture->family,
                                                         NULL, NULL);

      _exit (applied ? 0 : 1);
    }
  return child;
}

static void
check_stop (Fixture    *fixture,
            const char *when,
            const char *expected)
{
  pid_t child;
  int status;

  set_fault (fixture, when, "stop");
  child = apply_in_child (fixture);
  g_assert_cmpint (waitpid (child, &status, WUNTRACED), ==, child);
  g_assert_true (WIFSTOPPED (status));
  assert_reads (fixture, expected);
  g_assert_false (lock_is_free ());

  kill (child, SIGCONT);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_cmpint (status, ==, 0);
  assert_reads (fixture, fixture->after);
  g_assert_true (lock_is_free ());
}

static void
test_stop_before (Fixture       *fixture,
                  gconstpointer  data)
{
  check_stop (fixture, "before", fixture->before);
}

static void
test_stop_after (Fixture       *fixture,
                 gconstpointer  data)
{
  check_stop (fixture, "after", fixture->after);
}

static void
check_kill (Fixture    *fixture,
            const char *when,
            const char *expected)
{
  pid_t child;
  int status;

  set_fault (fixture, when, "kill");
  child = apply_in_child (fixture);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFSIGNALED (status));
  assert_reads (fixture, expected);
  g_assert_true (lock_is_free ());
}

static void
test_kill_before (Fixture       *fixture,
                  gconstpointer  data)
{
  check_kill (fixture, "before", fixture->before);
}

static void
test_kill_after (Fixture       *fixture,
                 gconstpointer  data)
{
  check_kill (fixture, "after", fixture->after);
}

static void
test_fail_before (Fixture       *fixture,
                  gconstpointer  data)
{
  set_fault (fixture, "before", "fail");
  g_free (sandbox_apply_fails (fixture->backend, fixture->ruleset, MANGLE, fixture->family,
                               DIVERT_BACKEND_ERROR_REFUSED));
  assert_reads (fixture, fixture->before);
}

static void
test_fail_after (Fixture       *fixture,
                 gconstpointer  data)
{
  set_fault (fixture, "after", "fail");
  g_assert_true (sandbox_apply (fixture->backend, fixture->ruleset, MANGLE, fixture->family));
  assert_reads (fixture, fixture->after);
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
  static const struct
  {
    const char *name;
    void      (*test) (Fixture *fixture, gconstpointer data);
  } tests[] = {
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
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
      {
        g_autofree char *path = g_strdup_printf ("/iptables/fault-points/%s/%s", tests[i].name,
                                                 divert_family_name (family));

        g_test_add (path, Fixture, GUINT_TO_POINTER (family), set_up, tests[i].test, tear_down);
      }
  return g_test_run ();
}
