/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzz target over the files in a folder, and over each file cut short at every length, because mistakes hide
 * where a text ends too early.
 */
#include <stdlib.h>

#include "fuzz.h"

static void
run_file (const char *path)
{
  g_autofree char *text = NULL;
  g_autoptr(GError) error = NULL;
  gsize size;

  g_file_get_contents (path, &text, &size, &error);
  g_assert_no_error (error);
  for (gsize length = 0; length <= size; length++)
    {
      /* A copy of exactly this length, so that a sanitizer sees every byte that is read beyond it. */
      g_autofree uint8_t *data = g_memdup2 (text, MAX (length, 1));

      LLVMFuzzerTestOneInput (data, length);
    }
}

int
main (int    argc,
      char **argv)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GDir) folder = NULL;
  const char *name;
  guint n = 0;

  g_assert_cmpint (argc, ==, 2);
  folder = g_dir_open (argv[1], 0, &error);
  g_assert_no_error (error);
  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = g_build_filename (argv[1], name, NULL);

      run_file (path);
      n++;
    }
  g_assert_cmpuint (n, >, 0);
  return EXIT_SUCCESS;
}
