/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The proxy's group, by name and by number. */
#include "system/files/group.h"

#include <grp.h>

static void
test_good (void)
{
  const struct group *nobody = getgrgid (65534);
  guint32 gid = 0;
  g_autoptr(GError) error = NULL;

  g_assert_nonnull (nobody);
  g_assert_true (divert_group_lookup (nobody->gr_name, &gid, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (gid, ==, 65534);
  g_assert_true (divert_group_lookup ("23333", &gid, &error)); /* no such group exists */
  g_assert_cmpuint (gid, ==, 23333);
  g_assert_true (divert_group_lookup ("4294967294", &gid, &error));
  g_assert_cmpuint (gid, ==, 4294967294);
}

static void
test_bad (void)
{
  static const struct
  {
    const char *name, *message;
  } cases[] = {
    { "", "[proxy] group: no such group: ''" },
    { "no-such-group", "[proxy] group: no such group: 'no-such-group'" },
    { "no\nsuch", "[proxy] group: no such group: 'no\\nsuch'" },
    { "-1", "[proxy] group: no such group: '-1'" },
    { "4294967295", "[proxy] group: no such group: '4294967295'" },
    { "99999999999999999999", "[proxy] group: no such group: '99999999999999999999'" },
    { "0", "[proxy] group: root's group: everything that root sends would go past the proxy: '0'" },
    { "root", "[proxy] group: root's group: everything that root sends would go past the proxy: 'root'" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GError) error = NULL;
      guint32 gid = 77;

      g_assert_false (divert_group_lookup (cases[i].name, &gid, &error));
      g_assert_cmpuint (gid, ==, 77);
      g_assert_cmpstr (error->message, ==, cases[i].message);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/group/good", test_good);
  g_test_add_func ("/group/bad", test_bad);
  return g_test_run ();
}
