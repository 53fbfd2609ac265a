/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `nm-divert doctor`: one paragraph for each finding, and the gravest one for `nm-divert status`.
 */
#include "divert-config.h"

#include "view.h"

#include <glib/gi18n.h>

#include "core/doctor/finding.h"
#include "core/words/escape.h"
#include "printable.h"

static const char *
gravity_to_text (const char *gravity)
{
  if (g_str_equal (gravity, "grave"))
    return _("Grave");
  if (g_str_equal (gravity, "warning"))
    return _("Warning");
  return _("Note");
}

/* In the reader's language, if the helper is not newer than this program. */
static char *
meaning_to_text (GVariant *finding)
{
  DivertFindingKind kind;

  if (divert_finding_kind_from_name (divert_view_string (finding, "kind"), &kind))
    return g_strdup (divert_finding_kind_to_text (kind, divert_view_translate));
  return divert_printable (divert_view_string (finding, "text"), DIVERT_PRINTABLE_LINE);
}

static char *
advice_to_text (GVariant *finding)
{
  DivertFindingKind kind;

  if (divert_finding_kind_from_name (divert_view_string (finding, "kind"), &kind))
    return g_strdup (divert_finding_kind_get_advice (kind, divert_view_translate));
  return divert_printable (divert_view_string (finding, "advice"), DIVERT_PRINTABLE_LINE);
}

static void
append_line (GString    *text,
             GVariant   *finding,
             const char *key)
{
  g_autofree char *line = divert_printable (divert_view_string (finding, key), DIVERT_PRINTABLE_LINE);

  if (*line)
    g_string_append_printf (text, "    %s\n", line);
}

static void
append_finding (GString  *text,
                GVariant *finding)
{
  g_autofree char *meaning = meaning_to_text (finding), *advice = advice_to_text (finding);
  g_autofree char *where = divert_printable (divert_view_string (finding, "where"), DIVERT_PRINTABLE_LINE);
  g_autofree char *owner = divert_escape (divert_view_string (finding, "owner"));
  guint count = 1;

  g_variant_lookup (finding, "count", "u", &count);
  g_string_append_printf (text, "%s: %s\n  %s", gravity_to_text (divert_view_string (finding, "gravity")), meaning,
                          where);
  if (*owner)
    g_string_append_printf (text, _(" (probably %s's)"), owner);
  g_string_append_c (text, '\n');
  append_line (text, finding, "rule");
  if (count > 1)
    {
      g_string_append (text, "    ");
      g_string_append_printf (text, ngettext ("and %u more like it", "and %u more like it", count - 1), count - 1);
      g_string_append_c (text, '\n');
    }
  g_string_append_printf (text, "  → %s\n", advice);
  append_line (text, finding, "command");
}

static GVariant *
get_findings (GVariant *diagnosis)
{
  return g_variant_lookup_value (diagnosis, "findings", G_VARIANT_TYPE ("aa{sv}"));
}

char *
divert_view_diagnosis (GVariant *diagnosis)
{
  g_autoptr(GVariant) findings = get_findings (diagnosis);
  g_autoptr(GString) text = g_string_new (NULL);

  for (gsize i = 0; findings && i < g_variant_n_children (findings); i++)
    {
      g_autoptr(GVariant) finding = g_variant_get_child_value (findings, i);

      g_string_append (text, i ? "\n" : "");
      append_finding (text, finding);
    }
  if (text->len == 0)
    g_string_append_printf (text, "%s\n", _("No other program's rules stand in the way."));
  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
divert_view_gravest (GVariant *diagnosis)
{
  g_autoptr(GVariant) findings = get_findings (diagnosis);
  g_autoptr(GVariant) finding = NULL;
  g_autoptr(GString) text = NULL;
  g_autofree char *meaning = NULL;

  if (!findings || g_variant_n_children (findings) == 0)
    return g_strdup ("");
  finding = g_variant_get_child_value (findings, 0);
  if (g_str_equal (divert_view_string (finding, "gravity"), "note"))
    return g_strdup ("");
  meaning = meaning_to_text (finding);
  text = g_string_new (NULL);
  g_string_append_printf (text, "\n%s\n  %s\n    → %s\n", _("In the way"), meaning,
                          _("run 'nm-divert doctor' to see it, and what cures it"));
  return g_string_free (g_steal_pointer (&text), FALSE);
}
