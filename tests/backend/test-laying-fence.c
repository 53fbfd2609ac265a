/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a decision to the kernel: the fence, and the guard beside the rules. */
#include "laying-fixture.h"

#include <net/if.h>

#include "system/sources/kernel/kernel-read.h"
#include "values.h"

static gboolean
is_fence_open (void)
{
  g_autofree char *routes = test_output ("ip route show table all");

  return test_count (routes, "throw 192.168.22.0/24") == 1;
}

/* The fence opens last, and only if the rules are there, because otherwise nothing else would stop a packet. */
static void
test_fence_waits (Fixture       *f,
                  gconstpointer  user_data)
{
  set_error (f, DIVERT_BACKEND_ERROR_REFUSED);
  g_assert_cmpint (lay_granting (f, DIVERT_MODE_AUTO, "192.168.22.0/24", TRUE, NULL), ==, DIVERT_LAID_NOT);
  g_assert_false (is_fence_open ());
  set_error (f, -1);
  g_assert_cmpint (lay_granting (f, DIVERT_MODE_AUTO, "192.168.22.0/24", TRUE, NULL), ==, DIVERT_LAID);
  g_assert_true (is_fence_open ());
  /* It closes even if nothing else can be written. */
  set_error (f, DIVERT_BACKEND_ERROR_BUSY);
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, NULL), ==, DIVERT_LAID_NOT);
  g_assert_false (is_fence_open ());
}

static guint
count_fence (void)
{
  g_autofree char *rules = test_output ("ip rule; ip -6 rule; ip route show table 2234; ip -o link");

  return test_count (rules, "lookup 2234 proto 233") + test_count (rules, "192.168.22.0/24") +
         test_count (rules, "nm-divert-fence:");
}

/* The fence needs no lock, no tables and no group. Off removes it. */
static void
test_fence (Fixture       *f,
            gconstpointer  user_data)
{
  set_error (f, DIVERT_BACKEND_ERROR_BUSY);
  g_assert_cmpint (lay (f, DIVERT_MODE_AUTO, TRUE, NULL), ==, DIVERT_LAID_NOT);
  g_assert_cmpuint (count_fence (), ==, 3);
  set_error (f, -1);
  g_assert_cmpint (lay (f, DIVERT_MODE_OFF, TRUE, NULL), ==, DIVERT_LAID);
  g_assert_cmpuint (count_fence (), ==, 0);
  lay (f, DIVERT_MODE_AUTO, FALSE, NULL);
  g_assert_cmpuint (count_fence (), ==, 3);
}

/* If the fence can't do something, that is a problem, but everything else is installed. */
static void
test_fence_fails (Fixture       *f,
                  gconstpointer  user_data)
{
  test_run ("ip link add nm-divert-fence type veth peer name far0");
  g_assert_cmpint (lay (f, DIVERT_MODE_AUTO, TRUE, NULL), ==, DIVERT_LAID);
  g_assert_cmpint (get_problem (f), ==, DIVERT_PROBLEM_APPLY);
  g_assert_true (has_rule ());
  g_assert_true (test_wait (10000, was_retried, f));
  test_run ("ip link del nm-divert-fence");
  g_assert_cmpint (lay (f, DIVERT_MODE_AUTO, TRUE, NULL), ==, DIVERT_LAID);
  g_assert_cmpuint (f->problems->len, ==, 0);
  g_assert_cmpuint (count_fence (), ==, 3);
}

static gboolean
has_guard (void)
{
  g_autofree char *tables = test_output ("nft list tables");

  return test_count (tables, "inet nm-divert-guard") == 1;
}

/* If nobody watches the helper, there is a guard beside any backend's rules, because only its grants lapse. */
static void
test_unwatched (Fixture       *f,
                gconstpointer  user_data)
{
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, NULL), ==, DIVERT_LAID);
  g_assert_false (has_guard ());
  g_unsetenv ("WATCHDOG_USEC");
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, NULL), ==, DIVERT_LAID);
  g_setenv ("WATCHDOG_USEC", "60000000", TRUE);
  g_assert_true (has_guard ());
}

static void
look_for_guard (gpointer user_data)
{
  gboolean *had_guard = user_data;

  *had_guard = has_guard ();
}

/* The grant of the internet lapses with the guard, so the guard is there before any rule lets something go. */
static void
test_guard_comes_first (Fixture       *f,
                        gconstpointer  user_data)
{
  gboolean had_guard = TRUE;

  g_unsetenv ("WATCHDOG_USEC");
  divert_backend_fake_set_applying (f->backend, look_for_guard, &had_guard);
  g_assert_cmpint (lay_granting (f, DIVERT_MODE_AUTO, "192.168.22.0/24", TRUE, NULL), ==, DIVERT_LAID);
  g_assert_false (had_guard);
  g_assert_true (has_guard ());

  g_assert_cmpint (lay (f, DIVERT_MODE_OFF, TRUE, NULL), ==, DIVERT_LAID);
  g_assert_false (has_guard ());
  f->internet = TRUE;
  g_assert_cmpint (lay_granting (f, DIVERT_MODE_AUTO, "192.168.22.0/24", TRUE, NULL), ==, DIVERT_LAID);
  g_assert_true (had_guard);
  g_setenv ("WATCHDOG_USEC", "60000000", TRUE);
}

