/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mode: its names, its expiry, and its form on disk. Also durations. */
#include "core/place/mode.h"

#include <string.h>

static void
test_parse (void)
{
  static const struct
  {
    const char     *text;
    gboolean        valid;
    DivertModeKind  kind;
  } cases[] = {
    { "auto", TRUE, DIVERT_MODE_AUTO },
    { "away", TRUE, DIVERT_MODE_AWAY },
    { "off", TRUE, DIVERT_MODE_OFF },
    { "home", TRUE, DIVERT_MODE_SITE },
    { "Home_2.4-GHz", TRUE, DIVERT_MODE_SITE },
    { "AUTO", TRUE, DIVERT_MODE_SITE },
    { "a2345678901234567890123456789012", TRUE, DIVERT_MODE_SITE },
    { "a23456789012345678901234567890123", FALSE, 0 },
    { "", FALSE, 0 },
    { "--for", FALSE, 0 },
    { "..", FALSE, 0 },
    { "a b", FALSE, 0 },
    { "a/b", FALSE, 0 },
    { "home\n", FALSE, 0 },
    { "家", FALSE, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(DivertMode) mode = divert_mode_parse (cases[i].text);

      g_assert_cmpint (mode != NULL, ==, cases[i].valid);
      if (mode == NULL)
        continue;
      g_assert_cmpint (mode->kind, ==, cases[i].kind);
      g_assert_cmpstr (divert_mode_get_name (mode), ==, cases[i].text);
    }
}

#define NOW 1800000000u
#define YEARS (10u * 365 * 24 * 60 * 60)

static void
test_over (void)
{
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AWAY, NULL);
  const DivertClock set = { NOW, 50, "boot" }, last = { NOW + 1000, 1050, "boot" }, over = { NOW + 1001, 1051, "boot" };

  g_assert_false (divert_mode_is_over (mode, &over, "other"));
  divert_mode_set_end (mode, NOW + 1000, &set);
  g_assert_false (divert_mode_is_over (mode, &last, "other"));
  g_assert_true (divert_mode_is_over (mode, &over, "other"));
  mode->network = g_strdup ("here");
  g_assert_false (divert_mode_is_over (mode, &last, "here"));
  g_assert_false (divert_mode_is_over (mode, &last, NULL));
  g_assert_true (divert_mode_is_over (mode, &last, ""));
  g_assert_true (divert_mode_is_over (mode, &over, NULL));
}

