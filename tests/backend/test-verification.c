/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * However often people ask what the kernel has, and make us run, reading it back costs a small share of a processor.
 */
#include "backend-fixture.h"
#include "namespace.h"
#include "run/verification.h"
#include "system/filter/choice.h"

#include "values.h"

#define GID 23333
#define PREFIXES 3000
#define SECONDS 3

typedef struct
{
  DivertBackend  *backend;
  DivertRuleset  *ruleset;
  DivertSnapshot *snapshots[2];
} Fixture;

static DivertConfig *
make_config (void)
{
  g_autoptr(GString) text = g_string_new ("[proxy]\ngroup=1\n[divert]\nbypass=");

  for (guint i = 0; i < PREFIXES; i++)
    g_string_append_printf (text, "203.%u.%u.1/32;", i / 250, i % 250);
  g_string_append (text, "\n[site home]\nintranet=192.168.22.0/24\nzone=home\n");
  return test_config_new (text->str);
}

static DivertSnapshot *
make_snapshot (DivertRuleset *laid)
{
  DivertSnapshot *snapshot = divert_snapshot_new ();

  snapshot->report = divert_report_new ();
  snapshot->report->backend = "nftables";
  snapshot->report->problems = g_ptr_array_new ();
  snapshot->report->laid = TRUE;
  snapshot->laid = divert_ruleset_ref (laid);
  return snapshot;
}

static void
set_up (Fixture       *f,
        gconstpointer  data)
{
  g_autoptr(DivertConfig) config = make_config ();
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AWAY, NULL);
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(DivertDecision) decision = divert_decide (config, mode, facts);

  test_namespace_enter ();
  f->ruleset = divert_ruleset_new (config, decision, GID, facts);
  f->backend = divert_choice_new_by_name ("nftables");
  backend_fixture_lay (f->backend, f->ruleset);
  for (guint i = 0; i < G_N_ELEMENTS (f->snapshots); i++)
    f->snapshots[i] = make_snapshot (f->ruleset);
}

static void
tear_down (Fixture       *f,
           gconstpointer  data)
{
  for (guint i = 0; i < G_N_ELEMENTS (f->snapshots); i++)
    divert_snapshot_free (f->snapshots[i]);
  divert_ruleset_unref (f->ruleset);
  divert_backend_free (f->backend);
}

/* Each question is about another run. */
static void
test_flood (Fixture       *f,
            gconstpointer  data)
{
  g_autoptr(DivertVerification) verification = divert_verification_new ();
  const gint64 began = g_get_monotonic_time (), end = began + SECONDS * G_USEC_PER_SEC;
  gint64 used = test_processor_time (CLOCK_THREAD_CPUTIME_ID);
  guint n[DIVERT_N_HOLDINGS] = { 0 };

  for (guint i = 0; g_get_monotonic_time () < end; i++)
    {
      divert_verification_forget (verification);
      n[divert_verification_look (verification, f->snapshots[i % 2])]++;
      g_usleep (1000);
    }
  used = test_processor_time (CLOCK_THREAD_CPUTIME_ID) - used;
  g_test_message ("%" G_GINT64_FORMAT " us of %d s; read %u times, not read %u times", used, SECONDS,
                  n[DIVERT_HOLDING_WANTED], n[DIVERT_HOLDING_UNKNOWN]);
  g_assert_cmpint (used, <, SECONDS * G_USEC_PER_SEC / 10);
  g_assert_cmpuint (n[DIVERT_HOLDING_WANTED], >, 1);
  g_assert_cmpuint (n[DIVERT_HOLDING_UNKNOWN], >, 0);
  g_assert_cmpuint (n[DIVERT_HOLDING_CHANGED] + n[DIVERT_HOLDING_NONE] + n[DIVERT_HOLDING_FORMER], ==, 0);
}

/* Everybody may ask how much was dropped. */
static void
test_flood_of_counts (Fixture       *f,
                      gconstpointer  data)
{
  g_autoptr(DivertVerification) verification = divert_verification_new ();
  const gint64 began = g_get_monotonic_time (), end = began + SECONDS * G_USEC_PER_SEC;
  gint64 used = test_processor_time (CLOCK_THREAD_CPUTIME_ID);
  guint64 dropped = 1;
  guint n = 0;

  for (; g_get_monotonic_time () < end; n++)
    {
      g_assert_true (divert_verification_count_dropped (verification, f->snapshots[0], &dropped));
      g_assert_cmpuint (dropped, ==, 0);
      g_usleep (1000);
    }
  used = test_processor_time (CLOCK_THREAD_CPUTIME_ID) - used;
  g_test_message ("%" G_GINT64_FORMAT " us of %d s for %u questions", used, SECONDS, n);
  g_assert_cmpint (used, <, SECONDS * G_USEC_PER_SEC / 10);
}

/* FALSE: the machine was busy, so that nothing can be said. */
static gboolean
try_news (Fixture *f)
{
  g_autoptr(DivertVerification) verification = divert_verification_new ();
  g_autoptr(DivertRuleset) nothing = divert_ruleset_new_empty ();
  const gint64 began = g_get_monotonic_time ();
  const DivertHolding first = divert_verification_look (verification, f->snapshots[0]);
  const gint64 read = g_get_monotonic_time ();
  DivertHolding same, next;

  backend_fixture_lay (f->backend, nothing);
  same = divert_verification_look (verification, f->snapshots[0]);
  next = divert_verification_look (verification, f->snapshots[1]);
  /* The rest is nineteen times as long as the reading, and of a longer one too much would be left. */
  if (g_get_monotonic_time () - read > 15 * (read - began) || read - began > 40 * G_TIME_SPAN_MILLISECOND)
    return FALSE;
  g_assert_cmpint (first, ==, DIVERT_HOLDING_WANTED);
  g_assert_cmpint (same, ==, DIVERT_HOLDING_WANTED);
  g_assert_cmpint (next, ==, DIVERT_HOLDING_NONE);
  return TRUE;
}

/* The first one who asks after a run is told of it. */
static void
test_news (Fixture       *f,
           gconstpointer  data)
{
  guint tries = 1;

  for (; !try_news (f); tries++)
    {
      g_assert_cmpuint (tries, <, 50);
      backend_fixture_lay (f->backend, f->ruleset);
    }
}

int
main (int    argc,
      char **argv)
{
  test_needs_namespaces ();
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/verification/flood", Fixture, NULL, set_up, test_flood, tear_down);
  g_test_add ("/verification/flood-of-counts", Fixture, NULL, set_up, test_flood_of_counts, tear_down);
  g_test_add ("/verification/news", Fixture, NULL, set_up, test_news, tear_down);
  return g_test_run ();
}
