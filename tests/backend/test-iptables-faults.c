/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can go wrong at a commit. Somebody else writes at the same moment or holds the lock, the kernel refuses or lacks
 * something, we lack permission, or we are killed.
 */
#include "iptables-fixture.h"
#include "system/filter/iptables/iptables.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>

#define MANGLE DIVERT_XT_MANGLE

/* A hook, and a chain that marks with @value. */
static GArray *
make_marks (guint32        value,
            DivertXtTarget target)
{
  GArray *rules = sandbox_rules_new ();
  const DivertXtRule hook = { .table = MANGLE, .chain = "OUTPUT", .target = DIVERT_XT_JUMP, .to = "LOCAL_DIVERT" };
  const DivertXtRule rule = { .table = MANGLE, .chain = "LOCAL_DIVERT", .protocol = IPPROTO_TCP, .tagged = TRUE,
                              .target = target, .value = value, .mask = 0xff, .port = 22223 };

  sandbox_rules_add (rules, &hook);
  for (guint i = 0; i < value; i++)
    sandbox_rules_add (rules, &rule);
  return rules;
}

static GArray *
make_rules (gboolean home)
{
  return make_marks (home ? 5 : 3, DIVERT_XT_MARK);
}

static char *
apply_fails (Fixture      *fixture,
             const GArray *rules,
             int           code)
{
  return sandbox_apply_fails (rules, MANGLE, fixture->family, code);
}

typedef struct
{
  DivertFamily  family;
  SandboxWrite  write;     /* meddle before this one */
  guint         times;
  const char   *arguments; /* of iptables */
  int           code;
  guint         done;
} Meddler;

static int
meddle (SandboxWrite write,
        gpointer     data)
{
  Meddler *meddler = data;
  Sandbox us = sandbox;

  if (write != meddler->write || meddler->done == meddler->times)
    return 0;
  meddler->done++;
  /* Nobody who respects the lock could do this. */
  g_assert_false (sandbox_lock_is_free ());
  if (meddler->arguments != NULL)
    {
      sandbox.meddle = NULL;
      sandbox_meddle_with (meddler->family, meddler->arguments);
      sandbox = us;
    }
  return meddler->code;
}

/* Somebody adds a rule between our reading and our writing. The kernel says EAGAIN, and in the end both are there. */
static void
test_changed_under_us (Fixture       *fixture,
                       gconstpointer  data)
{
  Meddler meddler = { fixture->family, SANDBOX_REPLACE, 3, "-t mangle -A INPUT -j ACCEPT", 0, 0 };
  g_autofree char *text = NULL;

  sandbox.meddle = meddle;
  sandbox.meddle_data = &meddler;
  g_assert_true (fixture_apply (fixture, fixture->away));
  g_assert_cmpuint (meddler.done, ==, 3);
  g_assert_cmpuint (sandbox.n_replaced, ==, 4);
  fixture_assert_holds (fixture, fixture->away);
  text = sandbox_save_rules (fixture->family, MANGLE);
  g_assert_true (g_str_has_prefix (text, "-A INPUT -j ACCEPT\n-A INPUT -j ACCEPT\n-A INPUT -j ACCEPT\n-A OUTPUT "));
  g_assert_true (sandbox_lock_is_free ());
}

static void
test_changed_for_ever (Fixture       *fixture,
                       gconstpointer  data)
{
  Meddler meddler = { fixture->family, SANDBOX_REPLACE, G_MAXUINT, "-t mangle -A INPUT -j ACCEPT", 0, 0 };

  fixture_apply (fixture, fixture->away);
  sandbox.meddle = meddle;
  sandbox.meddle_data = &meddler;
  g_free (apply_fails (fixture, fixture->home, DIVERT_BACKEND_ERROR_BUSY));
  g_assert_cmpuint (meddler.done, ==, 10);
  fixture_assert_holds (fixture, fixture->away);
  g_assert_true (sandbox_lock_is_free ());
}

