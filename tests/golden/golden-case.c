/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: what the folder of a golden case says, and the ruleset that comes of it. */
#include "golden-case.h"

#include <string.h>

#include "core/memory/hold.h"
#include "values.h"

#define GROUP_ID 23333

gboolean
golden_has_file (const char *folder,
                 const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

char *
golden_read_file (const char *folder,
                  const char *name,
                  gboolean    optional)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr(GError) error = NULL;
  char *text = NULL;

  if (optional && !golden_has_file (folder, name))
    return NULL;
  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

/* Only its own process knows an activation, so no text of facts contains it.  All facts of a case have the same one. */
static DivertFacts *
read_facts (const char *folder,
            const char *name,
            gboolean    optional)
{
  g_autofree char *text = golden_read_file (folder, name, optional);
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

GoldenCase *
golden_case_new (const char *folder)
{
  GoldenCase *golden = g_new0 (GoldenCase, 1);
  g_autofree char *config_text = golden_read_file (folder, "config", FALSE);
  g_autofree char *mode_text = golden_read_file (folder, "mode", TRUE);
  g_autoptr(DivertFacts) before = read_facts (folder, "before", TRUE);
  g_autoptr(DivertMode) mode = divert_mode_parse (mode_text != NULL ? g_strstrip (mode_text) : "auto");

  g_assert_nonnull (mode);
  golden->config = test_config_new (config_text);
  golden->facts = read_facts (folder, "facts", FALSE);
  golden->decision = decide (golden->config, mode, before, golden->facts);
  golden->ruleset = divert_ruleset_new (golden->config, golden->decision,
                                        golden->config->group != NULL ? GROUP_ID : DIVERT_GID_NONE, golden->facts);
  return golden;
}

void
golden_case_free (GoldenCase *golden)
{
  divert_config_free (golden->config);
  divert_facts_free (golden->facts);
  divert_decision_free (golden->decision);
  divert_ruleset_unref (golden->ruleset);
  g_free (golden);
}

GPtrArray *
golden_list_folders (const char *directory)
{
  GPtrArray *folders = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (folders, g_build_filename (directory, name, NULL));
  g_assert_cmpuint (folders->len, >, 0);
  return folders;
}
