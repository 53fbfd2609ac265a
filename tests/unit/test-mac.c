/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Link-layer addresses. */
#include "core/words/mac.h"

static void
test_parse (void)
{
  static const struct
  {
    const char *text, *canonical; /* NULL: refused */
  } cases[] = {
    { "02:00:5e:10:00:ff", "02:00:5e:10:00:ff" },
    { "A4-B1-C1-00-00-01", "a4:b1:c1:00:00:01" },
    { "", NULL },
    { "02:00:5e:10:00", NULL },
    { "02:00:5e:10:00:f", NULL },
    { "02:00:5e:10:00:ff:", NULL },
    { "02:00:5e:10:00:ff:00", NULL },
    { "2:0:5e:10:0:ff", NULL },
    { " 02:00:5e:10:00:ff", NULL },
    { "02:00:5e:10:00:ff ", NULL },
    { "02005e1000ff", NULL },
    { "02.00.5e.10.00.ff", NULL },
    { "02:00:5e:10:00:gg", NULL },
    { "01:00:5e:00:00:01", NULL }, /* multicast */
    { "ff:ff:ff:ff:ff:ff", NULL }, /* broadcast */
    { "00:00:00:00:00:00", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      DivertMac mac = { { 1, 2, 3, 4, 5, 6 } };
      g_autofree char *text = NULL;

      g_assert_cmpint (divert_mac_parse (cases[i].text, &mac), ==, cases[i].canonical != NULL);
      text = divert_mac_to_string (&mac);
      g_assert_cmpstr (text, ==, cases[i].canonical != NULL ? cases[i].canonical : "01:02:03:04:05:06");
    }
}

static void
test_lists (void)
{
  g_autoptr(GArray) a = g_array_new (FALSE, FALSE, sizeof (DivertMac));
  g_autoptr(GArray) b = g_array_new (FALSE, FALSE, sizeof (DivertMac));
  DivertMac one, two;
  g_autofree char *empty = divert_macs_to_string (a);
  g_autofree char *both = NULL;

  g_assert_true (divert_mac_parse ("02:00:00:00:00:01", &one));
  g_assert_true (divert_mac_parse ("02:00:00:00:00:02", &two));
  g_assert_cmpstr (empty, ==, "");
  g_assert_true (divert_macs_equal (a, b));
  g_assert_false (divert_macs_contain (a, &one));

  g_array_append_val (a, one);
  g_assert_false (divert_macs_equal (a, b));
  g_array_append_val (b, two);
  g_assert_false (divert_macs_equal (a, b));
  g_assert_true (divert_macs_contain (a, &one));
  g_assert_false (divert_macs_contain (a, &two));
  g_array_append_val (a, two);
  both = divert_macs_to_string (a);
  g_assert_cmpstr (both, ==, "02:00:00:00:00:01;02:00:00:00:00:02");
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mac/parse", test_parse);
  g_test_add_func ("/mac/lists", test_lists);
  return g_test_run ();
}