/* The rules went in, but the counters didn't, and the commit reports EINVAL. That is a success. */
static void
test_false_failure (Fixture       *fixture,
                    gconstpointer  data)
{
  Meddler meddler = { fixture->family, SANDBOX_ADD_COUNTERS, 1, "-t mangle -A INPUT -j ACCEPT", 0, 0 };

  sandbox.meddle = meddle;
  sandbox.meddle_data = &meddler;
  g_assert_true (fixture_apply (fixture, fixture->away));
  g_assert_cmpuint (meddler.done, ==, 1);
  g_assert_cmpuint (sandbox.n_replaced, ==, 1);
  fixture_assert_holds (fixture, fixture->away);
  g_assert_true (sandbox_lock_is_free ());
}

/* The same, but somebody removed our rules again at that moment. That is a failure, and the next apply repairs it. */
static void
test_true_failure (Fixture       *fixture,
                   gconstpointer  data)
{
  Meddler meddler = { fixture->family, SANDBOX_ADD_COUNTERS, 1, "-t mangle -D LOCAL_DIVERT 2", 0, 0 };

  sandbox.meddle = meddle;
  sandbox.meddle_data = &meddler;
  g_free (apply_fails (fixture, fixture->away, DIVERT_BACKEND_ERROR_REFUSED));
  g_assert_cmpuint (sandbox.n_replaced, ==, 1);
  g_assert_true (fixture_apply (fixture, fixture->away));
  fixture_assert_holds (fixture, fixture->away);
}

/* Somebody keeps changing the table without our lock. */
static void
test_storm (Fixture       *fixture,
            gconstpointer  data)
{
  const char *command = fixture->family == DIVERT_FAMILY_IPV4 ? "iptables-legacy" : "ip6tables-legacy";
  g_autofree char *script = g_strdup_printf ("for i in $(seq 2000); do %s -t mangle -A INPUT -j ACCEPT; "
                                             "done 2>/dev/null",
                                             command);
  g_autofree char *lock = g_strconcat (sandbox_get_lock_file (), ".storm", NULL);
  g_auto(GStrv) envp = g_environ_setenv (g_get_environ (), "XTABLES_LOCKFILE", lock, TRUE);
  char *argv[] = { (char *) "bash", (char *) "-c", script, NULL };
  gint64 end = g_get_monotonic_time () + G_TIME_SPAN_SECOND;
  guint applied = 0;
  GPid storm;

  fixture_apply (fixture, fixture->away);
  sandbox.n_replaced = 0;
  g_assert_true (g_spawn_async (NULL, argv, envp, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &storm,
                                NULL));
  /* Long enough for the storm to have an effect, and for this many rounds. */
  while (applied < 20 || g_get_monotonic_time () < end)
    {
      /* Without the lock we can't preserve the other's change. This test checks only our own rules. */
      fixture_apply (fixture, applied % 2 == 0 ? fixture->home : fixture->away);
      fixture_assert_holds (fixture, applied % 2 == 0 ? fixture->home : fixture->away);
      applied++;
    }
  kill (storm, SIGKILL);
  waitpid (storm, NULL, 0);
  g_test_message ("%u applied, %u asked of the kernel", applied, sandbox.n_replaced);
  g_unlink (lock);
}

static void
test_lock_held (Fixture       *fixture,
                gconstpointer  data)
{
  int fd = open (sandbox_get_lock_file (), O_RDONLY | O_CREAT, 0600);
  gint64 best = G_MAXINT64;

  fixture_apply (fixture, fixture->home);
  sandbox.n_replaced = 0;
  g_assert_cmpint (flock (fd, LOCK_EX | LOCK_NB), ==, 0);
  /* 50 ms, and the best of several tries, because a busy machine delays any single one. */
  for (guint i = 0; i < 5 || (i < 50 && best >= 100 * G_TIME_SPAN_MILLISECOND); i++)
    {
      gint64 begin = g_get_monotonic_time (), took;
      g_autofree char *message = apply_fails (fixture, fixture->away, DIVERT_BACKEND_ERROR_BUSY);

      took = g_get_monotonic_time () - begin;
      g_test_message ("%d us", (int) took);
      g_assert_nonnull (strstr (message, sandbox_get_lock_file ()));
      g_assert_cmpint (took, >=, 40 * G_TIME_SPAN_MILLISECOND);
      best = MIN (best, took);
    }
  g_assert_cmpint (best, <, 100 * G_TIME_SPAN_MILLISECOND);
  g_assert_cmpuint (sandbox.n_replaced, ==, 0);
  fixture_assert_holds (fixture, fixture->home);

  close (fd);
  g_assert_true (fixture_apply (fixture, fixture->away));
  g_assert_true (sandbox_lock_is_free ());
}

