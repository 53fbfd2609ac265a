/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fake backend: the same contract as a real one, in memory. */
#include "backend-fake.h"

static DivertRuleset *
make_ruleset (DivertFamilies families)
{
  DivertRuleset *ruleset = divert_ruleset_new_empty ();

  g_ptr_array_add (ruleset->rules, divert_rule_new (DIVERT_CHAIN_JUDGE, families));
  return ruleset;
}

static guint
apply (DivertBackend *backend,
       DivertRuleset *ruleset)
{
  DivertApplied applied = { 0, 0, FALSE };
  g_autoptr(GError) error = NULL;

  g_assert_true (backend->klass->apply (backend, ruleset, &applied, &error));
  g_assert_no_error (error);
  g_assert_true (applied.guarded);
  return applied.writes;
}

static gboolean
is_any_there (DivertBackend *backend)
{
  gboolean any = 2;

  g_assert_true (backend->klass->inspect (backend, &any, NULL));
  return any;
}

static void
test_apply (void)
{
  g_autoptr(DivertBackend) backend = divert_backend_fake_new ();
  g_autoptr(DivertRuleset) ipv6 = make_ruleset (DIVERT_FAMILIES_IPV6);
  g_autoptr(DivertRuleset) both = make_ruleset (DIVERT_FAMILIES_BOTH);
  g_autoptr(DivertRuleset) nothing = divert_ruleset_new_empty ();

  g_assert_cmpuint (apply (backend, nothing), ==, 0);
  g_assert_false (is_any_there (backend));
  g_assert_cmpuint (apply (backend, ipv6), ==, 1);
  g_assert_cmpuint (apply (backend, ipv6), ==, 0);
  g_assert_true (is_any_there (backend));
  g_assert_cmpuint (apply (backend, both), ==, 1);
  g_assert_cmpuint (apply (backend, nothing), ==, 2);
  g_assert_cmpstr (divert_backend_fake_get_log (backend), ==, "IPv6\nIPv4\nIPv4\nIPv6\n");
}

static void
test_error (void)
{
  g_autoptr(DivertBackend) backend = divert_backend_fake_new ();
  g_autoptr(DivertRuleset) ruleset = make_ruleset (DIVERT_FAMILIES_BOTH);
  g_autoptr(GError) busy = g_error_new_literal (DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_BUSY, "held");
  g_autoptr(GError) error = NULL;
  DivertApplied applied = { 0, 0, FALSE };

  divert_backend_fake_set_error (backend, busy);
  g_assert_false (backend->klass->apply (backend, ruleset, &applied, &error));
  g_assert_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_BUSY);
  g_assert_cmpuint (applied.writes, ==, 0);
  g_clear_error (&error);
  g_assert_false (backend->klass->probe (backend, DIVERT_FAMILY_IPV4, &error));
  g_assert_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_BUSY);

  divert_backend_fake_set_error (backend, NULL);
  g_assert_true (backend->klass->probe (backend, DIVERT_FAMILY_IPV4, NULL));
  g_assert_cmpuint (apply (backend, ruleset), ==, 2);
}

static void
test_dropped (void)
{
  g_autoptr(DivertBackend) backend = divert_backend_fake_new ();
  guint64 packets = 1;

  g_assert_true (backend->klass->count_dropped (backend, &packets, NULL));
  g_assert_cmpuint (packets, ==, 0);
  divert_backend_fake_set_dropped (backend, 17);
  g_assert_true (backend->klass->count_dropped (backend, &packets, NULL));
  g_assert_cmpuint (packets, ==, 17);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/backend-fake/apply", test_apply);
  g_test_add_func ("/backend-fake/error", test_error);
  g_test_add_func ("/backend-fake/dropped", test_dropped);
  return g_test_run ();
}
