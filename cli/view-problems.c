/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the helper reports as wrong, in the reader's language and with advice.
 */
#include "divert-config.h"

#include "view.h"

#include <glib/gi18n.h>

#include "printable.h"

/* FALSE: the helper is newer than this program. */
static gboolean
append_known_problem (GString  *text,
                      GVariant *problem)
{
  g_autofree char *sentence = NULL;
  DivertProblemCode code;

  if (!divert_problem_code_from_name (divert_view_string (problem, "code"), &code))
    return FALSE;
  sentence = divert_problem_to_text (code, divert_view_string (problem, "detail"), divert_view_translate);
  g_string_append_printf (text, "  %s\n    → %s\n", sentence, divert_problem_get_advice (code, divert_view_translate));
  return TRUE;
}

/* NULL: it is not among them. */
static GVariant *
find_problem (GVariant          *status,
              DivertProblemCode  wanted)
{
  g_autoptr(GVariant) list = g_variant_lookup_value (status, "problem-list", G_VARIANT_TYPE ("aa{sv}"));

  for (gsize i = 0; list && i < g_variant_n_children (list); i++)
    {
      g_autoptr(GVariant) problem = g_variant_get_child_value (list, i);

      if (g_str_equal (divert_view_string (problem, "code"), divert_problem_code_name (wanted)))
        return g_steal_pointer (&problem);
    }
  return NULL;
}

gboolean
divert_view_has_problem (GVariant          *status,
                         DivertProblemCode  wanted)
{
  g_autoptr(GVariant) problem = find_problem (status, wanted);

  return problem != NULL;
}

void
divert_view_append_problem (GString           *text,
                            GVariant          *status,
                            DivertProblemCode  wanted)
{
  g_autoptr(GVariant) problem = find_problem (status, wanted);

  if (!problem)
    return;
  g_string_append_printf (text, "\n%s\n", _("Problems"));
  append_known_problem (text, problem);
}

void
divert_view_append_problems (GString  *text,
                             GVariant *status)
{
  g_autoptr(GVariant) list = g_variant_lookup_value (status, "problem-list", G_VARIANT_TYPE ("aa{sv}"));
  g_autofree const char **problems = NULL;

  if (!g_variant_lookup (status, "problems", "^a&s", &problems) || !problems[0])
    return;
  g_string_append_printf (text, "\n%s\n", _("Problems"));
  for (guint i = 0; problems[i]; i++)
    {
      g_autofree char *unknown = divert_printable (problems[i], DIVERT_PRINTABLE_LINE);
      g_autoptr(GVariant) problem = list && i < g_variant_n_children (list) ? g_variant_get_child_value (list, i)
                                                                            : NULL;

      if (!problem || !append_known_problem (text, problem))
        g_string_append_printf (text, "  %s\n", unknown);
    }
}
