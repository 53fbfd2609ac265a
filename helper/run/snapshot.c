/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the answers to what people ask between two runs.
 *
 * An answer may take long (a walk through all processes, a table of ten thousand rules), so it is given in the thread
 * of the people who ask.  No answer looks at the pipeline.  If something is not in the snapshot, the kernel is asked.
 */
#include "snapshot.h"

#include "core/ruleset/fence.h"
#include "laying.h"
#include "system/files/site-file.h"
#include "system/filter/choice.h"
#include "system/filter/guard.h"
#include "system/filter/wire.h"

DivertSnapshot *
divert_snapshot_new (void)
{
  return g_atomic_rc_box_new0 (DivertSnapshot);
}

DivertSnapshot *
divert_snapshot_ref (const DivertSnapshot *snapshot)
{
  return g_atomic_rc_box_acquire ((DivertSnapshot *) snapshot);
}

static void
clear (gpointer data)
{
  DivertSnapshot *snapshot = data;

  divert_config_free (snapshot->config);
  g_free (snapshot->config_dir);
  divert_facts_free (snapshot->facts);
  divert_report_free (snapshot->report);
  g_clear_pointer (&snapshot->laid, divert_ruleset_unref);
}

void
divert_snapshot_free (DivertSnapshot *snapshot)
{
  if (snapshot != NULL)
    g_atomic_rc_box_release_full (snapshot, clear);
}

char *
divert_snapshot_get_site_path (const DivertSnapshot *snapshot,
                               const char           *site)
{
  return divert_site_file_get_path (snapshot->config_dir, site);
}

gboolean
divert_snapshot_is_needed (const DivertSnapshot *snapshot)
{
  const DivertReport *report = snapshot->report;

  return report == NULL || !report->laid || !g_str_equal (report->place, "off") || divert_mode_has_end (report->mode);
}

gboolean
divert_snapshot_count_dropped (const DivertSnapshot *snapshot,
                               guint64              *ret_packets)
{
  /* Not the pipeline's own, because that belongs to another thread. */
  g_autoptr(DivertBackend) backend = divert_choice_new ();
  guint64 by_rules = 0, by_guard = 0, by_wire = 0;
  const gboolean counted = backend->klass->count_dropped (backend, &by_rules, NULL);
  const gboolean guarded = divert_guard_count_dropped (&by_guard), wired = divert_wire_count_dropped (&by_wire);

  *ret_packets = (counted ? by_rules : 0) + by_guard + by_wire;
  return counted || guarded || wired;
}

DivertRuleset *
divert_snapshot_get_ruleset (const DivertSnapshot  *snapshot,
                             const DivertMode      *mode,
                             DivertDecision       **ret_decision)
{
  g_autoptr(DivertDecision) decision = NULL;
  DivertRuleset *ruleset;

  if (mode == NULL)
    decision = divert_decision_ref (snapshot->report->decision);
  else
    decision = divert_decision_suppose (snapshot->config, mode, snapshot->facts);
  /* Without the group no rules are installed.  That is the truth if the current place is asked for.  A supposed place
   * is shown as it would be. */
  if (mode == NULL && !snapshot->has_gid)
    ruleset = divert_ruleset_new_empty ();
  else
    ruleset = divert_ruleset_new (snapshot->config, decision, snapshot->has_gid ? snapshot->gid : DIVERT_GID_UNKNOWN,
                                  snapshot->facts);
  *ret_decision = g_steal_pointer (&decision);
  return ruleset;
}

/* What is no rule of the backend's comes as comments, like its routing, so that the whole text can be fed to
 * iptables-restore(8) or nft(8). */
static void
append_comments (GString    *text,
                 const char *comments)
{
  g_auto(GStrv) lines = g_strsplit (comments, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    if (lines[i][0] != '\0')
      g_string_append_printf (text, "# %s\n", lines[i]);
}

DivertBackend *
divert_snapshot_get_backend (const DivertSnapshot *snapshot)
{
  DivertBackend *backend = divert_choice_new_by_name (snapshot->report->backend);

  return backend != NULL ? backend : divert_choice_new_backend (snapshot->config->backend);
}

char *
divert_snapshot_plan (const DivertSnapshot *snapshot,
                      const DivertMode     *mode,
                      const char           *name)
{
  g_autoptr(DivertDecision) decision = NULL;
  g_autoptr(DivertRuleset) ruleset = divert_snapshot_get_ruleset (snapshot, mode, &decision);
  g_autoptr(DivertFence) fence = divert_fence_new (snapshot->config, decision, snapshot->facts);
  g_autoptr(DivertBackend) backend = name != NULL ? divert_choice_new_by_name (name)
                                                  : divert_snapshot_get_backend (snapshot);
  g_autofree char *commands = divert_fence_to_text (fence);
  g_autofree char *wire = divert_wire_to_text (ruleset);
  g_autofree char *rules = NULL, *guard = NULL;
  g_autoptr(GString) text = NULL;

  if (backend == NULL)
    return NULL;
  rules = backend->klass->to_text (backend, ruleset);
  text = g_string_new (rules);
  if (divert_laying_wants_guard (backend))
    guard = divert_guard_to_text (ruleset, backend->klass->wants_guard, divert_laying_get_lifetime ());
  append_comments (text, guard != NULL ? guard : "");
  /* The other backend has it in its own text. */
  if (backend->klass->wants_guard)
    append_comments (text, wire);
  append_comments (text, commands);
  return g_string_free (g_steal_pointer (&text), FALSE);
}
