/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Golden cases.  A folder contains a configuration, facts and a mode, and the results: the decision, the fence, and, if
 * the case is about rules, the ruleset in its own text ("ruleset") or in a backend's ("rules", "rules.nftables"), and
 * the guard.  If there is a file "before" with the facts of a second ago, the decision of that time was in force.
 *
 * DIVERT_GOLDEN_UPDATE=1 writes the results anew.  Read the difference before you commit it.
 */
#include <string.h>

#include "core/memory/hold.h"
#include "core/ruleset/fence.h"
#include "core/ruleset/ruleset.h"
#include "system/filter/guard.h"
#include "system/filter/iptables/iptables-text.h"
#include "system/filter/nftables/nftables-text.h"
#include "values.h"

#define GROUP_ID 23333

static gboolean
has_file (const char *folder,
          const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static char *
read_file (const char *folder,
           const char *name,
           gboolean    optional)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr(GError) error = NULL;
  char *text = NULL;

  if (optional && !has_file (folder, name))
    return NULL;
  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

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
  expected = read_file (folder, name, FALSE);
  if (!g_str_equal (expected, actual))
    g_test_message ("%s differs; it is now:\n%s", path, actual);
  g_assert_true (g_str_equal (expected, actual));
}

/* Only its own process knows an activation, so no text of facts contains it.  All facts of a case have the same one. */
static DivertFacts *
read_facts (const char *folder,
            const char *name,
            gboolean    optional)
{
  g_autofree char *text = read_file (folder, name, optional);
  g_autoptr(DivertFacts) facts = NULL;
  g_autoptr(GError) error = NULL;

  if (text == NULL)
    return NULL;
  facts = test_facts_new (text);
  divert_facts_sort (facts);
  for (guint i = 0; i < facts->connections->len; i++)
    {
      DivertConnection *connection = g_ptr_array_index (facts->connections, i);

      connection->activation = g_strdup (connection->uuid);
    }
  return g_steal_pointer (&facts);
}

static DivertDecision *
decide (const DivertConfig *config,
        const DivertMode   *mode,
        const DivertFacts  *before,
        const DivertFacts  *facts)
{
  DivertDecision *decision = divert_decide (config, mode, facts);
  DivertHold *hold = divert_hold_new ();

  if (before != NULL)
    {
      g_autoptr(DivertDecision) in_force = divert_decide (config, mode, before);

      divert_hold_learn (hold, before, in_force, G_USEC_PER_SEC);
      divert_hold_apply (hold, facts, decision, 2 * G_USEC_PER_SEC);
    }
  divert_hold_free (hold);
  return decision;
}

static void
test_case (gconstpointer data)
{
  const char *folder = data;
  g_autofree char *config_text = read_file (folder, "config", FALSE);
  g_autofree char *mode_text = read_file (folder, "mode", TRUE);
  g_autofree char *fence_path = g_build_filename (folder, "fence", NULL);
  g_autoptr(DivertConfig) config = test_config_new (config_text);
  g_autoptr(DivertFacts) before = read_facts (folder, "before", TRUE);
  g_autoptr(DivertFacts) facts = read_facts (folder, "facts", FALSE);
  g_autoptr(DivertMode) mode = NULL;
  g_autoptr(DivertDecision) decision = NULL;
  g_autoptr(DivertRuleset) ruleset = NULL;
  g_autofree char *decision_text = NULL;
  g_autoptr(GError) error = NULL;

  mode = divert_mode_parse (mode_text != NULL ? g_strstrip (mode_text) : "auto");
  g_assert_nonnull (mode);

  decision = decide (config, mode, before, facts);
  decision_text = divert_decision_to_text (decision);
  compare (folder, "decision", decision_text);

  ruleset = divert_ruleset_new (config, decision, config->group != NULL ? GROUP_ID : DIVERT_GID_NONE, facts);
  if (has_file (folder, "ruleset"))
    {
      g_autofree char *text = divert_ruleset_to_text (ruleset);

      compare (folder, "ruleset", text);
    }
  if (has_file (folder, "rules"))
    {
      g_autofree char *text = divert_xt_to_text (ruleset);

      compare (folder, "rules", text);
    }
  if (has_file (folder, "rules.nftables"))
    {
      g_autofree char *text = divert_nft_to_text (ruleset);

      compare (folder, "rules.nftables", text);
    }
  if (has_file (folder, "guard"))
    {
      g_autofree char *text = divert_guard_to_text (ruleset, TRUE, 3000);

      compare (folder, "guard", text);
    }
  if (g_file_test (fence_path, G_FILE_TEST_EXISTS))
    {
      g_autoptr(DivertFence) fence = divert_fence_new (config, decision, facts);
      g_autofree char *fence_text = divert_fence_to_text (fence);

      compare (folder, "fence", fence_text);
    }
}

int
main (int    argc,
      char **argv)
{
  g_autoptr(GPtrArray) folders = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GDir) dir = NULL;
  const char *name;

  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  dir = g_dir_open (argv[1], 0, NULL);
  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_strconcat ("/", name, NULL);

      g_ptr_array_add (folders, g_build_filename (argv[1], name, NULL));
      g_test_add_data_func (path, folders->pdata[folders->len - 1], test_case);
    }
  g_assert_cmpuint (folders->len, >, 0);
  return g_test_run ();
}
