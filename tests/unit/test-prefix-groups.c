/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Groups of prefixes: a group is divided into two that share nothing, and a cover is no wider than it must be. */
#include "core/words/prefix-groups.h"

#define N_RANDOM 300

static GArray *
merged (const char *text)
{
  g_auto(GStrv) items = g_strsplit (text, ";", -1);
  g_autoptr(GArray) prefixes = divert_prefixes_new ();

  for (char **item = items; *item != NULL; item++)
    {
      DivertPrefix p;

      g_assert_true (divert_prefix_parse (*item, &p, NULL));
      divert_prefixes_add (prefixes, &p);
    }
  return divert_prefixes_merge (prefixes);
}

static void
assert_cover (const GArray      *prefixes,
              DivertPrefixGroup  group,
              const char        *expected)
{
  const DivertPrefix cover = divert_prefixes_cover (prefixes, group);
  g_autofree char *text = divert_prefix_to_cidr (&cover);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_cover (void)
{
  static const struct
  {
    const char *list;
    DivertFamily family;
    const char *cover;
  } cases[] = {
    { "192.168.22.0/24", DIVERT_FAMILY_IPV4, "192.168.22.0/24" },
    { "192.168.22.0/24;fd00:22::/64", DIVERT_FAMILY_IPV6, "fd00:22::/64" },
    { "10.0.0.0/24;10.49.0.0/24", DIVERT_FAMILY_IPV4, "10.0.0.0/10" },
    { "10.0.0.0/24;192.168.22.0/24;fd00::/64", DIVERT_FAMILY_IPV4, "0.0.0.0/0" },
    { "192.168.22.2;192.168.22.3;192.168.22.5", DIVERT_FAMILY_IPV4, "192.168.22.0/29" },
    { "fd00:1::/64;fd00:1:0:1::/64;fd00:1:0:3::/64", DIVERT_FAMILY_IPV6, "fd00:1::/62" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GArray) prefixes = merged (cases[i].list);

      assert_cover (prefixes, divert_prefixes_group (prefixes, cases[i].family), cases[i].cover);
    }
}

static void
test_split (void)
{
  g_autoptr(GArray) prefixes = merged ("10.0.0.0/24;10.2.0.0/24;192.168.22.0/24;fd00::/64");
  DivertPrefixGroup low, high;

  divert_prefixes_split (prefixes, divert_prefixes_group (prefixes, DIVERT_FAMILY_IPV4), &low, &high);
  assert_cover (prefixes, low, "10.0.0.0/14");
  assert_cover (prefixes, high, "192.168.22.0/24");
  divert_prefixes_split (prefixes, low, &low, &high);
  assert_cover (prefixes, low, "10.0.0.0/24");
  assert_cover (prefixes, high, "10.2.0.0/24");
}

static void
test_divide (void)
{
  static const struct
  {
    const char *list;
    guint least, most;
    const char *covers;
  } cases[] = {
    { "192.168.22.0/24", 2, 4, "192.168.22.0/24" },
    { "10.0.0.0/24;10.2.0.0/24", 1, 4, "10.0.0.0/14" },
    { "10.0.0.0/24;10.2.0.0/24", 2, 4, "10.0.0.0/24 10.2.0.0/24" },
    { "10.0.0.0/24;10.2.0.0/24;192.168.22.0/24", 1, 4, "10.0.0.0/14 192.168.22.0/24" },
    { "10.0.0.0/24;10.2.0.0/24;100.100.100.100;192.168.22.1", 2, 4, "10.0.0.0/14 100.100.100.100/32 192.168.22.1/32" },
    { "10.0.0.0/24;40.0.0.0/24;80.0.0.0/24;160.0.0.0/24;200.0.0.0/24", 1, 3, "0.0.0.0/2 80.0.0.0/24 128.0.0.0/1" },
    { "10.0.0.0/24;40.0.0.0/24;80.0.0.0/24;160.0.0.0/24;200.0.0.0/24", 1, 4,
      "0.0.0.0/2 80.0.0.0/24 160.0.0.0/24 200.0.0.0/24" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GArray) prefixes = merged (cases[i].list);
      g_autoptr(GString) covers = g_string_new (NULL);
      DivertPrefixGroup groups[4];
      const guint n = divert_prefixes_divide (prefixes, divert_prefixes_group (prefixes, DIVERT_FAMILY_IPV4),
                                              cases[i].least, cases[i].most, groups);

      for (guint j = 0; j < n; j++)
        {
          const DivertPrefix cover = divert_prefixes_cover (prefixes, groups[j]);
          g_autofree char *text = divert_prefix_to_cidr (&cover);

          g_string_append_printf (covers, "%s%s", j > 0 ? " " : "", text);
        }
      g_assert_cmpstr (covers->str, ==, cases[i].covers);
    }
}

static void
test_none (void)
{
  g_autoptr(GArray) prefixes = merged ("fd00::/64"), none = divert_prefixes_new ();

  g_assert_cmpuint (divert_prefixes_group (prefixes, DIVERT_FAMILY_IPV4).count, ==, 0);
  g_assert_cmpuint (divert_prefixes_group (none, DIVERT_FAMILY_IPV6).count, ==, 0);
}

/* Down to the single prefixes; returns how many these are. */
static guint
check_group (const GArray      *prefixes,
             DivertPrefixGroup  group)
{
  const DivertPrefix cover = divert_prefixes_cover (prefixes, group);
  DivertPrefix cover_low, cover_high;
  DivertPrefixGroup low, high;

  for (guint i = 0; i < group.count; i++)
    g_assert_true (divert_prefix_contains (&cover, divert_prefixes_index (prefixes, group.first + i)));
  if (group.count == 1)
    {
      g_assert_true (divert_prefix_equal (&cover, divert_prefixes_index (prefixes, group.first)));
      return 1;
    }
  divert_prefixes_split (prefixes, group, &low, &high);
  g_assert_cmpuint (low.first, ==, group.first);
  g_assert_cmpuint (low.count, >, 0);
  g_assert_cmpuint (high.first, ==, low.first + low.count);
  g_assert_cmpuint (high.count, >, 0);
  g_assert_cmpuint (low.count + high.count, ==, group.count);
  cover_low = divert_prefixes_cover (prefixes, low);
  cover_high = divert_prefixes_cover (prefixes, high);
  g_assert_false (divert_prefix_overlaps (&cover_low, &cover_high));
  return check_group (prefixes, low) + check_group (prefixes, high);
}

/* All members are in a group, in order, and at least two if there are so many. */
static void
check_divided (const GArray      *prefixes,
               DivertPrefixGroup  group)
{
  DivertPrefixGroup groups[4];
  const guint most = g_test_rand_int_range (2, G_N_ELEMENTS (groups) + 1);
  const guint n = divert_prefixes_divide (prefixes, group, 2, most, groups);
  guint next = group.first;

  g_assert_cmpuint (n, >=, MIN (group.count, 2));
  g_assert_cmpuint (n, <=, most);
  for (guint i = 0; i < n; i++)
    {
      g_assert_cmpuint (groups[i].first, ==, next);
      g_assert_cmpuint (groups[i].count, >, 0);
      next += groups[i].count;
    }
  g_assert_cmpuint (next, ==, group.first + group.count);
}

static void
test_random (void)
{
  for (guint round = 0; round < N_RANDOM; round++)
    {
      g_autoptr(GArray) list = divert_prefixes_new (), prefixes = NULL;
      guint n = g_test_rand_int_range (1, 60), found = 0;

      for (guint i = 0; i < n; i++)
        {
          const DivertFamily family = g_test_rand_int_range (0, DIVERT_N_FAMILIES);
          /* Few different bytes, so that many prefixes are close to each other. */
          guint8 bytes[16] = { 10, 0, g_test_rand_int_range (0, 4), g_test_rand_int_range (0, 256),
                               [15] = g_test_rand_int_range (0, 4) };
          const guint length = g_test_rand_int_range (1, divert_family_bits (family) + 1);
          DivertPrefix p = divert_prefix_from_bytes (family, bytes, length);

          p = divert_prefix_network (&p);
          divert_prefixes_add (list, &p);
        }
      prefixes = divert_prefixes_merge (list);
      for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
        {
          const DivertPrefixGroup group = divert_prefixes_group (prefixes, family);

          if (group.count > 0)
            {
              check_divided (prefixes, group);
              found += check_group (prefixes, group);
            }
        }
      g_assert_cmpuint (found, ==, prefixes->len);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/prefix-groups/cover", test_cover);
  g_test_add_func ("/prefix-groups/split", test_split);
  g_test_add_func ("/prefix-groups/divide", test_divide);
  g_test_add_func ("/prefix-groups/none", test_none);
  g_test_add_func ("/prefix-groups/random", test_random);
  return g_test_run ();
}
