/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel takes the rules of each golden case, as plan prints them and as the backends write them.
 *
 * The devices and the control groups of a case are there, under their names.
 */
#include "../golden/golden-case.h"
#include "cgroups.h"
#include "sandbox.h"
#include "system/filter/guard.h"
#include "system/filter/nftables/nftables-text.h"
#include "system/filter/nftables/nftables.h"

#include <string.h>

/* A bridge has no other end, and takes any hook. */
static void
make_devices (const DivertFacts *facts)
{
  for (guint i = 0; i < facts->links->len; i++)
    {
      const DivertLink *link = g_ptr_array_index (facts->links, i);
      g_autofree char *index = g_strdup_printf ("%u", link->ifindex);

      g_free (sandbox_run (NULL, "ip", "link", "add", link->name, "index", index, "type", "bridge", NULL));
    }
}

static const DivertRule *
find_next_with_group (const DivertRuleset *ruleset,
                      guint               *i)
{
  while (*i < ruleset->rules->len)
    {
      const DivertRule *rule = g_ptr_array_index (ruleset->rules, (*i)++);

      if (rule->cgroup_path != NULL)
        return rule;
    }
  return NULL;
}

/* Returns whether there are any. */
static gboolean
make_groups (const DivertRuleset *ruleset)
{
  const DivertRule *rule;
  guint i = 0, n = 0;

  for (; (rule = find_next_with_group (ruleset, &i)) != NULL; n++)
    test_cgroups_make (rule->cgroup_path);
  return n > 0;
}

/* Returns the number of writes. */
static guint
apply (DivertBackend *backend,
       DivertRuleset *ruleset)
{
  DivertApplied applied = { 0, 0, FALSE };
  gboolean holds = FALSE;
  g_autoptr(GError) error = NULL;

  backend->klass->apply (backend, ruleset, &applied, &error);
  g_assert_no_error (error);
  g_assert_true (backend->klass->holds (backend, ruleset, &holds, &error));
  g_assert_no_error (error);
  g_assert_true (holds);
  return applied.writes;
}

/* That of each family begins with its name. */
static void
restore (const char *text)
{
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      g_autofree char *title = g_strdup_printf ("# %s\n", divert_family_name (family));
      const char *begin = strstr (text, title), *end;
      g_autofree char *part = NULL;

      if (begin == NULL)
        continue;
      begin += strlen (title);
      end = strstr (begin, "# IPv6\n");
      part = end != NULL ? g_strndup (begin, end - begin) : g_strdup (begin);
      sandbox_restore (family, part, FALSE);
    }
}

/* What was restored from the text is what the backend would write, but for the number of a group (K2.8). */
static void
test_iptables (gconstpointer folder)
{
  g_autoptr(GoldenCase) golden = golden_case_new (folder);
  g_autoptr(DivertBackend) restored = divert_backend_iptables_new ();
  g_autoptr(DivertBackend) written = divert_backend_iptables_new ();
  g_autofree char *text = divert_xt_to_text (golden->ruleset);
  const gboolean has_groups = make_groups (golden->ruleset);

  sandbox_enter ();
  restore (text);
  g_assert_cmpint (apply (restored, golden->ruleset) > 0, ==, has_groups);
  sandbox_enter ();
  g_assert_cmpint (apply (written, golden->ruleset) > 0, ==, !divert_ruleset_is_empty (golden->ruleset));
  g_assert_cmpuint (apply (written, golden->ruleset), ==, 0);
}

static void
load (const char *text)
{
  g_free (sandbox_run (text, "nft", "-f", "-", NULL));
}

static void
test_nftables (gconstpointer folder)
{
  g_autoptr(GoldenCase) golden = golden_case_new (folder);
  g_autoptr(DivertBackend) backend = divert_backend_nftables_new ();
  g_autofree char *text = divert_nft_to_text (golden->ruleset);
  g_autofree char *guard = divert_guard_to_text (golden->ruleset, TRUE, 3000);
  g_autofree char *both = g_strconcat (text, guard, NULL);

  sandbox_enter ();
  make_devices (golden->facts);
  make_groups (golden->ruleset);
  load (both);
  load ("flush ruleset");
  g_assert_cmpint (apply (backend, golden->ruleset) > 0, ==, !divert_ruleset_is_empty (golden->ruleset));
}

int
main (int    argc,
      char **argv)
{
  static const struct
  {
    const char   *name;
    GTestDataFunc test;
  } kinds[] = { { "iptables", test_iptables }, { "nftables", test_nftables } };
  g_autoptr(GPtrArray) folders = NULL;

  test_needs ("ip", "nft", "iptables-legacy-restore", "ip6tables-legacy-restore", NULL);
  test_needs_namespaces ();
  test_cgroups_enter ();
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  folders = golden_list_folders (argv[1]);
  for (guint i = 0; i < folders->len; i++)
    for (guint kind = 0; kind < G_N_ELEMENTS (kinds); kind++)
      {
        g_autofree char *name = g_path_get_basename (folders->pdata[i]);
        g_autofree char *path = g_strdup_printf ("/golden/kernel/%s/%s", kinds[kind].name, name);

        g_test_add_data_func (path, folders->pdata[i], kinds[kind].test);
      }
  return g_test_run ();
}
