/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fake backend: the same contract as a real one, in memory. */
#include "backend-fake.h"

#include <string.h>

static DivertRuleset *
make_ruleset (const char *chain)
{
  DivertRuleset *ruleset = divert_ruleset_new_empty ();
  DivertRule *rule = g_new0 (DivertRule, 1);

  rule->table = DIVERT_TABLE_MANGLE;
  rule->families = DIVERT_FAMILIES_BOTH;
  g_strlcpy (rule->chain, chain, sizeof rule->chain);
  g_ptr_array_add (ruleset->rules, rule);
  return ruleset;
}

static gboolean
apply (DivertBackend       *backend,
       const DivertRuleset *ruleset,
       DivertTable          table,
       DivertFamily         family)
{
  gboolean wrote;
  g_autoptr(GError) error = NULL;

  g_assert_true (backend->klass->apply (backend, ruleset, table, family, &wrote, &error));
  g_assert_no_error (error);
  return wrote;
}

static void
test_apply (void)
{
  g_autoptr(DivertBackend) backend = divert_backend_fake_new ();
  g_autoptr(DivertRuleset) ruleset = make_ruleset ("LOCAL_DIVERT");
  g_autoptr(DivertRuleset) nothing = divert_ruleset_new_empty ();
  g_autofree char *expected = divert_ruleset_to_save_text (ruleset, DIVERT_FAMILY_IPV6, DIVERT_TABLE_MANGLE);
  g_autofree char *expected_nothing = divert_ruleset_to_save_text (nothing, DIVERT_FAMILY_IPV4, DIVERT_TABLE_MANGLE);
  g_autofree char *ipv4 = NULL;
  g_autofree char *ipv6 = NULL;

  g_assert_false (apply (backend, nothing, DIVERT_TABLE_MANGLE, DIVERT_FAMILY_IPV4));
  g_assert_true (apply (backend, ruleset, DIVERT_TABLE_MANGLE, DIVERT_FAMILY_IPV6));
  g_assert_false (apply (backend, ruleset, DIVERT_TABLE_MANGLE, DIVERT_FAMILY_IPV6));
  g_assert_false (apply (backend, ruleset, DIVERT_TABLE_NAT, DIVERT_FAMILY_IPV6));
  ipv4 = backend->klass->read (backend, DIVERT_TABLE_MANGLE, DIVERT_FAMILY_IPV4, NULL);
  ipv6 = backend->klass->read (backend, DIVERT_TABLE_MANGLE, DIVERT_FAMILY_IPV6, NULL);
  g_assert_cmpstr (ipv4, ==, expected_nothing);
  g_assert_cmpstr (ipv6, ==, expected);

  g_assert_true (apply (backend, ruleset, DIVERT_TABLE_MANGLE, DIVERT_FAMILY_IPV4));
  g_assert_true (apply (backend, nothing, DIVERT_TABLE_MANGLE, DIVERT_FAMILY_IPV6));
  g_assert_cmpstr (divert_backend_fake_get_log (backend), ==, "mangle IPv6\nmangle IPv4\nmangle IPv6\n");
}

static void
test_error (void)
{
  g_autoptr(DivertBackend) backend = divert_backend_fake_new ();
  g_autoptr(DivertRuleset) ruleset = make_ruleset ("LOCAL_DIVERT");
  g_autoptr(GError) busy = g_error_new_literal (DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_BUSY, "held");
  g_autoptr(GError) error = NULL;
  gboolean wrote = 2;

  divert_backend_fake_set_error (backend, busy);
  g_assert_false (backend->klass->apply (backend, ruleset, DIVERT_TABLE_MANGLE, DIVERT_FAMILY_IPV4, &wrote, &error));
  g_assert_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_BUSY);
  g_assert_cmpint (wrote, ==, 2);
  g_clear_error (&error);
  g_assert_false (backend->klass->probe (backend, DIVERT_FAMILY_IPV4, &error));
  g_assert_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_BUSY);

  divert_backend_fake_set_error (backend, NULL);
  g_assert_true (backend->klass->probe (backend, DIVERT_FAMILY_IPV4, NULL));
  g_assert_true (apply (backend, ruleset, DIVERT_TABLE_MANGLE, DIVERT_FAMILY_IPV4));
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
