/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * However often people ask, and however many rules there are, an examination costs a small share of a processor.
 */
#include "namespace.h"
#include "run/examination.h"

#include "values.h"

static const char config_text[] = "[proxy]\ngroup=1\n[site home]\nintranet=192.168.22.0/24\nzone=home\n";

typedef struct
{
  DivertConfig   *config;
  DivertMode     *mode;
  DivertFacts    *facts;
  DivertReport    report;
  DivertSnapshot  snapshot;
} Fixture;

static void
set_up (Fixture       *f,
        gconstpointer  data)
{
  test_namespace_enter ();
  f->config = test_config_new (config_text);
  f->mode = divert_mode_new (DIVERT_MODE_AWAY, NULL);
  f->facts = divert_facts_new ();
  f->report.decision = divert_decide (f->config, f->mode, f->facts);
  f->report.backend = "nftables";
  f->snapshot.config = f->config;
  f->snapshot.report = &f->report;
}

static void
tear_down (Fixture       *f,
           gconstpointer  data)
{
  divert_decision_free (f->report.decision);
  divert_facts_free (f->facts);
  divert_mode_free (f->mode);
  divert_config_free (f->config);
}

static void
test_flood (Fixture       *f,
            gconstpointer  data)
{
  g_autoptr(DivertExamination) examination = divert_examination_new ();
  gint64 began, used;

  test_run ("{ echo 'table ip many { chain out { type filter hook output priority 0;'; "
            "seq 10000 | awk '{ print \"tcp dport \" $1 \" meta mark set \" $1 * 256 \"; \" }'; "
            "echo '}'; echo '}'; } | nft -f -");
  began = g_get_monotonic_time ();
  used = test_processor_time (CLOCK_THREAD_CPUTIME_ID);
  /* The first one is not yet limited. */
  g_assert_cmpuint (divert_examination_look (examination, &f->snapshot)->findings->len, ==, 1);
  while (g_get_monotonic_time () - began < 3 * G_USEC_PER_SEC)
    {
      divert_examination_look (examination, &f->snapshot);
      g_usleep (1000);
    }
  used = test_processor_time (CLOCK_THREAD_CPUTIME_ID) - used;
  g_test_message ("%" G_GINT64_FORMAT " us of %" G_GINT64_FORMAT, used, g_get_monotonic_time () - began);
  g_assert_cmpint (used, <, (g_get_monotonic_time () - began) / 10);
}

/* It is not the same answer for ever. */
static void
test_news (Fixture       *f,
           gconstpointer  data)
{
  g_autoptr(DivertExamination) examination = divert_examination_new ();
  guint found = 0;

  g_assert_cmpuint (divert_examination_look (examination, &f->snapshot)->findings->len, ==, 0);
  test_run ("ip rule add pref 99 fwmark 23 table 2233");
  for (guint i = 0; i < 10000 && found == 0; i++)
    {
      g_usleep (1000);
      found = divert_examination_look (examination, &f->snapshot)->findings->len;
    }
  g_assert_cmpuint (found, ==, 1);
}

int
main (int    argc,
      char **argv)
{
  test_needs ("ip", "nft", NULL);
  test_needs_namespaces ();
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/examination/flood", Fixture, NULL, set_up, test_flood, tear_down);
  g_test_add ("/examination/news", Fixture, NULL, set_up, test_news, tear_down);
  return g_test_run ();
}
