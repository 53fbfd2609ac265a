/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the report's value, and what part of it is logged and passed to the service manager.
 *
 * A line is logged for anything new: another place, another problem, a write, or another reason for the same place ("a
 * stranger's gateway answered"). A network can cause new reasons at will. So if only the reason is new, at most one
 * line a second is logged, but the last reason always is. So can a proxy that starts again and again, and whoever takes
 * its port meanwhile, so the listeners count as part of the reason. In the journal, the line has fields for programs
 * that follow the place.
 */
#include "report.h"

#include "system/base/manager.h"

#define REASON_INTERVAL_US G_USEC_PER_SEC

DivertReport *
divert_report_new (void)
{
  return g_atomic_rc_box_new0 (DivertReport);
}

DivertReport *
divert_report_ref (const DivertReport *report)
{
  return g_atomic_rc_box_acquire ((DivertReport *) report);
}

static void
clear (gpointer data)
{
  DivertReport *report = data;

  divert_mode_free (report->mode);
  divert_decision_free (report->decision);
  g_ptr_array_unref (report->problems);
  g_free (report->place);
  g_free (report->backend_why);
}

void
divert_report_free (DivertReport *report)
{
  if (report != NULL)
    g_atomic_rc_box_release_full (report, clear);
}

/* "home: connection … proves 'home' (…)" */
static char *
describe (const DivertReport *report)
{
  g_autofree char *reason = divert_reason_to_text (report->decision->reason, NULL);

  return g_strdup_printf ("%s%s: %s", report->place, report->laid ? "" : " (not as decided)", reason);
}

static char *
to_text (const DivertReport *report,
         const char         *event)
{
  g_autofree char *description = describe (report);

  return g_strdup_printf ("%s: place %s (mode %s, %u writes, %" G_GINT64_FORMAT " us)", event, description,
                          divert_mode_get_name (report->mode), report->writes, report->took);
}

static void
tell_manager (const DivertReport *report)
{
  g_autofree char *description = describe (report);
  g_autoptr(GString) text = g_string_new (description);

  for (guint i = 0; i < report->problems->len; i++)
    {
      const DivertProblem *problem = g_ptr_array_index (report->problems, i);
      g_autofree char *line = divert_problem_to_text (problem->code, problem->detail, NULL);

      g_string_append_printf (text, "; %s", line);
    }
  divert_manager_tell (text->str);
}

/* What is wrong with the listeners; "" if nothing is. */
static char *
describe_proxy (const DivertReport *report)
{
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < report->problems->len; i++)
    {
      const DivertProblem *problem = g_ptr_array_index (report->problems, i);

      if (divert_problem_is_of_listeners (problem->code))
        g_string_append_printf (text, "%s: %s;", divert_problem_code_name (problem->code), problem->detail);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* @proxy: of describe_proxy(), if it has changed.  The listeners' problems are told only then, because they may last,
 * while the place changes. */
static void
log_report (const DivertReport *report,
            const char         *event,
            const char         *proxy)
{
  g_autofree char *text = to_text (report, event);

  g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "PLACE", report->place, "SITE", divert_report_get_site (report),
                    "REASON", divert_reason_code_name (report->decision->reason->code), "MESSAGE", "%s", text);
  for (guint i = 0; i < report->problems->len; i++)
    {
      const DivertProblem *problem = g_ptr_array_index (report->problems, i);
      g_autofree char *line = divert_problem_to_text (problem->code, problem->detail, NULL);

      if (!divert_problem_is_of_listeners (problem->code) || proxy != NULL)
        g_warning ("%s", line);
    }
  if (proxy != NULL && proxy[0] == '\0')
    g_message ("the proxy takes what is diverted to it");
}

static gboolean
is_news (const DivertReport *report,
         const DivertReport *previous)
{
  return previous == NULL || (report->writes > 0 && !report->mended && !report->refed) ||
         !g_str_equal (previous->place, report->place) ||
         !divert_problems_equal_otherwise (previous->problems, report->problems);
}

static void
log_backend (const DivertReport *report,
             const DivertReport *previous)
{
  if (report->backend_why != NULL && (previous == NULL || g_strcmp0 (previous->backend_why, report->backend_why) != 0))
    g_message ("the rules are in %s, because the preferred backend doesn't work here: %s", report->backend,
               report->backend_why);
}

gint64
divert_news_see (DivertNews         *news,
                 const DivertReport *report,
                 const DivertReport *previous,
                 const char         *event,
                 gint64              now)
{
  g_autofree char *reason = divert_reason_to_text (report->decision->reason, NULL);
  g_autofree char *proxy = describe_proxy (report);
  const gboolean proxy_changed = g_strcmp0 (proxy, news->proxy != NULL ? news->proxy : "") != 0;
  const gboolean other = g_strcmp0 (reason, news->reason) != 0 || proxy_changed;

  log_backend (report, previous);
  if (!is_news (report, previous) && !(other && now >= news->next))
    return other ? news->next : 0;
  log_report (report, event, proxy_changed ? proxy : NULL);
  tell_manager (report);
  g_free (news->reason);
  news->reason = g_steal_pointer (&reason);
  g_free (news->proxy);
  news->proxy = g_steal_pointer (&proxy);
  news->next = now + REASON_INTERVAL_US;
  return 0;
}

void
divert_news_clear (DivertNews *news)
{
  g_clear_pointer (&news->reason, g_free);
  g_clear_pointer (&news->proxy, g_free);
}

const char *
divert_report_get_site (const DivertReport *report)
{
  return g_str_equal (report->place, "away") || g_str_equal (report->place, "off") ? "" : report->place;
}

/* If rules could not be replaced, they belong to another decision, whose device is not known here. */
const char *
divert_report_get_device (const DivertReport *report)
{
  return report->laid ? divert_decision_get_device (report->decision) : "";
}
