/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The core's own rulesets.  The kernel accepts them, iptables-legacy-save prints them as the backend's text (which plan
 * shows), and iptables-legacy-restore makes the same bytes from that text.  Also the order in which they are installed,
 * which shows in what is there when a step fails.
 */
#include "system/filter/iptables/iptables.h"
#include "sandbox.h"
#include "system/filter/iptables/iptables-expand.h"
#include "system/filter/iptables/iptables-table.h"
#include "values.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>

#define UUID "6b0c1f9e-0000-4000-8000-000000000001"

static DivertConfig *
make_config (guint n_prefixes)
{
  g_autoptr(GString) text = g_string_new (NULL);

  g_string_append (text, "[proxy]\ngroup=23333\n"
                         "[site home]\nintranet=192.168.22.0/24;fd00:22::/64\n"
                         "connection-uuid=" UUID "\ntproxy-port=22224\n"
                         "[site office]\nzone=work\nsubnet=10.0.0.0/8\nintranet=fd00:33::/48");
  for (guint i = 0; i < n_prefixes; i++)
    g_string_append_printf (text, ";10.%u.%u.0/28", i / 256, i % 256);
  g_string_append_c (text, '\n');
  return test_config_new (text->str);
}

static DivertFacts *
make_facts (void)
{
  DivertFacts *facts = divert_facts_new ();
  DivertConnection *connection = divert_connection_new ();
  DivertLink *link = divert_link_new ();
  DivertPrefix address, gateway;

  facts->nm_running = TRUE;
  g_free (connection->uuid);
  g_free (connection->type);
  g_free (connection->device);
  g_free (link->name);
  connection->uuid = g_strdup (UUID);
  connection->type = g_strdup ("802-3-ethernet");
  connection->device = g_strdup ("eth0");
  connection->up = TRUE;
  g_ptr_array_add (facts->connections, connection);

  link->ifindex = 2;
  link->name = g_strdup ("eth0");
  link->carrier = TRUE;
  g_assert_true (divert_prefix_parse_interface ("192.168.22.33/24", &address, NULL));
  divert_prefixes_add (link->addresses, &address);
  g_assert_true (divert_prefix_parse_interface ("fd00:22::33/64", &address, NULL));
  divert_prefixes_add (link->addresses, &address);
  g_assert_true (divert_address_parse ("192.168.22.1", &gateway, NULL));
  g_ptr_array_add (link->gateways, divert_gateway_new (&gateway));
  g_ptr_array_add (facts->links, link);
  return facts;
}

static DivertRuleset *
make_ruleset (guint           n_prefixes,
              DivertModeKind  kind,
              DivertPlaceKind expected)
{
  g_autoptr(DivertConfig) config = make_config (n_prefixes);
  g_autoptr(DivertFacts) facts = make_facts ();
  g_autoptr(DivertMode) mode = divert_mode_new (kind, NULL);
  g_autoptr(DivertDecision) decision = divert_decide (config, mode, facts);
  g_autofree char *reason = divert_reason_to_text (decision->reason, NULL);

  g_test_message ("%s", reason);
  g_assert_cmpint (decision->place, ==, expected);
  return divert_ruleset_new (config, decision, 23333, facts);
}

static char *
keep_rules (const char *text)
{
  g_auto(GStrv) lines = g_strsplit (text, "\n", -1);
  GString *kept = g_string_new (NULL);

  for (char **line = lines; *line != NULL; line++)
    if (g_str_has_prefix (*line, "-A "))
      g_string_append_printf (kept, "%s\n", *line);
  return g_string_free (kept, FALSE);
}

/* The number of writes that it took. */
static guint
lay (DivertBackend *backend,
     DivertRuleset *ruleset)
{
  DivertApplied applied = { 0, 0, FALSE };
  g_autoptr(GError) error = NULL;
  gint64 begin = g_get_monotonic_time ();
  gboolean ok = backend->klass->apply (backend, ruleset, &applied, &error);

  g_test_message ("%u writes, %d us", applied.writes, (int) (g_get_monotonic_time () - begin));
  g_assert_no_error (error);
  g_assert_true (ok);
  g_assert_true (applied.guarded);
  g_assert_cmpint (applied.writes > 0, ==, applied.last_write >= begin);
  return applied.writes;
}

static void
assert_holds (const DivertRuleset *ruleset,
              DivertXtTable        table,
              DivertFamily         family)
{
  g_autoptr(DivertXtRuleset) xt = divert_xt_ruleset_new (ruleset);
  g_autofree char *text = divert_xt_table_to_text (xt->rules[family], family, table);
  g_autofree char *expected = keep_rules (text);
  g_autofree char *saved = sandbox_save_rules (family, table);
  g_autofree char *read = divert_iptables_read_text (family, table, NULL);

  g_assert_cmpstr (saved, ==, expected);
  g_assert_cmpstr (read, ==, text);
}

