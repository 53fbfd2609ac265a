/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What counts as a change of our rules, and what doesn't; how little it costs to find none; and that the lock's use is
 * noticed.
 */
#include "backend-fixture.h"
#include "sandbox.h"

#include <glib/gstdio.h>
#include <string.h>

#define UUID "6b0c1f9e-0000-4000-8000-000000000001"

static DivertRuleset *
make_ruleset (DivertModeKind kind)
{
  static const char text[] = "[proxy]\ngroup=23333\n[site home]\nintranet=192.168.22.0/24;fd00:22::/64\n"
                             "connection-uuid=" UUID "\n";
  g_autoptr(DivertConfig) config = divert_config_new ();
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(DivertMode) mode = divert_mode_new (kind, NULL);
  g_autoptr(DivertDecision) decision = NULL;
  g_autoptr(GError) error = NULL;

  g_assert_true (divert_config_add (config, "test.conf", text, sizeof text - 1, &error));
  g_assert_true (divert_config_finish (config, &error));
  g_assert_no_error (error);
  decision = divert_decide (config, mode, facts);
  return divert_ruleset_new (config, decision, 23333, facts);
}

static DivertParts
find (DivertBackend *backend)
{
  return backend->klass->find_drift (backend, TRUE);
}

static DivertParts
part (DivertPart   ipv4,
      DivertFamily family)
{
  return divert_part_of (ipv4, family);
}

static void
test_found (void)
{
  static const struct
  {
    DivertPart  part;
    const char *change;
    gboolean    keeps_size;
  } cases[] = {
    { DIVERT_PART_MANGLE_IPV4, "-t mangle -F", FALSE },
    { DIVERT_PART_MANGLE_IPV4, "-t mangle -F LOCAL_DIVERT", FALSE },
    { DIVERT_PART_MANGLE_IPV4, "-t mangle -D OUTPUT -j LOCAL_DIVERT", FALSE },
    { DIVERT_PART_MANGLE_IPV4, "-t mangle -D POSTROUTING 1", FALSE },
    /* The number of rules stays. */
    { DIVERT_PART_MANGLE_IPV4, "-t mangle -R LOCAL_DIVERT 3 -j ACCEPT", FALSE },
    /* So does the size. */
    { DIVERT_PART_MANGLE_IPV4, "-t mangle -R OUTPUT 1 -j DIVERT_GUARD", TRUE },
    { DIVERT_PART_MANGLE_IPV4, "-t mangle -I LOCAL_DIVERT 1 -j ACCEPT", FALSE },
    { DIVERT_PART_MANGLE_IPV4, "-t mangle -A DIVERT_GUARD -j ACCEPT", FALSE },
    { DIVERT_PART_NAT_IPV4, "-t nat -F", FALSE },
    { DIVERT_PART_NAT_IPV4, "-t nat -D OUTPUT 1", FALSE },
  };
  g_autoptr(DivertRuleset) ruleset = make_ruleset (DIVERT_MODE_AWAY);

  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      g_autoptr(DivertBackend) backend = NULL;

      sandbox_enter ();
      backend = divert_backend_iptables_new ();
      g_assert_cmpuint (find (backend), ==, 0);
      g_assert_cmpuint (backend_fixture_lay (backend, ruleset), ==, 4);
      g_assert_cmpuint (find (backend), ==, 0);
      for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
        {
          g_test_message ("%s", cases[i].change);
          sandbox_meddle_with (family, cases[i].change);
          /* A glance sees nothing but the size. */
          g_assert_cmpuint (backend->klass->find_drift (backend, FALSE), ==,
                            cases[i].keeps_size ? 0 : part (cases[i].part, family));
          g_assert_cmpuint (find (backend), ==, part (cases[i].part, family));
          g_assert_cmpuint (find (backend), ==, part (cases[i].part, family));
          g_assert_cmpuint (backend_fixture_lay (backend, ruleset), ==, 1);
          g_assert_cmpuint (find (backend), ==, 0);
        }
    }
}

/* What was saved at home, and is restored elsewhere. */
static void
test_restored (void)
{
  g_autoptr(DivertRuleset) away = make_ruleset (DIVERT_MODE_AWAY), off = make_ruleset (DIVERT_MODE_OFF);
  g_autoptr(DivertBackend) backend = NULL;
  g_autofree char *saved = NULL;

  sandbox_enter ();
  backend = divert_backend_iptables_new ();
  backend_fixture_lay (backend, away);
  saved = sandbox_save (DIVERT_FAMILY_IPV4, DIVERT_XT_MANGLE, FALSE);
  backend_fixture_lay (backend, off);
  g_assert_cmpuint (find (backend), ==, 0);
  sandbox_restore (DIVERT_FAMILY_IPV4, saved, FALSE);
  g_assert_cmpuint (find (backend), ==, 1 << DIVERT_PART_MANGLE_IPV4);
  g_assert_cmpuint (backend_fixture_lay (backend, off), ==, 1);
  g_assert_cmpuint (find (backend), ==, 0);
}

