/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the helper is still needed when nobody calls. */
#include "run/snapshot.h"

/* After a run with this result; @kind and what follows it are the mode. */
static DivertSnapshot *
snapshot_after (const char     *place,
                gboolean        laid,
                DivertModeKind  kind,
                guint64         expires,
                const char     *network)
{
  DivertSnapshot *snapshot = divert_snapshot_new ();

  snapshot->report = divert_report_new ();
  snapshot->report->place = g_strdup (place);
  snapshot->report->laid = laid;
  snapshot->report->mode = divert_mode_new (kind, NULL);
  snapshot->report->mode->expires = expires;
  snapshot->report->mode->network = g_strdup (network);
  snapshot->report->problems = g_ptr_array_new ();
  return snapshot;
}

static void
test_needed (void)
{
  static const struct
  {
    const char     *place;
    gboolean        laid;
    DivertModeKind  kind;
    guint64         expires;
    const char     *network;
    gboolean        needed;
  } rows[] = {
    { "away", TRUE, DIVERT_MODE_AUTO, 0, NULL, TRUE },
    { "home", TRUE, DIVERT_MODE_AUTO, 0, NULL, TRUE },
    /* Rules are still there. */
    { "off", FALSE, DIVERT_MODE_OFF, 0, NULL, TRUE },
    { "off", TRUE, DIVERT_MODE_OFF, 0, NULL, FALSE },
    /* Nobody but the helper ends the mode. */
    { "off", TRUE, DIVERT_MODE_OFF, 1, NULL, TRUE },
    { "off", TRUE, DIVERT_MODE_OFF, 0, "uuid@wlan0", TRUE },
    { "off", TRUE, DIVERT_MODE_OFF, 0, "", TRUE },
    { "off", TRUE, DIVERT_MODE_AWAY, 1, NULL, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr(DivertSnapshot) snapshot = snapshot_after (rows[i].place, rows[i].laid, rows[i].kind, rows[i].expires,
                                                           rows[i].network);

      g_test_message ("row %u", i);
      g_assert_cmpint (divert_snapshot_is_needed (snapshot), ==, rows[i].needed);
    }
}

static void
test_before_the_first_run (void)
{
  g_autoptr(DivertSnapshot) snapshot = divert_snapshot_new ();

  g_assert_true (divert_snapshot_is_needed (snapshot));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/snapshot/needed", test_needed);
  g_test_add_func ("/snapshot/before-the-first-run", test_before_the_first_run);
  return g_test_run ();
}