static void
assert_all_hold (const DivertRuleset *ruleset)
{
  for (guint table = 0; table < DIVERT_XT_N_TABLES; table++)
    for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
      assert_holds (ruleset, table, family);
}

static gboolean
is_any_there (DivertBackend *backend)
{
  gboolean any = 2;

  g_assert_true (backend->klass->inspect (backend, &any, NULL));
  return any;
}

static void
check (DivertBackend *backend,
       DivertRuleset *ruleset,
       guint          n_writes)
{
  g_assert_cmpuint (lay (backend, ruleset), ==, n_writes);
  g_assert_cmpuint (lay (backend, ruleset), ==, 0);
  assert_all_hold (ruleset);
  g_assert_cmpint (is_any_there (backend), ==, !divert_ruleset_is_empty (ruleset));
}

static void
check_bytes (DivertXtTable table,
             DivertFamily  family)
{
  g_autofree char *saved = sandbox_save (family, table, FALSE);
  g_autoptr(GBytes) ours = sandbox_read_blob (family, table);
  g_autoptr(GBytes) theirs = NULL;

  sandbox_restore (family, saved, FALSE);
  theirs = sandbox_read_blob (family, table);
  g_assert_true (g_bytes_equal (ours, theirs));
}

static void
test_roam (gconstpointer data)
{
  guint n_prefixes = GPOINTER_TO_UINT (data);
  g_autoptr(DivertBackend) backend = divert_backend_iptables_new ();
  g_autoptr(DivertRuleset) away = make_ruleset (n_prefixes, DIVERT_MODE_AWAY, DIVERT_PLACE_AWAY);
  g_autoptr(DivertRuleset) home = make_ruleset (n_prefixes, DIVERT_MODE_AUTO, DIVERT_PLACE_SITE);
  g_autoptr(DivertRuleset) off = make_ruleset (n_prefixes, DIVERT_MODE_OFF, DIVERT_PLACE_OFF);

  sandbox_enter ();
  g_assert_false (is_any_there (backend));
  check (backend, away, 4);
  for (guint table = 0; table < DIVERT_XT_N_TABLES; table++)
    for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
      check_bytes (table, family);

  /* A change of place changes only mangle, which is read once, under the lock. nat is read and left alone. */
  sandbox.n_read = 0;
  g_assert_cmpuint (lay (backend, home), ==, 2);
  g_assert_cmpuint (sandbox.n_read, ==, 4);
  check (backend, home, 0);
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    check_bytes (DIVERT_XT_MANGLE, family);
  check (backend, away, 2);
  check (backend, off, 4);
}