/* Other people's rules, and what packets do. */
static void
test_ignored (void)
{
  static const char *const changes[] = {
    "-t mangle -N THEIRS", "-t mangle -A THEIRS -p udp -j MARK --set-xmark 0x100/0x100",
    "-t mangle -I OUTPUT -j THEIRS", "-t mangle -A PREROUTING -j THEIRS", "-t mangle -P FORWARD DROP",
    "-t mangle -R THEIRS 1 -p tcp -j ACCEPT", "-t mangle -Z", "-t nat -A POSTROUTING -o nobody -j MASQUERADE",
    "-t filter -A INPUT -j ACCEPT", "-t mangle -F THEIRS", "-t mangle -D PREROUTING -j THEIRS",
  };
  g_autoptr(DivertRuleset) ruleset = make_ruleset (DIVERT_MODE_AWAY);

  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      g_autoptr(DivertBackend) backend = NULL;

      sandbox_enter ();
      backend = divert_backend_iptables_new ();
      backend_fixture_lay (backend, ruleset);
      for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
        {
          g_test_message ("%s", changes[i]);
          sandbox_meddle_with (family, changes[i]);
          g_assert_cmpuint (find (backend), ==, 0);
          sandbox_send (family, 9, 3);
          g_assert_cmpuint (find (backend), ==, 0);
          g_assert_cmpuint (backend_fixture_lay (backend, ruleset), ==, 0);
        }
    }
}

/* A look at what nobody has touched doesn't take the tables apart. */
static void
test_cost (void)
{
  g_autoptr(DivertRuleset) ruleset = make_ruleset (DIVERT_MODE_AWAY);
  g_autoptr(DivertBackend) backend = NULL;
  gint64 begin, best = G_MAXINT64;
  guint n_read;

  sandbox_enter ();
  backend = divert_backend_iptables_new ();
  backend_fixture_lay (backend, ruleset);
  find (backend);
  n_read = sandbox.n_read;
  find (backend);
  /* Once for each table. */
  g_assert_cmpuint (sandbox.n_read, ==, n_read + 4);
  backend_fixture_lay (backend, ruleset);
  g_assert_cmpuint (sandbox.n_read, ==, n_read + 8);
  for (guint i = 0; i < 100; i++)
    {
      begin = g_get_monotonic_time ();
      find (backend);
      best = MIN (best, g_get_monotonic_time () - begin);
    }
  g_test_message ("a look takes %d us at best", (int) best);
}

static void
on_touched (const DivertProgram *program,
            gpointer             user_data)
{
  ++*(guint *) user_data;
}

static void
test_watched (void)
{
  g_autoptr(DivertRuleset) ruleset = make_ruleset (DIVERT_MODE_AWAY);
  g_autoptr(DivertBackend) backend = NULL;
  guint touched = 0;

  sandbox_enter ();
  g_unlink (sandbox_get_lock_file ());
  backend = divert_backend_iptables_new ();
  backend->klass->watch (backend, on_touched, &touched);
  backend_fixture_lay (backend, ruleset);
  g_assert_true (g_file_test (sandbox_get_lock_file (), G_FILE_TEST_EXISTS));
  for (guint i = 0; i < 3; i++)
    {
      /* Our own write. */
      while (g_main_context_iteration (NULL, FALSE))
        ;
      touched = 0;
      g_free (sandbox_run (NULL, "iptables-legacy", "-t", "filter", "-F", NULL));
      while (touched == 0)
        g_main_context_iteration (NULL, TRUE);
      /* Another file of the name is found by the next look. */
      g_unlink (sandbox_get_lock_file ());
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_assert_cmpuint (find (backend), ==, 0);
      g_assert_true (g_file_test (sandbox_get_lock_file (), G_FILE_TEST_EXISTS));
    }
}

int
main (int    argc,
      char **argv)
{
  test_needs_namespaces ();
  test_needs ("iptables-legacy", "ip6tables-legacy", "iptables-legacy-save", "iptables-legacy-restore", NULL);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/iptables/drift/found", test_found);
  g_test_add_func ("/iptables/drift/restored", test_restored);
  g_test_add_func ("/iptables/drift/ignored", test_ignored);
  g_test_add_func ("/iptables/drift/cost", test_cost);
  g_test_add_func ("/iptables/drift/watched", test_watched);
  return g_test_run ();
}