/* A mode of 1000 seconds, set 50 seconds after a boot. This is what is left of it, whatever the wall clock says. */
static void
test_clocks (void)
{
  static const struct
  {
    const char    *what;
    DivertClock    now;
    guint64        left;      /* of off and a site */
    guint64        left_away;
    guint64        expiry;    /* of off */
  } cases[] = {
    { "at once", { NOW, 50, "a" }, 1001, 1001, NOW + 1000 },
    { "half of it", { NOW + 500, 550, "a" }, 501, 501, NOW + 1000 },
    { "the clocks are read one after the other", { NOW + 501, 550, "a" }, 501, 501, NOW + 1000 },
    { "the clock is set back by an hour", { NOW + 500 - 3600, 550, "a" }, 501, 501, NOW + 1001 - 3600 },
    { "… by years", { NOW - YEARS, 550, "a" }, 501, 501, NOW - YEARS + 501 },
    { "the clock is set forward by years", { NOW + YEARS, 550, "a" }, 501, 501, NOW + YEARS + 501 },
    { "… and it is over", { NOW + YEARS, 1051, "a" }, 0, 0, NOW + YEARS },
    { "over, the clock set back", { 0, 1051, "a" }, 0, 0, 0 },
    { "another boot", { NOW + 500, 10, "b" }, 500, 500, NOW + 1000 },
    { "another boot, over", { NOW + 1000, 10, "b" }, 0, 0, NOW + 1000 },
    { "another boot, over for a week", { NOW + 7 * 86400, 10, "b" }, 0, 0, NOW + 7 * 86400 },
    { "another boot, the clock at its beginning", { 0, 10, "b" }, 990, 990, 990 },
    { "… for so long", { 989, 999, "b" }, 1, 1, 990 },
    { "… and no longer", { 990, 1000, "b" }, 0, 0, 990 },
    { "another boot, the clock years ahead", { NOW + YEARS, 10, "b" }, 0, 990, NOW + YEARS },
    { "… and no longer", { NOW + YEARS, 1000, "b" }, 0, 0, NOW + YEARS },
    { "another boot, up for longer than that", { NOW + 500, 2000, "b" }, 0, 0, NOW + 500 },
    { "a boot that nobody names", { NOW + 500, 10, NULL }, 500, 500, NOW + 1000 },
  };
  const DivertClock set = { NOW, 50, "a" };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(DivertMode) off = divert_mode_new (DIVERT_MODE_OFF, NULL);
      g_autoptr(DivertMode) away = divert_mode_new (DIVERT_MODE_AWAY, NULL);
      g_autoptr(DivertMode) site = divert_mode_new (DIVERT_MODE_SITE, "home");
      g_autofree char *text = NULL;
      g_autoptr(DivertMode) again = NULL;

      g_test_message ("%s", cases[i].what);
      divert_mode_set_end (off, NOW + 1000, &set);
      divert_mode_set_end (away, NOW + 1000, &set);
      divert_mode_set_end (site, NOW + 1000, &set);
      text = divert_mode_to_text (off);
      again = divert_mode_from_text (text, strlen (text));
      g_assert_cmpuint (divert_mode_get_left (off, &cases[i].now), ==, cases[i].left);
      g_assert_cmpuint (divert_mode_get_left (again, &cases[i].now), ==, cases[i].left);
      g_assert_cmpuint (divert_mode_get_left (site, &cases[i].now), ==, cases[i].left);
      g_assert_cmpuint (divert_mode_get_left (away, &cases[i].now), ==, cases[i].left_away);
      g_assert_cmpuint (divert_mode_get_expiry (off, &cases[i].now), ==, cases[i].expiry);
      g_assert_cmpint (divert_mode_is_over (off, &cases[i].now, NULL), ==, cases[i].left == 0);
    }
}

/* Files that 0.1.0 saved, and times that can't be counted. */
static void
test_wall_clock_alone (void)
{
  static const char text[] = "[mode]\nmode=off\nexpires=1800001000\n";
  g_autoptr(DivertMode) old = divert_mode_from_text (text, strlen (text));
  g_autoptr(DivertMode) late = divert_mode_new (DIVERT_MODE_OFF, NULL);
  const DivertClock now = { NOW, 50, "a" }, nameless = { NOW, 50, NULL }, lost = { 0, 50, "a" };

  g_assert_cmpuint (divert_mode_get_left (old, &now), ==, 1000);
  g_assert_cmpuint (divert_mode_get_left (old, &nameless), ==, 1000);
  g_assert_cmpuint (divert_mode_get_left (old, &lost), ==, 365 * 86400 - 50);
  divert_mode_set_end (late, NOW + 1000, &nameless);
  g_assert_true (divert_mode_equal (old, late));
  divert_mode_set_end (late, NOW - 1, &now);
  g_assert_cmpuint (divert_mode_get_left (late, &now), ==, 2);
  divert_mode_set_end (late, 0, &now);
  g_assert_cmpuint (divert_mode_get_left (late, &now), ==, G_MAXUINT64);
  g_assert_cmpuint (divert_mode_get_expiry (late, &now), ==, 0);
}

