/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hostile text in messages. */
#include "core/words/escape.h"

static void
test_text (void)
{
  static const struct
  {
    const char *text, *escaped;
  } cases[] = {
    { "", "" },
    { "Home 5 GHz; ~", "Home 5 GHz; ~" },
    { "家里", "家里" },
    { "it's \"home\"", "it\\'s \\\"home\\\"" },
    { "back\\slash", "back\\\\slash" },
    { "a\nb\rc\td", "a\\nb\\rc\\td" },
    { "\x1b[31mred", "\\x1b[31mred" },
    { "\x7f", "\\x7f" },
    { "\xc2\x9b" "31m", "\\u009b31m" },                        /* C1 control: CSI in one character */
    { "\xe2\x80\xae" "emoh", "\\u202eemoh" },                  /* right-to-left override */
    { "\xe2\x80\xa8", "\\u2028" },                             /* line separator */
    { "\xc2\xa0", "\\u00a0" },                                 /* no-break space */
    { "\xf3\xa0\x81\x81", "\\U000e0041" },                     /* invisible tag */
    { "\xff\xfe" "a\xe5\xae", "\\xff\\xfea\\xe5\\xae" },       /* invalid, and cut short */
    { "\xc0\xaf", "\\xc0\\xaf" },                              /* overlong */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *escaped = divert_escape (cases[i].text);
      g_autofree char *again = divert_escape_rest (escaped);

      g_assert_cmpstr (escaped, ==, cases[i].escaped);
      g_assert_cmpstr (again, ==, escaped);
    }
}

static void
test_length (void)
{
  g_autofree char *fits = g_strnfill (128, 'x');
  g_autofree char *longer = g_strnfill (129, 'x');
  g_autofree char *longest = g_strnfill (1024 * 1024, '\n');
  g_autofree char *cut = g_strconcat (fits, "…", NULL);
  g_autofree char *a = divert_escape (fits);
  g_autofree char *b = divert_escape (longer);
  g_autofree char *c = divert_escape (longest);
  g_autofree char *d = divert_escape_up_to ("abc", 2);

  g_assert_cmpstr (a, ==, fits);
  g_assert_cmpstr (b, ==, cut);
  g_assert_cmpuint (g_utf8_strlen (c, -1), ==, 2 * 128 + 1);
  g_assert_cmpstr (d, ==, "ab…");
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/escape/text", test_text);
  g_test_add_func ("/escape/length", test_length);
  return g_test_run ();
}
