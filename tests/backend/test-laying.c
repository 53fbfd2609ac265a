/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a decision to the kernel: filter and ip rules in their order, and trying again. */
#include "laying-fixture.h"

#include <string.h>

#define LAID "IPv4\nIPv6\n"
#define REMOVED LAID

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
  g_assert_true (test_wait (5000, was_retried, f));
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
      g_assert_true (test_wait (5000, was_retried, f));
    }
  set_error (f, -1);
  g_assert_cmpint (lay (f, DIVERT_MODE_OFF, TRUE, NULL), ==, DIVERT_LAID);
  f->retries = 0;
  g_assert_false (test_wait (300, was_retried, f));
}

/* Where the whole can't be written, what was granted may still be taken back. Whoever holds the lock isn't asked twice,
 * and at a site nothing is taken. */
static void
test_taken_back (Fixture       *f,
                 gconstpointer  user_data)
{
  g_assert_cmpint (lay_granting (f, DIVERT_MODE_AUTO, "192.168.22.0/24", TRUE, NULL), ==, DIVERT_LAID);
  set_error (f, DIVERT_BACKEND_ERROR_BUSY);
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, NULL), ==, DIVERT_LAID_NOT);
  set_error (f, DIVERT_BACKEND_ERROR_REFUSED);
  g_assert_cmpint (lay_granting (f, DIVERT_MODE_AUTO, "192.168.22.0/25", TRUE, NULL), ==, DIVERT_LAID_NOT);
  g_assert_null (strstr (divert_backend_fake_get_log (f->backend), "withdraw"));
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, NULL), ==, DIVERT_LAID_NOT);
  g_assert_cmpint (get_problem (f), ==, DIVERT_PROBLEM_APPLY);
  g_assert_true (g_str_has_suffix (divert_backend_fake_get_log (f->backend), "withdraw\n"));
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
  g_assert_true (test_wait (5000, was_retried, f));

  for (guint i = 0; i < 3; i++)
    {
      f->retries = 0;
      lay (f, DIVERT_MODE_OFF, TRUE, NULL);
      g_assert_true (test_wait (5000, was_retried, f));
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
  g_assert_true (test_wait (5000, was_retried, f));
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
      g_assert_true (test_wait (5000, was_retried, f));
      g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, NULL), ==, DIVERT_LAID);
      g_assert_cmpint (get_problem (f), ==, DIVERT_PROBLEM_BACKEND);
    }

  divert_backend_fake_set_lacking (f->backend, DIVERT_FAMILIES_NONE, 0);
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, NULL), ==, DIVERT_LAID);
  g_assert_cmpuint (f->problems->len, ==, 0);
  g_assert_cmpstr (divert_backend_fake_get_log (f->backend), ==, "IPv4\nIPv6\n");
  g_assert_true (has_rule ());
}

/* A kernel that is too busy to say whether it has a family doesn't lack it. The rules of an earlier helper would go. */
static void
test_busy_family (Fixture       *f,
                  gconstpointer  user_data)
{
  divert_backend_fake_set_lacking (f->backend, DIVERT_FAMILIES_IPV4, DIVERT_BACKEND_ERROR_BUSY);
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, NULL), ==, DIVERT_LAID);
  g_assert_cmpint (get_problem (f), ==, DIVERT_PROBLEM_BUSY);
  g_assert_cmpstr (divert_backend_fake_get_log (f->backend), ==, LAID);
  g_assert_true (has_rule ());
  g_assert_true (test_wait (5000, was_retried, f));

  divert_backend_fake_set_lacking (f->backend, DIVERT_FAMILIES_NONE, 0);
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, NULL), ==, DIVERT_LAID);
  g_assert_cmpuint (f->problems->len, ==, 0);
  g_assert_cmpstr (divert_backend_fake_get_log (f->backend), ==, LAID);
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

/* -1: there is no table for frames. */
static void
count_granted (gpointer user_data)
{
  g_autofree char *chain = test_output ("nft list chain netdev nm-divert others-granted 2>&1 || true");

  *(int *) user_data = strstr (chain, "others-granted {") != NULL ? (int) test_count (chain, "accept") : -1;
}

static void
assert_granted (int wanted)
{
  int granted;

  count_granted (&granted);
  g_assert_cmpint (granted, ==, wanted);
}

