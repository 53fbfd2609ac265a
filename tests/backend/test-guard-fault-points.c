/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guard's fault points: the helper is stopped, is killed or fails before and after each kind of write.  The table
 * is then the old one or the new one, never anything else, and the next helper makes it whole.  Only in a build with
 * the option fault-points.
 */
#include "guard-fixture.h"
#include "namespace.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

typedef GuardFixture Fixture;

static void
apply (Fixture             *f,
       const DivertRuleset *ruleset)
{
  gboolean wrote;

  f->ok = divert_guard_apply (f->guard, ruleset, FALSE, &wrote, NULL);
}

static void
come_home (Fixture *f)
{
  apply (f, f->home);
}

static void
leave (Fixture *f)
{
  apply (f, f->away);
}

static void
remove_it (Fixture *f)
{
  apply (f, f->none);
}

static void
withdraw (Fixture *f)
{
  f->ok = divert_guard_withdraw (f->guard, NULL);
}

static void
renew (Fixture *f)
{
  f->ok = divert_guard_renew (f->guard);
}

typedef struct
{
  const char *name;
  const char *point;
  void      (*prepare) (Fixture *f);
  void      (*write)   (Fixture *f);
} Case;

static const Case cases[] = {
  { "laying", "guard-commit", remove_it, come_home },
  { "arriving", "guard-commit", leave, come_home },
  { "leaving", "guard-commit", come_home, leave },
  { "removing", "guard-commit", come_home, remove_it },
  { "withdrawing", "guard-withdraw", come_home, withdraw },
  { "renewing", "guard-renew", come_home, renew },
};

static char *
list (void)
{
  return test_output ("nft -s list ruleset");
}

/* What stands once @step has succeeded. */
static char *
list_after (Fixture *f,
            void   (*step) (Fixture *f))
{
  step (f);
  g_assert_true (f->ok);
  return list ();
}

/* A helper that has prepared, and then writes with the fault. */
static pid_t
start (Fixture    *f,
       const Case *c,
       const char *when,
       const char *action)
{
  const pid_t child = fork ();

  if (child == 0)
    {
      g_autofree char *fault = g_strdup_printf ("%s-%s=%s", c->point, when, action);

      divert_guard_free (f->guard);
      f->guard = divert_guard_new (NEVER_MS);
      c->prepare (f);
      g_setenv ("DIVERT_FAULT", fault, TRUE);
      c->write (f);
      _exit (f->ok ? 0 : 1);
    }
  g_assert_cmpint (child, >, 0);
  return child;
}

static void
assert_stands (const char *expected)
{
  g_autofree char *now = list ();

  g_assert_cmpstr (now, ==, expected);
}

static void
check (Fixture    *f,
       const Case *c,
       const char *when,
       const char *action,
       const char *expected,
       const char *complete)
{
  const pid_t child = start (f, c, when, action);
  int status;

  g_assert_cmpint (waitpid (child, &status, WUNTRACED), ==, child);
  assert_stands (expected);
  if (WIFSTOPPED (status))
    {
      g_assert_cmpstr (action, ==, "stop");
      kill (child, SIGCONT);
      g_assert_cmpint (waitpid (child, &status, 0), ==, child);
      g_assert_cmpint (status, ==, 0);
      assert_stands (complete);
    }
  else if (g_str_equal (action, "kill"))
    g_assert_true (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);
  else
    g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == 1);
}

/* The same helper again, and another one. */
static void
check_next (Fixture    *f,
            const Case *c,
            const char *complete)
{
  g_autofree char *now = NULL;

  divert_guard_free (f->guard);
  f->guard = divert_guard_new (NEVER_MS);
  if (c->write == renew)
    come_home (f);
  now = list_after (f, c->write);
  g_assert_cmpstr (now, ==, complete);
}

static void
test_faults (Fixture       *f,
             gconstpointer  user_data)
{
  static const char *const actions[] = { "stop", "kill", "fail" };
  const Case *c = user_data;
  g_autofree char *old = list_after (f, c->prepare), *new = list_after (f, c->write);

  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    {
      check (f, c, "before", actions[i], old, new);
      check_next (f, c, new);
      check (f, c, "after", actions[i], new, new);
      check_next (f, c, new);
    }
}

int
main (int    argc,
      char **argv)
{
  test_needs_namespaces ();
  test_needs ("nft", NULL);
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/guard-fault-points/%s", cases[i].name);

      g_test_add (path, Fixture, &cases[i], guard_fixture_set_up, test_faults, guard_fixture_tear_down);
    }
  return g_test_run ();
}
