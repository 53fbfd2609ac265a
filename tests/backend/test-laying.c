/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a decision to the kernel, and trying again, with the fake backend and the routing of a network namespace.
 */
#include "run/laying.h"

#include <string.h>

#include "backend-fake.h"
#include "core/place/problem.h"
#include "namespace.h"
#include "values.h"

#define LAID "IPv4\nIPv6\n"
#define REMOVED LAID

static const char config_text[] =
  "[proxy]\ngroup=1\n"
  "[site home]\nintranet=192.168.22.0/24\nzone=home\n";

typedef struct
{
  DivertConfig  *config;
  DivertBackend *backend; /* owned by laying */
  DivertLaying  *laying;
  GPtrArray     *problems;
  guint          retries;
} Fixture;

static void
on_retry (gpointer user_data)
{
  Fixture *f = user_data;

  f->retries++;
}

static void
set_up (Fixture       *f,
        gconstpointer  user_data)
{
  g_autoptr(GError) error = NULL;

  test_namespace_enter ();
  test_run ("ip link set lo up");
  f->config = test_config_new (config_text);
  f->backend = divert_backend_fake_new ();
  f->laying = divert_laying_new (f->backend, on_retry, f, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture       *f,
           gconstpointer  user_data)
{
  g_clear_pointer (&f->problems, g_ptr_array_unref);
  divert_laying_free (f->laying);
  divert_config_free (f->config);
}

/* @direct: what is granted; NULL: nothing. */
static DivertLaid
lay_granting (Fixture        *f,
              DivertModeKind  kind,
              const char     *direct,
              gboolean        has_gid,
              guint          *ret_writes)
{
  const guint32 gid = 1;
  g_autoptr(DivertMode) mode = divert_mode_new (kind, NULL);
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(DivertDecision) decision = divert_decide (f->config, mode, facts);
  DivertApplied applied;
  DivertLaid laid;

  if (direct != NULL)
    {
      decision->place = DIVERT_PLACE_SITE;
      test_prefixes_add (decision->direct, direct);
    }
  g_clear_pointer (&f->problems, g_ptr_array_unref);
  f->problems = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_problem_free);
  divert_laying_close (f->laying, f->config, decision, facts, f->problems, &applied);
  laid = divert_laying_lay (f->laying, f->config, has_gid ? &gid : NULL, decision, facts, f->problems, &applied);
  if (ret_writes != NULL)
    *ret_writes = applied.writes;
  return laid;
}

static DivertLaid
lay (Fixture        *f,
     DivertModeKind  kind,
     gboolean        has_gid,
     guint          *ret_writes)
{
  return lay_granting (f, kind, NULL, has_gid, ret_writes);
}

static void
set_error (Fixture *f,
           gint     code)
{
  g_autoptr(GError) error = code >= 0 ? g_error_new_literal (DIVERT_BACKEND_ERROR, code, "so") : NULL;

  divert_backend_fake_set_error (f->backend, error);
}

static DivertProblemCode
get_problem (Fixture *f)
{
  g_assert_cmpuint (f->problems->len, ==, 1);
  return ((DivertProblem *) f->problems->pdata[0])->code;
}

static gboolean
has_rule (void)
{
  g_autofree char *rules = test_output ("ip rule; ip -6 rule");

  return test_count (rules, "fwmark 0x17/0xff") == 2;
}

static gboolean
was_retried (gpointer user_data)
{
  return ((Fixture *) user_data)->retries > 0;
}

static void
look_for_rule (gpointer user_data)
{
  gboolean *had_rule = user_data;

  *had_rule = has_rule ();
}

