/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files that trust writes: whose they are, and directories that are full, read-only or strange. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private-system.h"
#include "system/files/site-file.h"

#define DIR "/run/etc"
#define PATH DIR "/conf.d/home.conf"
#define TEXT "[site home]\nintranet=192.168.22.0/24\n"
#define OTHER "[site home]\nintranet=10.0.0.0/8\n"

static DivertSite *
make_site (const char *file)
{
  DivertSite *site = g_new0 (DivertSite, 1);

  site->name = g_strdup ("home");
  site->file = g_strdup (file);
  return site;
}

static void
site_free (DivertSite *site)
{
  g_free (site->name);
  g_free (site->file);
  g_free (site);
}

static char *
read_path (void)
{
  char *text = NULL;

  return g_file_get_contents (PATH, &text, NULL, NULL) ? text : NULL;
}

static guint
count_files (void)
{
  g_autoptr(GDir) dir = g_dir_open (DIR "/conf.d", 0, NULL);
  guint count = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    count++;
  return count;
}

static void
test_write_and_remove (void)
{
  DivertSite *site = make_site (PATH);
  g_autoptr(GError) error = NULL;
  g_autofree char *first = NULL, *second = NULL, *third = NULL;
  g_autofree char *none = NULL, *before_second = NULL, *before_removal = NULL;
  struct stat st;

  umask (0077);
  g_assert_true (divert_site_file_write (DIR, "home", NULL, TEXT, &none, &error));
  g_assert_no_error (error);
  g_assert_null (none);
  first = read_path ();
  g_assert_true (g_str_has_prefix (first, "# Written by 'nm-divert trust'"));
  g_assert_true (g_str_has_suffix (first, "\n" TEXT));
  g_assert_cmpint (g_stat (PATH, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 07777, ==, 0644);

  g_assert_true (divert_site_file_write (DIR, "home", site, OTHER, &before_second, &error));
  second = read_path ();
  g_assert_true (g_str_has_suffix (second, "line.\n" OTHER));
  g_assert_cmpuint (count_files (), ==, 1);
  g_assert_cmpstr (before_second, ==, first);

  g_assert_true (divert_site_file_remove (DIR, site, &before_removal, &error));
  g_assert_cmpuint (count_files (), ==, 0);
  g_assert_cmpstr (before_removal, ==, second);

  /* The removal is undone. */
  g_assert_true (divert_site_file_restore (DIR, "home", before_removal, &error));
  third = read_path ();
  g_assert_cmpstr (third, ==, second);
  g_assert_cmpint (g_stat (PATH, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 07777, ==, 0644);
  g_assert_true (divert_site_file_restore (DIR, "home", NULL, &error));
  g_assert_cmpuint (count_files (), ==, 0);

  g_assert_false (divert_site_file_remove (DIR, site, &none, &error));
  g_assert_null (none);
  g_assert_error (error, DIVERT_SITE_FILE_ERROR, DIVERT_SITE_FILE_ERROR_NONE);
  site_free (site);
}

static void
assert_not_touched (const DivertSite *existing)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *previous = NULL;
  g_autofree char *before = read_path (), *after = NULL;
  guint files = count_files ();

  g_assert_false (divert_site_file_write (DIR, "home", existing, TEXT, &previous, &error));
  g_assert_error (error, DIVERT_SITE_FILE_ERROR, DIVERT_SITE_FILE_ERROR_BY_HAND);
  g_clear_error (&error);
  if (existing != NULL)
    {
      g_assert_false (divert_site_file_remove (DIR, existing, &previous, &error));
      g_assert_error (error, DIVERT_SITE_FILE_ERROR, DIVERT_SITE_FILE_ERROR_BY_HAND);
    }
  after = read_path ();
  g_assert_cmpstr (before, ==, after);
  g_assert_cmpuint (files, ==, count_files ());
}

static void
test_by_hand (void)
{
  DivertSite *elsewhere = make_site (DIR "/nm-divert.conf"), *here = make_site (PATH);
  g_autofree char *previous = NULL;

  g_assert_cmpint (g_mkdir_with_parents (DIR "/conf.d", 0755), ==, 0);
  assert_not_touched (elsewhere);
  g_file_set_contents (PATH, TEXT, -1, NULL);
  assert_not_touched (here);
  g_file_set_contents (PATH, "", -1, NULL);
  assert_not_touched (NULL);
  g_unlink (PATH);
  g_assert_cmpint (symlink ("/run/elsewhere", PATH), ==, 0);
  assert_not_touched (here);
  g_unlink (PATH);
  g_assert_cmpint (mkfifo (PATH, 0644), ==, 0);
  g_assert_false (divert_site_file_write (DIR, "home", NULL, TEXT, &previous, NULL));
  g_unlink (PATH);
  site_free (elsewhere);
  site_free (here);
}

static void
assert_cannot_write (void)
{
  DivertSite *site = make_site (PATH);
  g_autoptr(GError) error = NULL;
  g_autofree char *before = read_path (), *after = NULL;
  g_autofree char *comment = g_strnfill (512 * 1024, '#');
  g_autofree char *long_text = g_strconcat (TEXT, comment, NULL);
  g_autofree char *previous = NULL;
  guint files = count_files ();

  g_assert_false (divert_site_file_write (DIR, "home", site, long_text, &previous, &error));
  g_assert_error (error, DIVERT_SITE_FILE_ERROR, DIVERT_SITE_FILE_ERROR_WRITE);
  g_assert_nonnull (strstr (error->message, PATH));
  after = read_path ();
  g_assert_cmpstr (before, ==, after);
  g_assert_cmpuint (files, ==, count_files ());
  g_assert_null (previous);
  site_free (site);
}

static void
test_cannot_write (void)
{
  DivertSite *site = make_site (PATH);
  g_autofree char *previous = NULL;
  g_autoptr(GError) error = NULL;

  g_mkdir_with_parents (DIR "/conf.d", 0755);
  g_assert_cmpint (mount ("test", DIR "/conf.d", "tmpfs", 0, "size=64k,mode=755"), ==, 0);
  g_assert_true (divert_site_file_write (DIR, "home", NULL, TEXT, &previous, NULL));
  assert_cannot_write ();
  g_assert_cmpint (mount (NULL, DIR "/conf.d", NULL, MS_REMOUNT | MS_RDONLY, NULL), ==, 0);
  assert_cannot_write ();
  g_assert_false (divert_site_file_remove (DIR, site, &previous, &error));
  g_assert_error (error, DIVERT_SITE_FILE_ERROR, DIVERT_SITE_FILE_ERROR_WRITE);
  g_assert_cmpint (umount (DIR "/conf.d"), ==, 0);
  site_free (site);
}

/* The other files have changed since they were read, and don't fit with what is to be written. */
static void
assert_does_not_fit (const char *main_text,
                     const char *problem)
{
  DivertSite *site = make_site (PATH);
  g_autoptr(GError) error = NULL;
  g_autofree char *previous = NULL;
  g_autofree char *before = read_path (), *after = NULL;
  guint files = count_files ();

  g_file_set_contents_full (DIR "/nm-divert.conf", main_text, -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL);
  g_assert_false (divert_site_file_write (DIR, "home", site, OTHER, &previous, &error));
  g_assert_true (error->domain == DIVERT_CONFIG_ERROR);
  g_assert_nonnull (strstr (error->message, problem));
  after = read_path ();
  g_assert_cmpstr (before, ==, after);
  g_assert_cmpuint (files, ==, count_files ());
  g_unlink (DIR "/nm-divert.conf");
  site_free (site);
}

static void
test_does_not_fit (void)
{
  DivertSite *site = make_site (PATH);
  g_autoptr(GError) error = NULL;
  g_autofree char *previous = NULL;

  assert_does_not_fit (TEXT, PATH ":2: [site home]: site given twice, first in " DIR "/nm-divert.conf");
  assert_does_not_fit ("[proxy]\ngroop=clash\n", DIR "/nm-divert.conf:2: ");
  g_assert_true (divert_site_file_write (DIR, "home", NULL, TEXT, &previous, NULL));
  assert_does_not_fit (TEXT, PATH ":2: [site home]: site given twice, first in " DIR "/nm-divert.conf");

  /* A file that is in the way can be removed. */
  g_file_set_contents_full (DIR "/nm-divert.conf", TEXT, -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL);
  g_assert_true (divert_site_file_remove (DIR, site, &previous, &error));
  g_assert_no_error (error);
  g_unlink (DIR "/nm-divert.conf");
  site_free (site);
}

int
main (int    argc,
      char **argv)
{
  test_needs_namespaces ();
  private_system_enter ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/site-file/write-and-remove", test_write_and_remove);
  g_test_add_func ("/site-file/by-hand", test_by_hand);
  g_test_add_func ("/site-file/does-not-fit", test_does_not_fit);
  g_test_add_func ("/site-file/cannot-write", test_cannot_write);
  return g_test_run ();
}
