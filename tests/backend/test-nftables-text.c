/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nft accepts the golden cases' nftables text, where their devices and control groups are there.
 */
#include "namespace.h"

static void
test_check (gconstpointer file)
{
  test_namespace_enter ();
  test_run ("ip link add eth0 type bridge && ip link add wlan0 type bridge");
  /* nft only asks whether there is such a directory. */
  test_run ("unshare --mount sh -c 'mount -t tmpfs test /sys/fs/cgroup && cd /sys/fs/cgroup && "
            "sed -n '\\''s/.*cgroupv2 level [0-9]* \"\\([^\"]*\\)\".*/\\1/p'\\'' \"$0\" | xargs -r mkdir -p && "
            "nft -c -f \"$0\"' '%s'", (const char *) file);
}

int
main (int    argc,
      char **argv)
{
  g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GDir) dir = NULL;
  const char *name;

  test_needs ("nft", NULL);
  test_needs_namespaces ();
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  dir = g_dir_open (argv[1], 0, NULL);
  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      static const char *const texts[] = { "rules.nftables", "guard" };

      for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
        {
          char *file = g_build_filename (argv[1], name, texts[i], NULL);
          g_autofree char *path = g_strdup_printf ("/nftables/text/%s/%s", name, texts[i]);

          g_ptr_array_add (files, file);
          if (g_file_test (file, G_FILE_TEST_EXISTS))
            g_test_add_data_func (path, file, test_check);
        }
    }
  return g_test_run ();
}