/* First the filter, then the routing. Removal is the reverse. */
static void
test_order (Fixture       *f,
            gconstpointer  user_data)
{
  gboolean had_rule = TRUE;
  guint writes;

  divert_backend_fake_set_applying (f->backend, look_for_rule, &had_rule);
  g_assert_false (divert_laying_find_rules (f->laying));
  g_assert_cmpstr (divert_laying_get_backend (f->laying), ==, "");
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, &writes), ==, DIVERT_LAID);
  /* The fence, mangle and nat by the backend, and the routing of each family. */
  g_assert_cmpuint (writes, ==, 5);
  g_assert_false (had_rule);
  g_assert_cmpstr (divert_backend_fake_get_log (f->backend), ==, LAID);
  g_assert_cmpstr (divert_laying_get_backend (f->laying), ==, "fake");
  g_assert_true (divert_laying_find_rules (f->laying));
  g_assert_true (has_rule ());

  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, &writes), ==, DIVERT_LAID);
  g_assert_cmpuint (writes, ==, 0);
  g_assert_true (had_rule);

  g_assert_cmpint (lay (f, DIVERT_MODE_OFF, TRUE, NULL), ==, DIVERT_LAID);
  g_assert_false (had_rule);
  g_assert_cmpstr (divert_backend_fake_get_log (f->backend), ==, LAID REMOVED);
  g_assert_false (divert_laying_find_rules (f->laying));
  g_assert_false (has_rule ());
  g_assert_cmpuint (f->problems->len, ==, 0);
}

/* Marked packets get their route to the proxy if they at least can't leave any other way. Otherwise there is no
 * routing. */
static void
test_partly (Fixture       *f,
             gconstpointer  user_data)
{
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, NULL), ==, DIVERT_LAID);
  g_assert_cmpint (lay (f, DIVERT_MODE_OFF, TRUE, NULL), ==, DIVERT_LAID);
  set_error (f, DIVERT_BACKEND_ERROR_FOREIGN);
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, NULL), ==, DIVERT_LAID_NOT);
  g_assert_false (has_rule ());
  divert_backend_fake_set_guards (f->backend, TRUE);
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, NULL), ==, DIVERT_LAID_NOT);
  g_assert_cmpint (get_problem (f), ==, DIVERT_PROBLEM_FOREIGN);
  g_assert_true (has_rule ());
}

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

/* Without the group there are no rules, and an earlier helper's grant is withdrawn. */
static void
test_no_group (Fixture       *f,
               gconstpointer  user_data)
{
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, FALSE, NULL), ==, DIVERT_LAID_NONE);
  g_assert_cmpstr (divert_backend_fake_get_log (f->backend), ==, "withdraw\n");
  set_error (f, DIVERT_BACKEND_ERROR_BUSY);
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, FALSE, NULL), ==, DIVERT_LAID_NOT);
  g_assert_cmpint (get_problem (f), ==, DIVERT_PROBLEM_BUSY);
  g_assert_true (test_wait (1000, was_retried, f));
  /* Removing them needs no group. */
  set_error (f, -1);
  g_assert_cmpint (lay (f, DIVERT_MODE_OFF, FALSE, NULL), ==, DIVERT_LAID);
}

static void
test_busy (Fixture       *f,
           gconstpointer  user_data)
{
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, NULL), ==, DIVERT_LAID);
  set_error (f, DIVERT_BACKEND_ERROR_BUSY);
  for (guint i = 0; i < 5; i++)
    {
      g_assert_cmpint (lay (f, DIVERT_MODE_OFF, TRUE, NULL), ==, DIVERT_LAID_NOT);
      g_assert_cmpint (get_problem (f), ==, DIVERT_PROBLEM_BUSY);
      f->retries = 0;
      g_assert_true (test_wait (1000, was_retried, f));
    }
  set_error (f, -1);
  g_assert_cmpint (lay (f, DIVERT_MODE_OFF, TRUE, NULL), ==, DIVERT_LAID);
  f->retries = 0;
  g_assert_false (test_wait (300, was_retried, f));
}

/* Events that fail too don't delay the next try, but failed tries do. */
static void
test_refused (Fixture       *f,
              gconstpointer  user_data)
{
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, NULL), ==, DIVERT_LAID);
  set_error (f, DIVERT_BACKEND_ERROR_REFUSED);
  for (guint i = 0; i < 20; i++)
    g_assert_cmpint (lay (f, DIVERT_MODE_OFF, TRUE, NULL), ==, DIVERT_LAID_NOT);
  g_assert_cmpint (get_problem (f), ==, DIVERT_PROBLEM_APPLY);
  g_assert_true (test_wait (1000, was_retried, f));

  for (guint i = 0; i < 3; i++)
    {
      f->retries = 0;
      lay (f, DIVERT_MODE_OFF, TRUE, NULL);
      g_assert_true (test_wait (2000, was_retried, f));
    }
  f->retries = 0;
  lay (f, DIVERT_MODE_OFF, TRUE, NULL);
  g_assert_false (test_wait (300, was_retried, f));
}