/* FALSE: there was seldom a gap. */
static gboolean
find_gaps (Fixture *fixture)
{
  const char *script = "for i in $(seq 2000); do iptables-legacy -w 1 -t filter -S; done 2>/dev/null";
  char *argv[] = { (char *) "bash", (char *) "-c", (char *) script, NULL };
  gint64 end = g_get_monotonic_time () + G_TIME_SPAN_SECOND / 2;
  guint applied = 0, busy = 0;
  GPid storm;

  g_assert_true (g_spawn_async (NULL, argv, NULL,
                                G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL,
                                NULL, NULL, &storm, NULL));
  while (applied < 20 || g_get_monotonic_time () < end)
    {
      g_autoptr(GError) error = NULL;
      gboolean wrote;

      if (divert_iptables_write (fixture->family, MANGLE, applied % 2 == 0 ? fixture->away : fixture->home, FALSE,
                                 &wrote, &error))
        applied++;
      else
        busy++;
      g_assert_true (error == NULL || g_error_matches (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_BUSY));
    }
  kill (storm, SIGKILL);
  waitpid (storm, NULL, 0);
  /* Sometimes the machine may keep the lock's holder waiting longer than we wait. */
  g_test_message ("%u times a gap, %u times none", applied, busy);
  return busy <= applied / 32 + 1;
}

/* iptables takes the lock for short moments all the time. We find a gap.  The tries differ by what else the machine
 * does. */
static void
test_lock_busy (Fixture       *fixture,
                gconstpointer  data)
{
  guint tries = 1;

  while (!find_gaps (fixture))
    g_assert_cmpuint (tries++, <, 10);
}

static void
test_lock_unopenable (Fixture       *fixture,
                      gconstpointer  data)
{
  g_autofree char *path = g_strconcat (sandbox_get_lock_file (), "/no/such/folder", NULL);

  g_setenv ("XTABLES_LOCKFILE", path, TRUE);
  g_free (apply_fails (fixture, fixture->away, DIVERT_BACKEND_ERROR_UNAVAILABLE));
  g_assert_cmpuint (sandbox.n_replaced, ==, 0);
}

/* Runs @body in a child without any capability. @body returns whether all was well. */
static void
without_capabilities (Fixture    *fixture,
                      gboolean  (*body) (Fixture *fixture))
{
  pid_t child = fork ();
  int status;

  if (child == 0)
    {
      struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
      struct __user_cap_data_struct none[2] = { 0 };

      if (syscall (SYS_capset, &header, none) != 0)
        _exit (2);
      _exit (body (fixture) ? 0 : 1);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_cmpint (status, ==, 0);
}

static gboolean
all_is_forbidden (Fixture *fixture)
{
  g_autoptr(GError) write_error = NULL;
  g_autoptr(GError) probe_error = NULL;
  g_autoptr(GError) read_error = NULL;
  g_autoptr(GError) inspect_error = NULL;
  const DivertBackendClass *klass = fixture->backend->klass;
  gboolean flag;

  return !divert_iptables_write (fixture->family, MANGLE, fixture->home, FALSE, &flag, &write_error) &&
         g_error_matches (write_error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_PERMISSION) &&
         !klass->probe (fixture->backend, fixture->family, &probe_error) &&
         g_error_matches (probe_error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_PERMISSION) &&
         divert_iptables_read_text (fixture->family, MANGLE, &read_error) == NULL &&
         g_error_matches (read_error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_PERMISSION) &&
         !klass->inspect (fixture->backend, &flag, &inspect_error) &&
         g_error_matches (inspect_error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_PERMISSION);
}

static void
test_permission (Fixture       *fixture,
                 gconstpointer  data)
{
  fixture_apply (fixture, fixture->away);
  without_capabilities (fixture, all_is_forbidden);
  fixture_assert_holds (fixture, fixture->away);
}

/* The kernel refuses, and says why only in its log. */
static void
test_refused (Fixture       *fixture,
              gconstpointer  data)
{
  g_autoptr(GArray) bad = make_marks (1, DIVERT_XT_TPROXY);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *message = NULL;

  fixture_apply (fixture, fixture->away);
  before = sandbox_save (fixture->family, MANGLE, TRUE);
  message = apply_fails (fixture, bad, DIVERT_BACKEND_ERROR_REFUSED);
  g_assert_nonnull (strstr (message, "TPROXY"));
  g_assert_nonnull (strstr (message, "only usable from PREROUTING"));
  after = sandbox_save (fixture->family, MANGLE, TRUE);
  g_assert_cmpstr (after, ==, before);
  g_assert_true (sandbox_lock_is_free ());
}

static void
assert_probe_fails (Fixture    *fixture,
                    const char *lacking,
                    int         code,
                    const char *expected)
{
  g_autoptr(GError) error = NULL;

  sandbox.lacking = lacking;
  sandbox.lacking_error = code;
  g_assert_false (fixture->backend->klass->probe (fixture->backend, fixture->family, &error));
  g_assert_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_UNAVAILABLE);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, expected));
}

