/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ranges of ports. */
#include "core/words/ports.h"

static void
test_parse (void)
{
  static const struct
  {
    const char *text;
    guint16     first, last; /* 0: refused */
  } cases[] = {
    { "1", 1, 1 },     { "65535", 65535, 65535 }, { "6881-6889", 6881, 6889 },
    { "7-7", 7, 7 },   { "1-65535", 1, 65535 },   { "", 0, 0 },
    { "0", 0, 0 },     { "65536", 0, 0 },         { "01", 0, 0 },
    { "0x50", 0, 0 },  { "2-1", 0, 0 },           { "1-", 0, 0 },
    { "-1", 0, 0 },    { "1-2-3", 0, 0 },         { " 1", 0, 0 },
    { "1 - 2", 0, 0 }, { "1:2", 0, 0 },           { "0-5", 0, 0 },
    { "http", 0, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      DivertPorts ports = { 0, 0 };

      g_assert_cmpint (divert_ports_parse (cases[i].text, &ports), ==, cases[i].first != 0);
      g_assert_cmpuint (ports.first, ==, cases[i].first);
      g_assert_cmpuint (ports.last, ==, cases[i].last);
    }
}

static void
test_merge (void)
{
  g_autoptr(GArray) ports = divert_ports_new ();
  g_autoptr(GArray) merged = NULL, others = NULL;
  g_autofree char *text = NULL, *inverted = NULL;

  divert_ports_add (ports, 61000, 65535);
  divert_ports_add (ports, 1, 99);
  divert_ports_add (ports, 51820, 51820);
  divert_ports_add (ports, 100, 100);
  divert_ports_add (ports, 50, 60);
  divert_ports_add (ports, 65535, 65535);
  merged = divert_ports_merge (ports);
  text = divert_ports_to_string (merged);
  g_assert_cmpstr (text, ==, "1-100;51820;61000-65535");
  others = divert_ports_invert (merged);
  inverted = divert_ports_to_string (others);
  g_assert_cmpstr (inverted, ==, "101-51819;51821-60999");
  g_assert_true (divert_ports_contain (merged, 100));
  g_assert_false (divert_ports_contain (merged, 101));
  g_assert_false (divert_ports_equal (ports, merged));
  g_assert_true (divert_ports_equal (merged, merged));
  g_assert_false (divert_ports_equal (NULL, merged));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ports/parse", test_parse);
  g_test_add_func ("/ports/merge", test_merge);
  return g_test_run ();
}