/* Without tables nothing is installed, and we look again later. */
static void
test_unavailable (Fixture       *f,
                  gconstpointer  user_data)
{
  set_error (f, DIVERT_BACKEND_ERROR_UNAVAILABLE);
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, NULL), ==, DIVERT_LAID_NONE);
  g_assert_cmpint (get_problem (f), ==, DIVERT_PROBLEM_BACKEND);
  g_assert_false (has_rule ());
  g_assert_true (test_wait (1000, was_retried, f));
  set_error (f, -1);
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, NULL), ==, DIVERT_LAID);
}

/* If one family lacks something, the other one isn't left open. The problem is reported, and we keep looking. */
static void
test_one_family (Fixture       *f,
                 gconstpointer  user_data)
{
  g_autofree char *rules = NULL;
  g_autofree char *rules6 = NULL;

  divert_backend_fake_set_lacking (f->backend, DIVERT_FAMILIES_IPV6, DIVERT_BACKEND_ERROR_UNAVAILABLE);
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, NULL), ==, DIVERT_LAID);
  g_assert_cmpint (get_problem (f), ==, DIVERT_PROBLEM_BACKEND);
  g_assert_cmpstr (divert_backend_fake_get_log (f->backend), ==, "IPv4\n");
  rules = test_output ("ip rule");
  rules6 = test_output ("ip -6 rule");
  g_assert_cmpuint (test_count (rules, "fwmark 0x17/0xff"), ==, 1);
  g_assert_cmpuint (test_count (rules6, "fwmark 0x17/0xff"), ==, 0);
  for (guint i = 0; i < 3; i++)
    {
      f->retries = 0;
      g_assert_true (test_wait (2000, was_retried, f));
      g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, NULL), ==, DIVERT_LAID);
      g_assert_cmpint (get_problem (f), ==, DIVERT_PROBLEM_BACKEND);
    }

  divert_backend_fake_set_lacking (f->backend, DIVERT_FAMILIES_NONE, 0);
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, NULL), ==, DIVERT_LAID);
  g_assert_cmpuint (f->problems->len, ==, 0);
  g_assert_cmpstr (divert_backend_fake_get_log (f->backend), ==, "IPv4\nIPv6\n");
  g_assert_true (has_rule ());
}

/* If the kernel doesn't support a family, nothing can leave through it. */
static void
test_no_family (Fixture       *f,
                gconstpointer  user_data)
{
  divert_backend_fake_set_lacking (f->backend, DIVERT_FAMILIES_IPV6, DIVERT_BACKEND_ERROR_NO_FAMILY);
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, NULL), ==, DIVERT_LAID);
  g_assert_cmpuint (f->problems->len, ==, 0);
  g_assert_cmpstr (divert_backend_fake_get_log (f->backend), ==, "IPv4\n");
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

int
main (int    argc,
      char **argv)
{
  test_needs_namespaces ();
  test_needs ("ip", "nft", NULL);
  g_test_init (&argc, &argv, NULL);
  /* As under a service manager: without one there is a guard as well. */
  g_setenv ("WATCHDOG_USEC", "60000000", TRUE);
  g_test_add ("/laying/order", Fixture, NULL, set_up, test_order, tear_down);
  g_test_add ("/laying/partly", Fixture, NULL, set_up, test_partly, tear_down);
  g_test_add ("/laying/no-group", Fixture, NULL, set_up, test_no_group, tear_down);
  g_test_add ("/laying/busy", Fixture, NULL, set_up, test_busy, tear_down);
  g_test_add ("/laying/refused", Fixture, NULL, set_up, test_refused, tear_down);
  g_test_add ("/laying/unavailable", Fixture, NULL, set_up, test_unavailable, tear_down);
  g_test_add ("/laying/one-family", Fixture, NULL, set_up, test_one_family, tear_down);
  g_test_add ("/laying/no-family", Fixture, NULL, set_up, test_no_family, tear_down);
  g_test_add ("/laying/fence", Fixture, NULL, set_up, test_fence, tear_down);
  g_test_add ("/laying/fence-waits", Fixture, NULL, set_up, test_fence_waits, tear_down);
  g_test_add ("/laying/unwatched", Fixture, NULL, set_up, test_unwatched, tear_down);
  g_test_add ("/laying/fence-fails", Fixture, NULL, set_up, test_fence_fails, tear_down);
  return g_test_run ();
}
