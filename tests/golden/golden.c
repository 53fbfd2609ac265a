/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Golden cases.  A folder contains a configuration, facts and a mode, and the results: the decision, the fence, and, if
 * the case is about rules, the ruleset in its own text ("ruleset") or in a backend's ("rules", "rules.nftables"), and
 * the guard.  If there is a file "before" with the facts of a second ago, the decision of that time was in force.
 *
 * DIVERT_GOLDEN_UPDATE=1 writes the results anew.  Read the difference before you commit it.
 */
#include "core/ruleset/fence.h"
#include "golden-case.h"
#include "system/filter/guard.h"
#include "system/filter/iptables/iptables-text.h"
#include "system/filter/nftables/nftables-text.h"

static void
compare (const char *folder,
         const char *name,
         const char *actual)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *expected = NULL;
  g_autoptr(GError) error = NULL;

  if (g_getenv ("DIVERT_GOLDEN_UPDATE") != NULL)
    {
      g_file_set_contents (path, actual, -1, &error);
      g_assert_no_error (error);
      return;
    }
  expected = golden_read_file (folder, name, FALSE);
  if (!g_str_equal (expected, actual))
    g_test_message ("%s differs; it is now:\n%s", path, actual);
  g_assert_true (g_str_equal (expected, actual));
}

static void
test_case (gconstpointer data)
{
  const char *folder = data;
  g_autoptr(GoldenCase) golden = golden_case_new (folder);
  g_autofree char *decision_text = divert_decision_to_text (golden->decision);

  compare (folder, "decision", decision_text);

  if (golden_has_file (folder, "ruleset"))
    {
      g_autofree char *text = divert_ruleset_to_text (golden->ruleset);

      compare (folder, "ruleset", text);
    }
  if (golden_has_file (folder, "rules"))
    {
      g_autofree char *text = divert_xt_to_text (golden->ruleset);

      compare (folder, "rules", text);
    }
  if (golden_has_file (folder, "rules.nftables"))
    {
      g_autofree char *text = divert_nft_to_text (golden->ruleset);

      compare (folder, "rules.nftables", text);
    }
  if (golden_has_file (folder, "guard"))
    {
      g_autofree char *text = divert_guard_to_text (golden->ruleset, TRUE, 3000);

      compare (folder, "guard", text);
    }
  if (golden_has_file (folder, "fence"))
    {
      g_autoptr(DivertFence) fence = divert_fence_new (golden->config, golden->decision, golden->facts);
      g_autofree char *fence_text = divert_fence_to_text (fence);

      compare (folder, "fence", fence_text);
    }
}

int
main (int    argc,
      char **argv)
{
  g_autoptr(GPtrArray) folders = NULL;

  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  folders = golden_list_folders (argv[1]);
  for (guint i = 0; i < folders->len; i++)
    {
      g_autofree char *name = g_path_get_basename (folders->pdata[i]);
      g_autofree char *path = g_strconcat ("/", name, NULL);

      g_test_add_data_func (path, folders->pdata[i], test_case);
    }
  return g_test_run ();
}