static void
test_probe (Fixture       *fixture,
            gconstpointer  data)
{
  g_autoptr(GError) error = NULL;

  g_assert_true (fixture->backend->klass->probe (fixture->backend, fixture->family, &error));
  g_assert_no_error (error);
  assert_probe_fails (fixture, "TPROXY", ENOENT, "'TPROXY'");
  assert_probe_fails (fixture, "owner", EPROTONOSUPPORT, "'owner'");
  fixture->backend->needs_cgroups = TRUE;
  assert_probe_fails (fixture, "cgroup", ENOENT, "'cgroup'");
  fixture->backend->needs_cgroups = FALSE;
  assert_probe_fails (fixture, "tcp", ENOPROTOOPT,
                      fixture->family == DIVERT_FAMILY_IPV4 ? "'ip_tables'" : "'ip6_tables'");
}

/* After SIGKILL at any moment, either the old or the new set is there. */
static void
test_killed (Fixture       *fixture,
             gconstpointer  data)
{
  g_autofree char *text_a = divert_xt_table_to_text (fixture->away, fixture->family, MANGLE);
  g_autofree char *text_b = divert_xt_table_to_text (fixture->home, fixture->family, MANGLE);

  fixture_apply (fixture, fixture->away);
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *text = NULL;
      pid_t child = fork ();

      if (child == 0)
        for (guint j = 0;; j++)
          fixture_apply (fixture, j % 2 == 0 ? fixture->home : fixture->away);
      g_usleep (g_test_rand_int_range (0, 3000));
      kill (child, SIGKILL);
      g_assert_cmpint (waitpid (child, NULL, 0), ==, child);

      text = divert_iptables_read_text (fixture->family, MANGLE, NULL);
      g_assert_true (g_str_equal (text, text_a) || g_str_equal (text, text_b));
      g_assert_true (sandbox_lock_is_free ());
    }
}

int
main (int    argc,
      char **argv)
{
  static const FixtureCase cases[] = {
    { "changed-under-us", test_changed_under_us },
    { "changed-for-ever", test_changed_for_ever },
    { "false-failure", test_false_failure },
    { "true-failure", test_true_failure },
    { "storm", test_storm },
    { "lock-held", test_lock_held },
    { "lock-busy", test_lock_busy },
    { "lock-unopenable", test_lock_unopenable },
    { "permission", test_permission },
    { "refused", test_refused },
    { "probe", test_probe },
    { "killed", test_killed },
  };

  test_needs_namespaces ();
  test_needs ("ip", "iptables-legacy", "ip6tables-legacy", NULL);
  g_test_init (&argc, &argv, NULL);
  fixture_add_cases ("faults", make_rules, cases, G_N_ELEMENTS (cases));
  return g_test_run ();
}