/* Home without the grants is the same as away, whoever installed it. */
static void
test_withdraw (void)
{
  g_autoptr(DivertBackend) backend = divert_backend_iptables_new ();
  g_autoptr(DivertBackend) other = divert_backend_iptables_new ();
  g_autoptr(DivertRuleset) away = make_ruleset (1, DIVERT_MODE_AWAY, DIVERT_PLACE_AWAY);
  g_autoptr(DivertRuleset) home = make_ruleset (1, DIVERT_MODE_AUTO, DIVERT_PLACE_SITE);
  g_autoptr(GError) error = NULL;

  sandbox_enter ();
  g_assert_true (backend->klass->withdraw (backend, &error));
  g_assert_no_error (error);
  check (backend, home, 4);
  g_assert_true (other->klass->withdraw (other, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (lay (other, away), ==, 0);
  check (backend, home, 2);
}

/* Somebody's change is found even if the rules are the same as last time. */
static void
test_drift (void)
{
  g_autoptr(DivertBackend) backend = divert_backend_iptables_new ();
  g_autoptr(DivertRuleset) away = make_ruleset (1, DIVERT_MODE_AWAY, DIVERT_PLACE_AWAY);
  g_autoptr(DivertRuleset) home = make_ruleset (1, DIVERT_MODE_AUTO, DIVERT_PLACE_SITE);

  sandbox_enter ();
  check (backend, away, 4);
  sandbox_meddle_with (DIVERT_FAMILY_IPV6, "-t mangle -D LOCAL_DIVERT 3");
  check (backend, away, 1);
  /* We know that the rules differ from the last ones, but there is nothing to write, because somebody was faster. */
  {
    g_autoptr(DivertBackend) other = divert_backend_iptables_new ();

    check (other, home, 2);
  }
  check (backend, home, 0);
}

/* A table that nobody has touched is known by its bytes, whatever our memory held before. */
static void
test_untouched (void)
{
  g_autoptr(DivertBackend) backend = divert_backend_iptables_new ();
  g_autoptr(DivertRuleset) away = make_ruleset (1, DIVERT_MODE_AWAY, DIVERT_PLACE_AWAY);

  sandbox_enter ();
  check (backend, away, 4);
  for (int filling = 1; filling <= 2; filling++)
    {
      mallopt (M_PERTURB, filling);
      sandbox.n_read = 0;
      g_assert_cmpuint (lay (backend, away), ==, 0);
      /* Not "filter", because nothing is refused. */
      g_assert_cmpuint (sandbox.n_read, ==, (DIVERT_XT_N_TABLES - 1) * DIVERT_N_FAMILIES);
    }
  mallopt (M_PERTURB, 0);
}

static DivertRuleset *
make_refusing (const char *listening)
{
  g_autoptr(DivertConfig) config = make_config (1);
  g_autoptr(DivertFacts) facts = make_facts ();
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AWAY, NULL);
  g_autoptr(DivertDecision) decision = divert_decide (config, mode, facts);

  g_assert_true (divert_listening_from_text (listening, facts->listening));
  return divert_ruleset_new (config, decision, 23333, facts);
}

static gboolean
has_filter (DivertFamily family)
{
  return divert_iptables_table_exists (divert_iptables_family_get (family), DIVERT_XT_FILTER);
}

/* The table "filter" is there only while something is refused, and a change writes no other table than it must. */
static void
test_refusal (void)
{
  static const char closed[] = "tproxy tcp IPv4 22223 none;tproxy udp IPv4 22223 none",
                    foreign[] = "tproxy tcp IPv4 22223 foreign 1;tproxy udp IPv6 22223 none";
  g_autoptr(DivertBackend) backend = divert_backend_iptables_new ();
  g_autoptr(DivertRuleset) away = make_ruleset (1, DIVERT_MODE_AWAY, DIVERT_PLACE_AWAY);
  g_autoptr(DivertRuleset) some = make_refusing (closed);
  g_autoptr(DivertRuleset) other = make_refusing (foreign);
  g_autoptr(DivertRuleset) off = make_ruleset (1, DIVERT_MODE_OFF, DIVERT_PLACE_OFF);

  sandbox_enter ();
  g_assert_cmpuint (lay (backend, away), ==, 4);
  g_assert_false (has_filter (DIVERT_FAMILY_IPV4) || has_filter (DIVERT_FAMILY_IPV6));
  g_assert_cmpuint (lay (backend, some), ==, 1);
  g_assert_false (has_filter (DIVERT_FAMILY_IPV6));
  check (backend, some, 0);
  /* mangle and filter, each for IPv4; filter for IPv6. */
  check (backend, other, 3);
  g_free (sandbox_run (NULL, "iptables-legacy", "-t", "filter", "-F", NULL));
  g_assert_cmpuint (backend->klass->find_drift (backend, TRUE), ==, 1u << DIVERT_PART_FILTER_IPV4);
  check (backend, other, 1);
  g_assert_cmpuint (backend->klass->find_drift (backend, TRUE), ==, 0);
  check (backend, away, 3);
  check (backend, some, 1);
  check (backend, off, 5);
  g_assert_false (is_any_there (backend));
}

static void
test_empty_after_off (void)
{
  g_autoptr(DivertBackend) backend = divert_backend_iptables_new ();
  g_autoptr(DivertRuleset) away = make_ruleset (1, DIVERT_MODE_AWAY, DIVERT_PLACE_AWAY);
  g_autoptr(DivertRuleset) off = make_ruleset (1, DIVERT_MODE_OFF, DIVERT_PLACE_OFF);
  char *before[DIVERT_XT_N_TABLES][DIVERT_N_FAMILIES];

  sandbox_enter ();
  for (guint table = 0; table < DIVERT_XT_N_TABLES; table++)
    for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
      before[table][family] = sandbox_save (family, table, TRUE);
  lay (backend, away);
  lay (backend, off);
  for (guint table = 0; table < DIVERT_XT_N_TABLES; table++)
    for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
      {
        g_autofree char *after = sandbox_save (family, table, TRUE);

        g_assert_cmpstr (after, ==, before[table][family]);
        g_free (before[table][family]);
      }
}

static void
lay_fails (DivertBackend *backend,
           DivertRuleset *ruleset,
           gboolean       guarded)
{
  DivertApplied applied = { 0, 0, FALSE };
  g_autoptr(GError) error = NULL;

  g_assert_false (backend->klass->apply (backend, ruleset, &applied, &error));
  g_assert_nonnull (error);
  g_assert_cmpint (applied.guarded, ==, guarded);
  g_assert_cmpuint (applied.writes, >, 0);
}

/* If one family's mangle fails, the other family's is installed, and nat is left alone. */
static void
test_mangle_fails (void)
{
  g_autoptr(DivertBackend) backend = divert_backend_iptables_new ();
  g_autoptr(DivertRuleset) away = make_ruleset (1, DIVERT_MODE_AWAY, DIVERT_PLACE_AWAY);
  g_autoptr(DivertRuleset) off = make_ruleset (1, DIVERT_MODE_OFF, DIVERT_PLACE_OFF);

  sandbox_enter ();
  sandbox_restore (DIVERT_FAMILY_IPV4, "*mangle\n:LOCAL_DIVERT - [0:0]\n-A LOCAL_DIVERT -j RETURN\nCOMMIT\n", FALSE);
  lay_fails (backend, away, FALSE);
  assert_holds (off, DIVERT_XT_NAT, DIVERT_FAMILY_IPV4);
  assert_holds (off, DIVERT_XT_NAT, DIVERT_FAMILY_IPV6);
  assert_holds (away, DIVERT_XT_MANGLE, DIVERT_FAMILY_IPV6);
}

/* If one family's nat fails, everything else is installed. */
static void
test_nat_fails (void)
{
  g_autoptr(DivertBackend) backend = divert_backend_iptables_new ();
  g_autoptr(DivertRuleset) away = make_ruleset (1, DIVERT_MODE_AWAY, DIVERT_PLACE_AWAY);

  sandbox_enter ();
  sandbox_restore (DIVERT_FAMILY_IPV4,
                   "*nat\n:LOCAL_DNS_DIVERT - [0:0]\n-A LOCAL_DNS_DIVERT -j RETURN\nCOMMIT\n", FALSE);
  lay_fails (backend, away, TRUE);
  assert_holds (away, DIVERT_XT_MANGLE, DIVERT_FAMILY_IPV4);
  assert_holds (away, DIVERT_XT_MANGLE, DIVERT_FAMILY_IPV6);
  assert_holds (away, DIVERT_XT_NAT, DIVERT_FAMILY_IPV6);
}

static int
refuse_first (SandboxWrite write,
              gpointer     data)
{
  guint *writes = data;

  return (*writes)++ == 0 ? EINVAL : 0;
}

/* Removal begins with nat.  While nat is there, mangle stays, and blocks DNS that is no longer redirected. */
static void
test_removal_fails (void)
{
  g_autoptr(DivertBackend) backend = divert_backend_iptables_new ();
  g_autoptr(DivertRuleset) away = make_ruleset (1, DIVERT_MODE_AWAY, DIVERT_PLACE_AWAY);
  g_autoptr(DivertRuleset) off = make_ruleset (1, DIVERT_MODE_OFF, DIVERT_PLACE_OFF);
  guint writes = 0;

  sandbox_enter ();
  check (backend, away, 4);
  sandbox.meddle = refuse_first;
  sandbox.meddle_data = &writes;
  lay_fails (backend, off, FALSE);
  sandbox.meddle = NULL;
  assert_holds (away, DIVERT_XT_NAT, DIVERT_FAMILY_IPV4);
  assert_holds (off, DIVERT_XT_NAT, DIVERT_FAMILY_IPV6);
  assert_holds (away, DIVERT_XT_MANGLE, DIVERT_FAMILY_IPV4);
  assert_holds (away, DIVERT_XT_MANGLE, DIVERT_FAMILY_IPV6);
  check (backend, off, 3);
}

int
main (int    argc,
      char **argv)
{
  test_needs_namespaces ();
  test_needs ("ip", "iptables-legacy", "ip6tables-legacy", NULL);
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/iptables/ruleset/roam/1", GUINT_TO_POINTER (1), test_roam);
  g_test_add_data_func ("/iptables/ruleset/roam/1000", GUINT_TO_POINTER (1000), test_roam);
  g_test_add_func ("/iptables/ruleset/withdraw", test_withdraw);
  g_test_add_func ("/iptables/ruleset/drift", test_drift);
  g_test_add_func ("/iptables/ruleset/untouched", test_untouched);
  g_test_add_func ("/iptables/ruleset/refusal", test_refusal);
  g_test_add_func ("/iptables/ruleset/empty-after-off", test_empty_after_off);
  g_test_add_func ("/iptables/ruleset/mangle-fails", test_mangle_fails);
  g_test_add_func ("/iptables/ruleset/nat-fails", test_nat_fails);
  g_test_add_func ("/iptables/ruleset/removal-fails", test_removal_fails);
  return g_test_run ();
}
