/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which control groups are taken for a unit's, that a change is noticed before anything can happen in it, and that
 * nothing else is.  And the legacy tables, which the kernel takes only if the groups in them are there.
 */
#include "../unit/values.h"
#include "backend-fixture.h"
#include "cgroups.h"
#include "namespace.h"
#include "system/filter/iptables/iptables.h"
#include "system/sources/units.h"

#include <sys/stat.h>

#define OWN "system.slice/mihomo.service"
#define USER "user.slice/user-1000.slice/user@1000.service"

typedef struct
{
  DivertConfig *config;
  DivertUnits  *units;
  guint         calls, own_calls;
} Fixture;

static void
on_changed (gboolean own,
            gpointer user_data)
{
  Fixture *f = user_data;

  f->calls++;
  f->own_calls += own;
}

static void
set_up (Fixture       *f,
        gconstpointer  data)
{
  f->config = test_config_new (data);
  f->units = divert_units_new (on_changed, f);
}

static void
tear_down (Fixture       *f,
           gconstpointer  data)
{
  divert_units_free (f->units);
  divert_config_free (f->config);
}

/* The paths, separated by blanks. */
static char *
gather (Fixture *f)
{
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(GString) paths = g_string_new (NULL);

  divert_units_gather (f->units, f->config, facts);
  divert_facts_sort (facts);
  for (guint i = 0; i < facts->units->len; i++)
    {
      const DivertUnit *unit = g_ptr_array_index (facts->units, i);

      g_string_append_printf (paths, "%s%s", i > 0 ? " " : "", unit->path);
      g_assert_cmpuint (unit->id, !=, 0);
    }
  return g_string_free (g_steal_pointer (&paths), FALSE);
}

#define assert_found(f, expected) \
  G_STMT_START { g_autofree char *found = gather (f); g_assert_cmpstr (found, ==, expected); } G_STMT_END

static gboolean
was_called (gpointer user_data)
{
  return ((Fixture *) user_data)->calls > 0;
}

static void
assert_called (Fixture *f,
               gboolean own)
{
  g_assert_true (test_wait (10000, was_called, f));
  g_assert_cmpint (f->own_calls > 0, ==, own);
  f->calls = f->own_calls = 0;
}

static void
assert_not_called (Fixture *f)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (f->calls, ==, 0);
}

static guint64
find_id (Fixture *f)
{
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  const DivertUnit *unit;

  divert_units_gather (f->units, f->config, facts);
  unit = divert_facts_find_unit (facts, f->config->unit);
  return unit != NULL ? unit->id : 0;
}

static void
test_own (Fixture       *f,
          gconstpointer  data)
{
  guint64 first;

  assert_found (f, "");
  test_cgroups_make ("system.slice/other.service");
  assert_called (f, FALSE);
  assert_found (f, "");
  test_cgroups_remove ("system.slice/other.service");
  assert_called (f, FALSE);

  test_cgroups_make (OWN);
  assert_called (f, FALSE);
  assert_found (f, OWN);
  first = find_id (f);

  /* Restarted: another group, and told as the proxy's. */
  test_cgroups_make ("system.slice/other.service");
  assert_not_called (f);
  test_cgroups_remove (OWN);
  assert_called (f, TRUE);
  assert_found (f, "");
  test_cgroups_make (OWN);
  assert_called (f, TRUE);
  assert_found (f, OWN);
  g_assert_cmpuint (find_id (f), !=, first);

  /* Somebody else's units of that name. */
  test_cgroups_make (USER "/app.slice/mihomo.service");
  test_cgroups_make ("system.slice/docker-1.scope/" OWN);
  test_cgroups_make ("lxc/" OWN);
  assert_found (f, OWN);
  g_assert_cmpuint (f->own_calls, ==, 0);
  test_cgroups_remove (OWN);
  assert_called (f, TRUE);
  assert_found (f, "");

  /* Its own slice, and the one of its template. */
  test_cgroups_make ("proxy.slice/proxy-fast.slice/mihomo.service");
  assert_called (f, FALSE);
  assert_found (f, "proxy.slice/proxy-fast.slice/mihomo.service");

  test_cgroups_remove ("proxy.slice/proxy-fast.slice/mihomo.service");
  test_cgroups_remove (USER "/app.slice/mihomo.service");
  test_cgroups_remove ("system.slice/docker-1.scope/" OWN);
  test_cgroups_remove ("lxc/" OWN);
  test_cgroups_remove ("system.slice/other.service");
}

static void
test_exempt (Fixture       *f,
             gconstpointer  data)
{
  test_cgroups_make (USER "/app.slice/x.service");
  assert_found (f, "");
  test_cgroups_make (USER "/direct.slice");
  assert_called (f, FALSE);
  assert_found (f, USER "/direct.slice");
  test_cgroups_make ("direct.slice/deep.slice/direct.slice");
  /* A user's program can make whatever it likes below its own unit. */
  test_cgroups_make (USER "/app.slice/x.service/direct.slice");
  test_cgroups_make ("system.slice/x.scope/direct.slice");
  /* The kernel would take this name for a file of its own. */
  test_cgroups_make ("system.slice/_memory.service");
  assert_called (f, FALSE);
  assert_found (f, "direct.slice direct.slice/deep.slice/direct.slice system.slice/_memory.service "
                USER "/direct.slice");
  /* Names that no unit has. */
  test_cgroups_make (USER "/a\"b.slice/direct.slice");
  test_cgroups_make (USER "/a b.slice/direct.slice");
  assert_found (f, "direct.slice direct.slice/deep.slice/direct.slice system.slice/_memory.service "
                USER "/direct.slice");
  g_assert_cmpuint (f->own_calls, ==, 0);
  test_cgroups_remove (USER "/a\"b.slice/direct.slice");
  test_cgroups_remove (USER "/a b.slice/direct.slice");
  test_cgroups_remove ("system.slice/_memory.service");
  test_cgroups_remove ("system.slice/x.scope/direct.slice");
  test_cgroups_remove (USER "/app.slice/x.service/direct.slice");
  test_cgroups_remove ("direct.slice/deep.slice/direct.slice");
  test_cgroups_remove (USER "/direct.slice");
}

