/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is logged of a report: its fields for programs, and when a line is new. */
#include "run/report.h"

#include "values.h"

typedef struct
{
  guint    n_lines;
  GString *fields; /* of the last line */
} Heard;

/* A program can set its log writer only once. */
static Heard heard;

static GLogWriterOutput
hear (GLogLevelFlags   level,
      const GLogField *fields,
      gsize            n_fields,
      gpointer         user_data)
{
  static const char *const wanted[] = { "PLACE", "SITE", "REASON" };

  heard.n_lines++;
  g_string_truncate (heard.fields, 0);
  for (gsize i = 0; i < n_fields; i++)
    for (gsize j = 0; j < G_N_ELEMENTS (wanted); j++)
      if (g_str_equal (fields[i].key, wanted[j]))
        g_string_append_printf (heard.fields, "%s=%s ", wanted[j], (const char *) fields[i].value);
  return G_LOG_WRITER_HANDLED;
}

static DivertReport *
make_report (const char     *place,
             const char     *config_text,
             DivertModeKind  kind,
             const char     *site)
{
  g_autoptr(DivertConfig) config = test_config_new (config_text);
  g_autoptr(DivertFacts) facts = test_facts_new ("");
  DivertReport *report = divert_report_new ();

  report->mode = divert_mode_new (kind, site);
  report->decision = divert_decide (config, report->mode, facts);
  report->laid = TRUE;
  report->place = g_strdup (place);
  report->backend = "";
  report->guard = "";
  report->problems = g_ptr_array_new ();
  return report;
}

static void
test_fields (void)
{
  const char *site = "[site home]\nintranet=192.168.22.0/24\nzone=home\n";
  g_autoptr(DivertReport) away = make_report ("away", "", DIVERT_MODE_AUTO, NULL);
  g_autoptr(DivertReport) off = make_report ("off", site, DIVERT_MODE_OFF, NULL);
  g_autoptr(DivertReport) home = make_report ("home", site, DIVERT_MODE_SITE, "home");
  DivertNews news = { 0 };

  heard.n_lines = 0;
  divert_news_see (&news, away, NULL, "start", 1);
  g_assert_cmpstr (heard.fields->str, ==, "PLACE=away SITE= REASON=no-sites ");
  divert_news_see (&news, off, away, "switch", 2);
  g_assert_cmpstr (heard.fields->str, ==, "PLACE=off SITE= REASON=mode-off ");
  divert_news_see (&news, home, off, "switch", 3);
  g_assert_cmpstr (heard.fields->str, ==, "PLACE=home SITE=home REASON=forced-not-here ");
  g_assert_cmpuint (heard.n_lines, ==, 3);
  divert_news_see (&news, home, home, "look", 4);
  g_assert_cmpuint (heard.n_lines, ==, 3);
  divert_news_clear (&news);
}

/* A network can cause new reasons at will. */
static void
test_pace (void)
{
  const char *site = "[site home]\nintranet=192.168.22.0/24\nzone=home\n";
  g_autoptr(DivertReport) one = make_report ("away", "", DIVERT_MODE_AUTO, NULL);
  g_autoptr(DivertReport) other = make_report ("away", site, DIVERT_MODE_AWAY, NULL);
  DivertNews news = { 0 };
  gint64 next;

  heard.n_lines = 0;
  divert_news_see (&news, one, NULL, "start", 1);
  next = divert_news_see (&news, other, one, "look", 2);
  g_assert_cmpuint (heard.n_lines, ==, 1);
  g_assert_cmpint (next, >, 2);
  g_assert_cmpint (divert_news_see (&news, other, other, "look", next), ==, 0);
  g_assert_cmpuint (heard.n_lines, ==, 2);
  g_assert_cmpstr (heard.fields->str, ==, "PLACE=away SITE= REASON=mode-away ");
  divert_news_clear (&news);
}

int
main (int    argc,
      char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  heard.fields = g_string_new (NULL);
  g_log_set_writer_func (hear, NULL, NULL);
  g_test_add_func ("/news/fields", test_fields);
  g_test_add_func ("/news/pace", test_pace);
  status = g_test_run ();
  g_string_free (heard.fields, TRUE);
  return status;
}
