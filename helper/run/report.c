/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the report's value, and what of it is logged.
 */
#include "report.h"

void
divert_report_free (DivertReport *report)
{
  if (report == NULL)
    return;
  divert_mode_free (report->mode);
  divert_decision_free (report->decision);
  g_ptr_array_unref (report->problems);
  g_free (report->place);
  g_free (report);
}

static char *
to_text (const DivertReport *report,
         const char         *event)
{
  g_autofree char *reason = divert_reason_to_text (report->decision->reason, NULL);

  return g_strdup_printf ("%s: place %s%s: %s (mode %s, %u writes, %" G_GINT64_FORMAT " us)", event,
                          report->place, report->laid ? "" : " (not as decided)", reason,
                          divert_mode_get_name (report->mode), report->writes, report->took);
}

gboolean
divert_report_is_news (const DivertReport *report,
                       const DivertReport *previous)
{
  return previous == NULL || report->writes > 0 || !g_str_equal (previous->place, report->place) ||
         !divert_problems_equal (previous->problems, report->problems);
}

void
divert_report_log (const DivertReport *report,
                   const char         *event)
{
  g_autofree char *text = to_text (report, event);

  g_message ("%s", text);
  for (guint i = 0; i < report->problems->len; i++)
    {
      const DivertProblem *problem = g_ptr_array_index (report->problems, i);
      g_autofree char *line = divert_problem_to_text (problem->code, problem->detail, NULL);

      g_warning ("%s", line);
    }
}

const char *
divert_report_get_site (const DivertReport *report)
{
  return g_str_equal (report->place, "away") || g_str_equal (report->place, "off") ? "" : report->place;
}

/* Rules that could not be replaced are of another decision, whose device is not known here. */
const char *
divert_report_get_device (const DivertReport *report)
{
  return report->laid ? divert_decision_get_device (report->decision) : "";
}
