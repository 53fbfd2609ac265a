/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mode: names, expiry, the form on disk; and durations. */
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

static void
test_over (void)
{
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AWAY, NULL);

  g_assert_false (divert_mode_is_over (mode, G_MAXUINT64, "other"));
  mode->expires = 1000;
  g_assert_false (divert_mode_is_over (mode, 999, "other"));
  g_assert_true (divert_mode_is_over (mode, 1000, "other"));
  mode->network = g_strdup ("here");
  g_assert_false (divert_mode_is_over (mode, 999, "here"));
  g_assert_false (divert_mode_is_over (mode, 999, NULL));
  g_assert_true (divert_mode_is_over (mode, 999, ""));
  g_assert_true (divert_mode_is_over (mode, 1000, NULL));
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

  mode->expires = 1800000000;
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
    "[mode]\nmode=auto\nexpires=1\nexpires=2\n", "[mode]\nmode=auto\nexpires=\n",
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
  g_test_add_func ("/mode/text", test_text);
  g_test_add_func ("/mode/bad-text", test_bad_text);
  g_test_add_func ("/mode/duration", test_duration);
  return g_test_run ();
}