/* A user can make as many as he likes. */
static void
test_many (Fixture       *f,
           gconstpointer  data)
{
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  const guint n = 1000;
  gint64 began;

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *path = g_strdup_printf (USER "/s%u.slice/direct.slice", i);

      test_cgroups_make (path);
    }
  test_cgroups_make ("system.slice/updates.service");
  began = g_get_monotonic_time ();
  divert_units_gather (f->units, f->config, facts);
  g_test_message ("%u of %u in %d µs", facts->units->len, n, (int) (g_get_monotonic_time () - began));
  g_assert_cmpuint (facts->units->len, <=, 65);
  g_assert_nonnull (divert_facts_find_unit (facts, "updates.service"));
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *path = g_strdup_printf (USER "/s%u.slice/direct.slice", i);

      test_cgroups_remove (path);
    }
  test_cgroups_remove ("system.slice/updates.service");
}

static void
test_nobody (Fixture       *f,
             gconstpointer  data)
{
  assert_found (f, "");
  test_cgroups_make (OWN);
  assert_not_called (f);
  test_cgroups_remove (OWN);
}

/* As of @id and @path.  The first rule of its chain, which has the tag, is the unit's. */
static DivertRuleset *
make_ruleset (const char *path,
              guint64     id)
{
  g_autoptr(DivertConfig) config =
      test_config_new ("[proxy]\nunit=mihomo.service\n[site home]\nzone=home\nintranet=192.168.22.0/24\n");
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AWAY, NULL);
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(DivertDecision) decision = divert_decide (config, mode, facts);

  g_ptr_array_add (facts->units, divert_unit_new (path, id));
  return divert_ruleset_new (config, decision, DIVERT_GID_NONE, facts);
}

static guint64
get_id (const char *path)
{
  g_autofree char *directory = g_build_filename (TEST_CGROUPS, path, NULL);
  struct stat found;

  return stat (directory, &found) == 0 ? found.st_ino : 0;
}

static guint
count_rules (void)
{
  g_autofree char *saved = test_output ("iptables-legacy-save -t mangle");

  return test_count (saved, "--path \"" OWN "\"");
}

static void
test_legacy (void)
{
  g_autoptr(DivertBackend) backend = divert_backend_iptables_new ();
  g_autoptr(DivertRuleset) before = NULL, after = NULL, nothing = divert_ruleset_new_empty ();
  guint n_rules;

  test_namespace_enter ();
  test_cgroups_make (OWN);
  before = make_ruleset (OWN, get_id (OWN));
  g_assert_cmpuint (backend_fixture_lay (backend, before), >, 0);
  g_assert_cmpuint (backend_fixture_lay (backend, before), ==, 0);
  n_rules = count_rules ();
  g_assert_cmpuint (n_rules, >, 3);

  /* The same path, another group: the rules have to be laid again. */
  test_cgroups_remove (OWN);
  test_cgroups_make (OWN);
  after = make_ruleset (OWN, get_id (OWN));
  g_assert_cmpuint (backend_fixture_lay (backend, after), >, 0);
  g_assert_cmpuint (backend_fixture_lay (backend, after), ==, 0);

  /* The group goes before the kernel looks for it.  The rest is laid, and can be taken back. */
  test_cgroups_remove (OWN);
  g_assert_cmpuint (backend_fixture_lay (backend, before), >, 0);
  g_assert_cmpuint (count_rules (), ==, 0);
  g_assert_true (backend->klass->withdraw (backend, NULL));

  test_cgroups_make (OWN);
  g_assert_cmpuint (backend_fixture_lay (backend, after), >, 0);
  g_assert_cmpuint (count_rules (), ==, n_rules);
  test_cgroups_remove (OWN);
  g_assert_true (backend->klass->withdraw (backend, NULL));
  g_assert_cmpuint (backend_fixture_lay (backend, nothing), >, 0);
}

int
main (int    argc,
      char **argv)
{
  test_needs ("ip", "iptables-legacy", "ip6tables-legacy", NULL);
  test_cgroups_enter ();
  g_test_init (&argc, &argv, NULL);
#define ADD(name, config, function) \
  g_test_add ("/units/" name, Fixture, config, set_up, function, tear_down)
  ADD ("own", "[proxy]\nunit=mihomo.service\n", test_own);
  ADD ("exempt", "[proxy]\ngroup=1\n[divert]\nexempt-units=direct.slice;memory.service\n", test_exempt);
  ADD ("many", "[proxy]\ngroup=1\n[divert]\nexempt-units=direct.slice;updates.service\n", test_many);
  ADD ("nobody", "[proxy]\ngroup=1\n", test_nobody);
#undef ADD
  g_test_add_func ("/units/legacy", test_legacy);
  return g_test_run ();
}
