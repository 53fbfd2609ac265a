/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of prefixes: merging them, taking one out of another, and that neither takes long. */
#include "core/words/prefix.h"

#include <time.h>

/* "a;b;c" */
static GArray *
list (const char *text)
{
  g_auto(GStrv) items = g_strsplit (text, ";", -1);
  GArray *prefixes = divert_prefixes_new ();

  for (char **item = items; *item != NULL; item++)
    {
      DivertPrefix p;

      g_assert_true (divert_prefix_parse_interface (*item, &p, NULL));
      divert_prefixes_add (prefixes, &p);
    }
  return prefixes;
}

static void
test_merge (void)
{
  static const struct
  {
    const char *in, *out;
  } cases[] = {
    { "10.0.0.0/8", "10.0.0.0/8" },
    { "10.0.0.0/8;10.1.0.0/16;10.0.0.0/8", "10.0.0.0/8" },
    { "10.1.0.0/16;10.0.0.0/8", "10.0.0.0/8" },
    { "192.168.22.128/25;192.168.22.0/25", "192.168.22.0/24" },
    { "192.168.0.0;192.168.0.1;192.168.0.2;192.168.0.3", "192.168.0.0/30" },
    { "192.168.1.0/24;192.168.2.0/24", "192.168.1.0/24;192.168.2.0/24" }, /* adjacent, but with different parents */
    { "0.0.0.0/1;128.0.0.0/1", "0.0.0.0/0" },
    { "::/1;8000::/1;0.0.0.0/0", "0.0.0.0/0;::/0" },
    { "fd00:22::1/64;192.168.22.33/24", "192.168.22.0/24;fd00:22::/64" },
    { "10.0.0.0/9;10.128.0.0/10;10.192.0.0/10", "10.0.0.0/8" },
    { "10.0.0.0/8;11.0.0.0/9;11.128.0.0/9", "10.0.0.0/7" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GArray) in = list (cases[i].in);
      g_autoptr(GArray) out = divert_prefixes_merge (in);
      g_autoptr(GArray) again = divert_prefixes_merge (out);
      g_autofree char *text = divert_prefixes_to_string (out);

      g_assert_cmpstr (text, ==, cases[i].out);
      g_assert_true (divert_prefixes_equal (out, again));
    }
}

/* Of 10.0.0.0/24, some with host bits. */
static GArray *
random_list (void)
{
  GArray *prefixes = divert_prefixes_new ();

  for (guint i = 0; i < 24; i++)
    {
      const guint8 bytes[4] = { 10, 0, 0, g_test_rand_int_range (0, 256) };
      DivertPrefix p = divert_prefix_from_bytes (DIVERT_FAMILY_IPV4, bytes, g_test_rand_int_range (26, 33));

      divert_prefixes_add (prefixes, &p);
    }
  return prefixes;
}

/* Merging changes the list, but never the set of addresses. */
static void
test_merge_same_set (void)
{
  for (guint round = 0; round < 200; round++)
    {
      g_autoptr(GArray) in = random_list ();
      g_autoptr(GArray) out = divert_prefixes_merge (in);

      for (guint i = 0; i < 256; i++)
        {
          const guint8 bytes[4] = { 10, 0, 0, i };
          DivertPrefix address = divert_prefix_from_bytes (DIVERT_FAMILY_IPV4, bytes, 32);

          g_assert_cmpint (divert_prefixes_contain (in, &address), ==, divert_prefixes_contain (out, &address));
        }
    }
}

static void
test_without (void)
{
  static const struct
  {
    const char *in, *taken, *out;
  } cases[] = {
    { "10.0.0.0/8", "192.168.0.0/16;fd00::/8", "10.0.0.0/8" },
    { "192.168.22.0/23", "192.168.23.0/24", "192.168.22.0/24" },
    { "192.168.22.0/24;fd00:22::/64", "192.168.0.0/16", "fd00:22::/64" },
    { "10.0.0.0/30", "10.0.0.2", "10.0.0.0/31;10.0.0.3" },
    { "fd00::/62", "fd00:0:0:1::/64;fd00:0:0:2::/64", "fd00::/64;fd00:0:0:3::/64" },
    { "10.0.0.0/8;10.0.0.0/9", "10.128.0.0/9", "10.0.0.0/9" },
    { "10.0.0.0/8", "0.0.0.0/0", "" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GArray) in = list (cases[i].in), taken = list (cases[i].taken);
      g_autoptr(GArray) out = divert_prefixes_without (in, taken);
      g_autofree char *text = divert_prefixes_to_string (out);

      g_assert_cmpstr (text, ==, cases[i].out);
    }
}

static void
test_merged_contain (void)
{
  static const struct
  {
    const char *merged, *inner;
    gboolean    contains;
  } cases[] = {
    { "10.0.0.0/8;192.168.22.0/24;fd00::/8", "10.1.0.0/16;fd00:22::/64;192.168.22.0/24", TRUE },
    { "10.0.0.0/8;192.168.22.0/24", "192.168.22.7;192.168.23.7", FALSE },
    { "10.0.0.0/9;10.192.0.0/10", "10.0.0.0/8", FALSE },
    { "10.0.0.0/8", "9.255.255.255", FALSE },
    { "10.0.0.0/8", "", TRUE },
    { "", "10.0.0.0/8", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GArray) merged = list (cases[i].merged), inner = list (cases[i].inner);

      g_assert_cmpint (divert_prefixes_merged_contain (merged, inner), ==, cases[i].contains);
    }
}

