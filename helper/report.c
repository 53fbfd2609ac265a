/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the report's value and its log line.
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

char *
divert_report_to_text (const DivertReport *report,
                       const char         *event)
{
  g_autofree char *reason = divert_reason_to_text (report->decision->reason, NULL);

  return g_strdup_printf ("%s: place %s%s: %s (mode %s, %u writes, %" G_GINT64_FORMAT " us)", event,
                          report->place, report->laid ? "" : " (not as decided)", reason,
                          divert_mode_get_name (report->mode), report->writes, report->took);
}