/* … and without the guard no rule lets it go: that would never lapse.  Somebody else's table has the guard's name. */
static void
test_no_guard (Fixture       *f,
               gconstpointer  user_data)
{
  test_run ("nft add table inet nm-divert-guard");
  f->internet = TRUE;
  g_unsetenv ("WATCHDOG_USEC");
  g_assert_cmpint (lay_granting (f, DIVERT_MODE_AUTO, "192.168.22.0/24", TRUE, NULL), ==, DIVERT_LAID_NOT);
  g_assert_cmpint (get_problem (f), ==, DIVERT_PROBLEM_FOREIGN);
  g_assert_cmpstr (divert_backend_fake_get_log (f->backend), ==, "withdraw\n");
  g_assert_false (is_fence_open ());
  g_assert_null (divert_laying_get_laid (f->laying));
  g_assert_true (test_wait (10000, was_retried, f));

  /* What doesn't lapse needs no guard beside these rules. */
  g_setenv ("WATCHDOG_USEC", "60000000", TRUE);
  g_assert_cmpint (lay_granting (f, DIVERT_MODE_AUTO, "192.168.22.0/24", TRUE, NULL), ==, DIVERT_LAID);
  g_assert_cmpuint (f->problems->len, ==, 0);

  g_unsetenv ("WATCHDOG_USEC");
  test_run ("nft delete table inet nm-divert-guard");
  g_assert_cmpint (lay_granting (f, DIVERT_MODE_AUTO, "192.168.22.0/24", TRUE, NULL), ==, DIVERT_LAID);
  g_assert_cmpuint (f->problems->len, ==, 0);
  g_assert_true (has_guard ());
  g_setenv ("WATCHDOG_USEC", "60000000", TRUE);
}

static gboolean
is_fence_shut (gpointer user_data)
{
  return !is_fence_open ();
}

static void
add_exit (DivertDecision *decision,
          const char     *device)
{
  DivertExit *way_out = g_new0 (DivertExit, 1);

  way_out->device = g_strdup (device);
  way_out->ifindex = if_nametoindex (device);
  way_out->sources = divert_prefixes_new ();
  g_ptr_array_add (decision->exits, way_out);
}

/* At home, by each of @devices. */
static DivertLaid
lay_by (Fixture           *f,
        const char *const *devices)
{
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_ROUTE, NULL);
  g_autoptr(DivertKernelState) state = divert_kernel_state_read (netlink, NULL);
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AUTO, NULL);
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(DivertDecision) decision = NULL;
  const guint32 gid = 1;
  DivertApplied applied;

  g_ptr_array_unref (facts->links);
  facts->links = g_steal_pointer (&state->links);
  decision = divert_decide (f->config, mode, facts);
  decision->place = DIVERT_PLACE_SITE;
  test_prefixes_add (decision->direct, "192.168.22.0/24");
  for (; *devices != NULL; devices++)
    add_exit (decision, *devices);
  g_clear_pointer (&f->problems, g_ptr_array_unref);
  f->problems = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_problem_free);
  divert_laying_close (f->laying, f->config, decision, facts, f->problems, &applied);
  return divert_laying_lay (f->laying, f->config, &gid, decision, facts, f->problems, &applied);
}

/* If the rules can't be written, the gates that are open all the same are guarded by the links of now. */
static void
test_wire_follows (Fixture       *f,
                   gconstpointer  user_data)
{
  guint n_calls = 0;

  test_run ("for i in 0 1; do ip link add up$i type veth peer name far$i; ip link set far$i up; ip link set up$i up;"
            " done");
  test_wait_for_operstate ("up0", "UP");
  test_wait_for_operstate ("up1", "UP");
  divert_laying_set_tripwire (f->laying, NULL, test_on_call, &n_calls);
  g_assert_cmpint (lay_by (f, (const char *const[]){ "up0", NULL }), ==, DIVERT_LAID);
  g_assert_true (is_fence_open ());
  set_error (f, DIVERT_BACKEND_ERROR_BUSY);
  g_assert_cmpint (lay_by (f, (const char *const[]){ "up0", "up1", NULL }), ==, DIVERT_LAID_NOT);
  g_assert_true (is_fence_open ());
  test_run ("ip link set far1 down");
  g_assert_true (test_wait (10000, is_fence_shut, NULL));
}

int
main (int    argc,
      char **argv)
{
  test_needs_namespaces ();
  test_needs ("ip", "nft", NULL);
  g_test_init (&argc, &argv, NULL);
  /* As under a service manager: without one there is a guard as well. */
  g_setenv ("WATCHDOG_USEC", "60000000", TRUE);
  g_test_add ("/laying/fence", Fixture, NULL, set_up, test_fence, tear_down);
  g_test_add ("/laying/fence-waits", Fixture, NULL, set_up, test_fence_waits, tear_down);
  g_test_add ("/laying/unwatched", Fixture, NULL, set_up, test_unwatched, tear_down);
  g_test_add ("/laying/guard-comes-first", Fixture, NULL, set_up, test_guard_comes_first, tear_down);
  g_test_add ("/laying/no-guard", Fixture, NULL, set_up, test_no_guard, tear_down);
  g_test_add ("/laying/wire-follows", Fixture, NULL, set_up, test_wire_follows, tear_down);
  g_test_add ("/laying/fence-fails", Fixture, NULL, set_up, test_fence_fails, tear_down);
  return g_test_run ();
}
