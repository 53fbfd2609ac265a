/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The core's own rulesets: the kernel takes them, iptables-legacy-save prints them as
 * the core's text (what plan shows), and iptables-legacy-restore makes the same
 * bytes of that text.
 */
#include "system/filter/iptables/iptables.h"
#include "sandbox.h"

#include <string.h>

#define UUID "6b0c1f9e-0000-4000-8000-000000000001"

static DivertConfig *
make_config (guint n_prefixes)
{
  DivertConfig *config = divert_config_new ();
  g_autoptr(GString) text = g_string_new (NULL);
  g_autoptr(GError) error = NULL;

  g_string_append (text, "[proxy]\ngroup=23333\n"
                         "[site home]\nintranet=192.168.22.0/24;fd00:22::/64\n"
                         "connection-uuid=" UUID "\ntproxy-port=22224\n"
                         "[site office]\nzone=work\nsubnet=10.0.0.0/8\nintranet=fd00:33::/48");
  for (guint i = 0; i < n_prefixes; i++)
    g_string_append_printf (text, ";10.%u.%u.0/28", i / 256, i % 256);
  g_string_append_c (text, '\n');
  g_assert_true (divert_config_add (config, "test.conf", text->str, text->len, &error));
  g_assert_true (divert_config_finish (config, &error));
  g_assert_no_error (error);
  return config;
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

static void
check (DivertBackend       *backend,
       const DivertRuleset *ruleset,
       DivertTable          table,
       DivertFamily         family)
{
  g_autofree char *text = divert_ruleset_to_save_text (ruleset, family, table);
  g_autofree char *expected = keep_rules (text);
  g_autofree char *saved = NULL;
  g_autofree char *read = NULL;
  gint64 begin = g_get_monotonic_time ();

  g_assert_true (sandbox_apply (backend, ruleset, table, family));
  g_test_message ("%s %s: %d us", divert_table_name (table), divert_family_name (family),
                  (int) (g_get_monotonic_time () - begin));
  g_assert_false (sandbox_apply (backend, ruleset, table, family));
  saved = sandbox_save_rules (family, table);
  g_assert_cmpstr (saved, ==, expected);
  read = backend->klass->read (backend, table, family, NULL);
  g_assert_cmpstr (read, ==, text);
}

static void
check_all (DivertBackend       *backend,
           const DivertRuleset *ruleset)
{
  for (guint table = 0; table < DIVERT_N_TABLES; table++)
    for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
      check (backend, ruleset, table, family);
}

static void
check_bytes (DivertTable  table,
             DivertFamily family)
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
  check_all (backend, away);
  for (guint table = 0; table < DIVERT_N_TABLES; table++)
    for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
      check_bytes (table, family);

  /* A change of place is a change of mangle alone. */
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      check (backend, home, DIVERT_TABLE_MANGLE, family);
      check_bytes (DIVERT_TABLE_MANGLE, family);
      g_assert_false (sandbox_apply (backend, home, DIVERT_TABLE_NAT, family));
      check (backend, away, DIVERT_TABLE_MANGLE, family);
    }
  check_all (backend, off);
}

/* Home without what goes straight is away, whoever laid it. */
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
  check_all (backend, home);
  g_assert_true (other->klass->withdraw (other, &error));
  g_assert_no_error (error);
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      g_assert_false (sandbox_apply (other, away, DIVERT_TABLE_MANGLE, family));
      check (backend, home, DIVERT_TABLE_MANGLE, family);
    }
}

static void
test_empty_after_off (void)
{
  g_autoptr(DivertBackend) backend = divert_backend_iptables_new ();
  g_autoptr(DivertRuleset) away = make_ruleset (1, DIVERT_MODE_AWAY, DIVERT_PLACE_AWAY);
  g_autoptr(DivertRuleset) off = make_ruleset (1, DIVERT_MODE_OFF, DIVERT_PLACE_OFF);

  sandbox_enter ();
  for (guint table = 0; table < DIVERT_N_TABLES; table++)
    for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
      {
        g_autofree char *before = sandbox_save (family, table, TRUE);
        g_autofree char *after = NULL;

        sandbox_apply (backend, away, table, family);
        sandbox_apply (backend, off, table, family);
        after = sandbox_save (family, table, TRUE);
        g_assert_cmpstr (after, ==, before);
      }
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
  g_test_add_func ("/iptables/ruleset/empty-after-off", test_empty_after_off);
  return g_test_run ();
}