/* What others send by our devices is held before the rules are written, and let go after that. */
static void
test_frames (Fixture       *f,
             gconstpointer  user_data)
{
  int meanwhile = -2;
  guint writes;

  test_run ("ip link add eth0 index 10 type veth peer name far0");
  divert_backend_fake_set_applying (f->backend, count_granted, &meanwhile);
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, NULL), ==, DIVERT_LAID);
  g_assert_cmpint (meanwhile, ==, -1);
  f->shared = TRUE;
  g_assert_cmpint (lay_granting (f, DIVERT_MODE_AUTO, "192.168.22.0/24", TRUE, NULL), ==, DIVERT_LAID);
  g_assert_cmpint (meanwhile, ==, 0);
  assert_granted (1);
  g_assert_cmpint (lay_granting (f, DIVERT_MODE_AUTO, "192.168.22.0/24", TRUE, &writes), ==, DIVERT_LAID);
  g_assert_cmpuint (writes, ==, 0);
  g_assert_cmpint (meanwhile, ==, 1);
  g_assert_cmpint (lay_granting (f, DIVERT_MODE_AUTO, "192.168.22.0/25", TRUE, NULL), ==, DIVERT_LAID);
  g_assert_cmpint (meanwhile, ==, 0);
  assert_granted (1);
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, NULL), ==, DIVERT_LAID);
  g_assert_cmpint (meanwhile, ==, 0);
  assert_granted (0);

  /* Without the rules it isn't let go either. */
  set_error (f, DIVERT_BACKEND_ERROR_REFUSED);
  g_assert_cmpint (lay_granting (f, DIVERT_MODE_AUTO, "192.168.22.0/24", TRUE, NULL), ==, DIVERT_LAID_NOT);
  assert_granted (0);
  set_error (f, -1);
  g_assert_cmpint (lay_granting (f, DIVERT_MODE_AUTO, "192.168.22.0/24", TRUE, NULL), ==, DIVERT_LAID);
  assert_granted (1);
  g_assert_true (divert_laying_withdraw_filters (f->laying, NULL));
  assert_granted (0);
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, FALSE, NULL), ==, DIVERT_LAID_NONE);
  assert_granted (0);

  /* Without the group there are no rules, so nothing is let go at a site either, and nothing is written again. */
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpint (lay_granting (f, DIVERT_MODE_AUTO, "192.168.22.0/24", FALSE, &writes), ==, DIVERT_LAID_NONE);
      assert_granted (0);
    }
  g_assert_cmpuint (writes, ==, 0);

  /* A device has just gone.  Older kernels take no table with it, newer ones do; with both, the grant goes. */
  g_assert_cmpint (lay_granting (f, DIVERT_MODE_AUTO, "192.168.22.0/24", TRUE, NULL), ==, DIVERT_LAID);
  assert_granted (1);
  f->gone = TRUE;
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, NULL), ==, DIVERT_LAID);
  assert_granted (0);
  f->gone = FALSE;

  /* It is taken away last. */
  g_assert_cmpint (lay_granting (f, DIVERT_MODE_AUTO, "192.168.22.0/24", TRUE, NULL), ==, DIVERT_LAID);
  g_assert_cmpint (lay (f, DIVERT_MODE_OFF, TRUE, NULL), ==, DIVERT_LAID);
  g_assert_cmpint (meanwhile, ==, 0);
  assert_granted (-1);
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, NULL), ==, DIVERT_LAID);
  assert_granted (0);
  f->shared = FALSE;
  g_assert_cmpint (lay (f, DIVERT_MODE_AWAY, TRUE, NULL), ==, DIVERT_LAID);
  assert_granted (-1);
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
  g_test_add ("/laying/frames", Fixture, NULL, set_up, test_frames, tear_down);
  g_test_add ("/laying/busy", Fixture, NULL, set_up, test_busy, tear_down);
  g_test_add ("/laying/refused", Fixture, NULL, set_up, test_refused, tear_down);
  g_test_add ("/laying/taken-back", Fixture, NULL, set_up, test_taken_back, tear_down);
  g_test_add ("/laying/unavailable", Fixture, NULL, set_up, test_unavailable, tear_down);
  g_test_add ("/laying/one-family", Fixture, NULL, set_up, test_one_family, tear_down);
  g_test_add ("/laying/busy-family", Fixture, NULL, set_up, test_busy_family, tear_down);
  g_test_add ("/laying/no-family", Fixture, NULL, set_up, test_no_family, tear_down);
  return g_test_run ();
}