static void
test_common (void)
{
  static const struct
  {
    const char *a, *b, *out;
  } cases[] = {
    { "10.0.0.0/8;fd00::/8", "0.0.0.0/0", "10.0.0.0/8" },
    { "10.0.0.0/8", "192.168.0.0/16", "" },
    { "10.1.0.0/16;192.168.0.0/16", "10.0.0.0/8;192.168.22.0/24", "10.1.0.0/16;192.168.22.0/24" },
    { "10.0.0.0/8", "", "" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GArray) a = list (cases[i].a), b = list (cases[i].b);
      g_autoptr(GArray) ab = divert_prefixes_common (a, b), ba = divert_prefixes_common (b, a);
      g_autofree char *text = divert_prefixes_to_string (ab);

      g_assert_cmpstr (text, ==, cases[i].out);
      g_assert_true (divert_prefixes_equal (ab, ba));
    }
}

/* Each address is left if it should be, and no other. */
static void
test_without_same_set (void)
{
  for (guint round = 0; round < 200; round++)
    {
      g_autoptr(GArray) in = random_list (), taken = random_list ();
      g_autoptr(GArray) out = divert_prefixes_without (in, taken), merged = divert_prefixes_merge (out);
      g_autoptr(GArray) merged_taken = divert_prefixes_merge (taken);

      g_assert_true (divert_prefixes_equal (out, merged));
      g_assert_cmpint (divert_prefixes_merged_contain (merged_taken, in), ==, out->len == 0);
      for (guint i = 0; i < 256; i++)
        {
          const guint8 bytes[4] = { 10, 0, 0, i };
          DivertPrefix address = divert_prefix_from_bytes (DIVERT_FAMILY_IPV4, bytes, 32);

          g_assert_cmpint (divert_prefixes_contain (in, &address) && !divert_prefixes_contain (taken, &address), ==,
                           divert_prefixes_contain (out, &address));
        }
    }
}

/* As many addresses as a configuration may name, far from each other. */
static GArray *
make_long_list (void)
{
  GArray *addresses = divert_prefixes_new ();

  for (guint i = 0; i < 4096; i++)
    {
      const guint8 bytes[4] = { 10, i >> 4, i << 4, 7 };
      DivertPrefix address = divert_prefix_from_bytes (DIVERT_FAMILY_IPV4, bytes, 32);

      divert_prefixes_add (addresses, &address);
    }
  return addresses;
}

/* The least of three: this thread's processor time, ns. */
static gint64
measure (GArray       *(*func) (const GArray *, const GArray *),
         const GArray  *a,
         const GArray  *b)
{
  gint64 least = G_MAXINT64;

  for (guint i = 0; i < 3; i++)
    {
      struct timespec begin, end;

      clock_gettime (CLOCK_THREAD_CPUTIME_ID, &begin);
      g_array_unref (func (a, b));
      clock_gettime (CLOCK_THREAD_CPUTIME_ID, &end);
      least = MIN (least, (end.tv_sec - begin.tv_sec) * G_GINT64_CONSTANT (1000000000) + end.tv_nsec - begin.tv_nsec);
    }
  return least;
}

static GArray *
merge_both (const GArray *a,
            const GArray *b)
{
  g_array_unref (divert_prefixes_merge (a));
  return divert_prefixes_merge (b);
}

/* The main loop does this with lists that are as long as a configuration permits.  So it may cost some times of what
 * sorting them costs; one scan of the list for each part would cost thousands of times that. */
static void
test_without_work (void)
{
  g_autoptr(GArray) whole = list ("10.0.0.0/8"), addresses = make_long_list (), others = make_long_list ();
  const gint64 sorting = measure (merge_both, addresses, others);

  divert_prefixes_index (others, 2000)->bytes[3]++;
  g_test_message ("%" G_GINT64_FORMAT " µs for sorting", sorting / 1000);
  g_assert_cmpint (measure (divert_prefixes_without, whole, addresses), <, 50 * sorting);
  g_assert_cmpint (measure (divert_prefixes_without, addresses, whole), <, 50 * sorting);
  g_assert_cmpint (measure (divert_prefixes_without, addresses, others), <, 50 * sorting);
  g_assert_cmpint (measure (divert_prefixes_common, addresses, others), <, 50 * sorting);
}

static void
test_lists (void)
{
  g_autoptr(GArray) empty = divert_prefixes_new ();
  g_autoptr(GArray) merged = divert_prefixes_merge (empty);
  g_autoptr(GArray) some = list ("10.0.0.0/8;fd00::/8");
  g_autoptr(GArray) copy = divert_prefixes_copy (some);
  g_autoptr(GArray) empty_copy = divert_prefixes_copy (empty);
  g_autofree char *text = divert_prefixes_to_string (empty);
  g_autoptr(GArray) inside = list ("fd00::1"), outside = list ("fe80::1");

  g_assert_cmpuint (merged->len, ==, 0);
  g_assert_cmpstr (text, ==, "");
  g_assert_true (divert_prefixes_equal (empty, empty_copy));
  g_assert_true (divert_prefixes_equal (some, copy));
  g_assert_false (divert_prefixes_equal (some, empty));
  g_assert_true (divert_prefixes_contain (some, divert_prefixes_index (inside, 0)));
  g_assert_false (divert_prefixes_contain (some, divert_prefixes_index (outside, 0)));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/prefixes/merge", test_merge);
  g_test_add_func ("/prefixes/merge-same-set", test_merge_same_set);
  g_test_add_func ("/prefixes/without", test_without);
  g_test_add_func ("/prefixes/merged-contain", test_merged_contain);
  g_test_add_func ("/prefixes/common", test_common);
  g_test_add_func ("/prefixes/without-same-set", test_without_same_set);
  g_test_add_func ("/prefixes/without-work", test_without_work);
  g_test_add_func ("/prefixes/lists", test_lists);
  return g_test_run ();
}