static void
test_text (void)
{
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_SITE, "home");
  g_autoptr(DivertMode) plain = divert_mode_new (DIVERT_MODE_AUTO, NULL);
  g_autoptr(DivertMode) again = NULL;
  g_autoptr(DivertMode) plain_again = NULL;
  g_autoptr(DivertMode) copy = NULL;
  g_autofree char *text = NULL, *plain_text = divert_mode_to_text (plain);

  g_assert_cmpstr (plain_text, ==, "[mode]\nmode=auto\n");
  plain_again = divert_mode_from_text (plain_text, strlen (plain_text));
  g_assert_true (divert_mode_equal (plain, plain_again));

  divert_mode_set_end (mode, NOW, &(DivertClock) { NOW - 60, 5, "6b0c" });
  g_assert_cmpuint (mode->lasts, ==, 60);
  mode->network = g_strdup ("  uuid@wlan0 other@eth0\n=;");
  text = divert_mode_to_text (mode);
  again = divert_mode_from_text (text, strlen (text));
  copy = divert_mode_copy (mode);
  g_assert_true (divert_mode_equal (mode, again));
  g_assert_true (divert_mode_equal (mode, copy));
  g_assert_false (divert_mode_equal (mode, plain));
}

static void
test_bad_text (void)
{
  static const char *const cases[] = {
    "", "mode=auto\n", "[mode]\n", "[mode]\nmode=\n", "[mode]\nmode=a b\n", "[other]\nmode=auto\n",
    "[mode]\nmode=auto\nexpires=0\n", "[mode]\nmode=auto\nexpires=-1\n", "[mode]\nmode=auto\nexpires=1x\n",
    "[mode]\nmode=auto\nexpires=18446744073709551616\n", "[mode]\nmode=auto\nnetwork=\xff\n", "[mode]\nmode=\xff\n",
    "[mode]\nmode=auto\nwhile=sunny\n", "[mode]\nmode=auto\nnetwork=a\nnetwork=b\n",
    "[mode]\nmode=auto\nexpires=1\nexpires=2\n",
    "[mode]\nmode=off\nexpires=1\nboot=a\n", "[mode]\nmode=off\nboot=a\nboot-end=1\nlasts=1\n",
    "[mode]\nmode=off\nexpires=1\nboot-end=1\nlasts=1\n", "[mode]\nmode=off\nexpires=1\nboot=a\nboot-end=0\nlasts=1\n",
    "[mode]\nmode=off\nexpires=1\nboot=a\nboot-end=1\nlasts=-1\n", "[mode]\nmode=auto\nexpires=\n",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_null (divert_mode_from_text (cases[i], strlen (cases[i])));
}

static void
test_duration (void)
{
  static const struct
  {
    const char *text;
    guint64     seconds; /* 0: refused */
  } cases[] = {
    { "90", 90 }, { "90s", 90 }, { "30m", 1800 }, { "2h", 7200 }, { "1d", 86400 }, { "1h30m", 5400 },
    { "1d2h3m4s", 93784 },
    { "90m", 5400 }, { "0h30m", 1800 }, { "365d", 31536000 }, { "31536000", 31536000 }, { "364d24h", 31536000 },
    { "", 0 }, { "0", 0 }, { "0s", 0 }, { "0h0m", 0 }, { "h", 0 }, { "-1", 0 }, { "-1h", 0 }, { "+1h", 0 },
    { "1.5h", 0 },
    { " 1h", 0 }, { "1h ", 0 }, { "1 h", 0 }, { "1H", 0 }, { "1w", 0 }, { "1h30", 0 }, { "0h30", 0 }, { "30m1h", 0 },
    { "1h1h", 0 }, { "366d", 0 }, { "365d1s", 0 }, { "31536001", 0 }, { "99999999999999999999s", 0 },
    { "18446744073709551617", 0 }, { "1h\n", 0 }, { "0x10", 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint64 seconds = 77;

      g_assert_cmpint (divert_duration_parse (cases[i].text, &seconds), ==, cases[i].seconds != 0);
      g_assert_cmpuint (seconds, ==, cases[i].seconds != 0 ? cases[i].seconds : 77);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mode/parse", test_parse);
  g_test_add_func ("/mode/over", test_over);
  g_test_add_func ("/mode/clocks", test_clocks);
  g_test_add_func ("/mode/wall-clock-alone", test_wall_clock_alone);
  g_test_add_func ("/mode/text", test_text);
  g_test_add_func ("/mode/bad-text", test_bad_text);
  g_test_add_func ("/mode/duration", test_duration);
  return g_test_run ();
}
