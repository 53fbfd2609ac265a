/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the configuration's files: their order, which are skipped, and who must own them. */
#include "system/files/config-files.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct
{
  char *directory; /* the administrator's */
  char *vendor;
} Fixture;

static void
set_up (Fixture       *f,
        gconstpointer  data)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *drop_ins = NULL;
  g_autofree char *drop_ins_of_vendor = NULL;

  f->directory = g_dir_make_tmp ("nm-divert-XXXXXX", &error);
  g_assert_no_error (error);
  f->vendor = g_build_filename (f->directory, "vendor", NULL);
  drop_ins = g_build_filename (f->directory, "conf.d", NULL);
  g_assert_cmpint (g_mkdir (drop_ins, 0755), ==, 0);
  drop_ins_of_vendor = g_build_filename (f->vendor, "conf.d", NULL);
  g_assert_cmpint (g_mkdir_with_parents (drop_ins_of_vendor, 0755), ==, 0);
}

static char *
path_of (const Fixture *f,
         const char    *name)
{
  return g_build_filename (f->directory, name, NULL);
}

static void
put (const Fixture *f,
     const char    *name,
     const char    *text)
{
  g_autofree char *path = path_of (f, name);
  g_autoptr(GError) error = NULL;

  g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_NONE, 0644, &error);
  g_assert_no_error (error);
}

static void
remove_all (const char *path)
{
  g_autoptr(GDir) directory = g_dir_open (path, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR) && !g_file_test (child, G_FILE_TEST_IS_SYMLINK))
        remove_all (child);
      else
        g_assert_cmpint (g_unlink (child), ==, 0);
    }
  g_assert_cmpint (g_rmdir (path), ==, 0);
}

static void
tear_down (Fixture       *f,
           gconstpointer  data)
{
  remove_all (f->directory);
  g_free (f->directory);
  g_free (f->vendor);
}

static DivertConfig *
load (const Fixture *f,
      gboolean       strict)
{
  g_autoptr(GError) error = NULL;
  DivertConfig *config = divert_config_files_load (f->vendor, f->directory, strict, &error);

  g_assert_no_error (error);
  return config;
}

/* @name NULL: the directory itself. */
static void
assert_refused (const Fixture *f,
                gboolean       strict,
                const char    *name,
                const char    *message)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = name != NULL ? path_of (f, name) : g_strdup (f->directory);
  g_autofree char *expected = g_strconcat (path, message, NULL);

  g_assert_null (divert_config_files_load (f->vendor, f->directory, strict, &error));
  g_assert_cmpstr (error->message, ==, expected);
  g_assert_true (error->domain == DIVERT_CONFIG_ERROR);
}

static void
test_missing (Fixture       *f,
              gconstpointer  data)
{
  g_autofree char *drop_ins = path_of (f, "conf.d");
  g_autofree char *nowhere = path_of (f, "nowhere");
  g_autoptr(DivertConfig) defaults = divert_config_new ();
  g_autoptr(DivertConfig) empty = load (f, FALSE);
  g_autoptr(DivertConfig) bare = NULL;
  g_autoptr(DivertConfig) none = NULL;
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (g_rmdir (drop_ins), ==, 0);
  bare = load (f, FALSE);
  none = divert_config_files_load (nowhere, nowhere, TRUE, &error);
  g_assert_no_error (error);
  g_assert_true (divert_config_equal (empty, defaults));
  g_assert_true (divert_config_equal (bare, defaults));
  g_assert_true (divert_config_equal (none, defaults));

  g_assert_null (divert_config_files_load_one (nowhere, FALSE, &error));
  g_assert_true (g_str_has_suffix (error->message, "nowhere: cannot be read: 'No such file or directory'"));
}

static void
test_order (Fixture       *f,
            gconstpointer  data)
{
  g_autoptr(DivertConfig) config = NULL;
  g_autofree char *office = path_of (f, "conf.d/9.conf");

  put (f, "nm-divert.conf", "[proxy]\ngroup=main\ntproxy-port=1\ndns-port=1\n");
  put (f, "conf.d/9.conf", "[proxy]\ntproxy-port=9\n[site office]\nintranet=10.0.0.0/8\n");
  put (f, "conf.d/10.conf", "[proxy]\ntproxy-port=10\ndns-port=10\n[site home]\nintranet=192.168.22.0/24\n");
  config = load (f, FALSE);
  g_assert_cmpstr (config->group, ==, "main");
  g_assert_cmpuint (config->tproxy_port, ==, 9);
  g_assert_cmpuint (config->dns_port, ==, 10);
  g_assert_cmpstr (((DivertSite *) g_ptr_array_index (config->sites, 0))->name, ==, "home");
  g_assert_cmpstr (divert_config_find_site (config, "office")->file, ==, office);
}

/* One list, sorted by name, and of two files with one name the administrator's. */
static void
test_vendor (Fixture       *f,
             gconstpointer  data)
{
  g_autoptr(DivertConfig) vendor = NULL;
  g_autoptr(DivertConfig) config = NULL;
  g_autofree char *office = path_of (f, "vendor/conf.d/30-office.conf");

  put (f, "vendor/nm-divert.conf", "[proxy]\ngroup=vendor\ntproxy-port=1\n");
  put (f, "vendor/conf.d/30-office.conf", "[proxy]\ndns-port=30\n[site office]\nintranet=10.0.0.0/8\n");
  put (f, "vendor/conf.d/40.conf", "[proxy]\ndns-port=40\ntproxy-port=40\n");
  vendor = load (f, FALSE);
  g_assert_cmpstr (vendor->group, ==, "vendor");
  g_assert_cmpuint (vendor->dns_port, ==, 40);
  g_assert_cmpuint (vendor->tproxy_port, ==, 40);

  put (f, "nm-divert.conf", "[proxy]\ngroup=mine\n");
  put (f, "conf.d/20.conf", "[proxy]\ndns-port=20\n");
  put (f, "conf.d/40.conf", "[divert]\nmark=1\n");
  config = load (f, FALSE);
  g_assert_cmpstr (config->group, ==, "mine");
  g_assert_cmpuint (config->dns_port, ==, 30);
  g_assert_cmpuint (config->tproxy_port, ==, 22223);
  g_assert_cmpuint (config->mark, ==, 1);
  g_assert_cmpstr (divert_config_find_site (config, "office")->file, ==, office);
}

/* An administrator switches a vendor's file off. */
static void
test_masked (Fixture       *f,
             gconstpointer  data)
{
  g_autofree char *main_file = path_of (f, "nm-divert.conf");
  g_autofree char *drop_in = path_of (f, "conf.d/a.conf");
  g_autoptr(DivertConfig) defaults = divert_config_new ();
  g_autoptr(DivertConfig) config = NULL;

  put (f, "vendor/nm-divert.conf", "[proxy]\ngroup=vendor\n");
  put (f, "vendor/conf.d/a.conf", "nonsense");
  assert_refused (f, FALSE, "vendor/conf.d/a.conf", ":1: neither [group], key=value nor #comment: 'nonsense'");
  g_assert_cmpint (symlink ("/dev/null", main_file), ==, 0);
  g_assert_cmpint (symlink ("/dev/null", drop_in), ==, 0);
  config = load (f, geteuid () == 0);
  g_assert_true (divert_config_equal (config, defaults));
}

/* What "trust" wants to write stands in for the administrator's file, and hides the vendor's. */
static void
test_candidate (Fixture       *f,
                gconstpointer  data)
{
  const char *good = "[site home]\nintranet=192.168.22.0/24\n";
  g_autoptr(GError) error = NULL;

  if (geteuid () != 0)
    {
      g_test_skip ("only root's files are read");
      return;
    }
  put (f, "vendor/conf.d/home.conf", "[site home]\nintranet=10.0.0.0/8\n");
  put (f, "vendor/conf.d/office.conf", "[site office]\nintranet=10.2.0.0/16\n");
  put (f, "conf.d/home.conf", "nonsense");
  g_assert_true (divert_config_files_check_with (f->vendor, f->directory, "home.conf", good, &error));
  g_assert_no_error (error);
  g_assert_true (divert_config_files_check_with (f->vendor, f->directory, "home.conf", NULL, &error));
  g_assert_no_error (error);
  g_assert_false (divert_config_files_check_with (f->vendor, f->directory, "office2.conf", good, &error));
  g_assert_nonnull (strstr (error->message, "conf.d/home.conf:1"));
  g_clear_error (&error);
  put (f, "conf.d/home.conf", "# nothing\n");
  g_assert_false (divert_config_files_check_with (f->vendor, f->directory, "zz.conf",
                                                  "[site office]\nintranet=10.3.0.0/16\n", &error));
  g_assert_nonnull (strstr (error->message, "site given twice"));
}

static void
test_skipped (Fixture       *f,
              gconstpointer  data)
{
  static const char *const names[] = {
    "a", "a.conf~", "a~.conf", "a.conf.bak", "a.bak", ".a.conf", ".conf", "a.conf.dpkg-old", "a.conf.rpmnew", "a.CONF",
    "conf",
  };
  g_autofree char *directory = path_of (f, "conf.d/directory");
  g_autoptr(DivertConfig) config = NULL;
  g_autoptr(DivertConfig) defaults = divert_config_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *name = g_build_filename ("conf.d", names[i], NULL);

      put (f, name, "nonsense");
    }
  g_assert_cmpint (g_mkdir (directory, 0755), ==, 0);
  config = load (f, FALSE);
  g_assert_true (divert_config_equal (config, defaults));
}

static void
test_mistakes (Fixture       *f,
               gconstpointer  data)
{
  g_autofree char *big = g_strnfill (DIVERT_CONFIG_MAX_FILE_BYTES + 100, '\n');
  g_autofree char *path = path_of (f, "nm-divert.conf");
  g_autofree char *expected = g_strconcat (path, ":2: [divert] mark: has bits outside of mask 0xff: '0x100'", NULL);
  g_autoptr(GError) error = NULL;

  put (f, "nm-divert.conf", "[divert]\nmark=0x100\n");
  assert_refused (f, FALSE, "nm-divert.conf", ":2: [divert] mark: has bits outside of mask 0xff: '0x100'");
  g_assert_null (divert_config_files_load_one (path, FALSE, &error));
  g_assert_cmpstr (error->message, ==, expected);
  put (f, "conf.d/a.conf", "[divert]\nmask=0x\n");
  assert_refused (f, FALSE, "conf.d/a.conf",
                  ":2: [divert] mask: not a number from 1 to 4294967295 (or 0x1 to 0xffffffff): '0x'");
  put (f, "nm-divert.conf", big);
  assert_refused (f, FALSE, "nm-divert.conf", ": larger than 1048576 bytes: '1048577'");
}

static void
test_duplicate_site (Fixture       *f,
                     gconstpointer  data)
{
  g_autofree char *first = path_of (f, "conf.d/a.conf");
  g_autofree char *message = g_strdup_printf (":2: [site home]: site given twice, first in %s: 'home'", first);

  put (f, "conf.d/a.conf", "[site home]\nintranet=192.168.22.0/24\n");
  put (f, "conf.d/b.conf", "\n[site home]\nintranet=192.168.22.0/24\n");
  assert_refused (f, FALSE, "conf.d/b.conf", message);
}

static void
test_kinds (Fixture       *f,
            gconstpointer  data)
{
  g_autofree char *path = path_of (f, "conf.d/a.conf");
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (g_mkdir (path, 0755), ==, 0);
  assert_refused (f, FALSE, "conf.d/a.conf", ": not a regular file: 'directory'");
  g_assert_cmpint (g_rmdir (path), ==, 0);

  g_assert_cmpint (mkfifo (path, 0644), ==, 0);
  assert_refused (f, FALSE, "conf.d/a.conf", ": not a regular file: 'special file'");
  g_assert_cmpint (g_unlink (path), ==, 0);

  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  g_assert_cmpint (bind (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  close (fd);
  assert_refused (f, FALSE, "conf.d/a.conf", ": cannot be read: 'No such device or address'");
  g_assert_cmpint (g_unlink (path), ==, 0);

  g_assert_cmpint (symlink ("/dev/zero", path), ==, 0);
  assert_refused (f, FALSE, "conf.d/a.conf", ": not a regular file: 'special file'");
  g_assert_cmpint (g_unlink (path), ==, 0);

  g_assert_cmpint (symlink ("a.conf", path), ==, 0);
  assert_refused (f, FALSE, "conf.d/a.conf", ": cannot be read: 'Too many levels of symbolic links'");
  g_assert_cmpint (g_unlink (path), ==, 0);

  g_assert_cmpint (symlink ("gone", path), ==, 0);
  assert_refused (f, FALSE, "conf.d/a.conf", ": cannot be read: 'No such file or directory'");
  g_assert_cmpint (g_unlink (path), ==, 0);

  put (f, "target", "[proxy]\ngroup=linked\n");
  g_assert_cmpint (symlink ("../target", path), ==, 0);
  {
    g_autoptr(DivertConfig) config = load (f, FALSE);

    g_assert_cmpstr (config->group, ==, "linked");
  }

  put (f, "plain", "");
  {
    g_autofree char *plain = path_of (f, "plain");
    g_autofree char *message = g_strdup_printf ("%s: cannot be read: 'Not a directory'", plain);
    g_autoptr(GError) error = NULL;

    g_assert_null (divert_config_files_load (f->vendor, plain, FALSE, &error));
    g_assert_cmpstr (error->message, ==, message);
  }
}

static void
test_too_many (Fixture       *f,
               gconstpointer  data)
{
  for (guint i = 0; i < DIVERT_CONFIG_MAX_FILES - 1; i++)
    {
      g_autofree char *name = g_strdup_printf ("conf.d/%u.conf", i);

      put (f, name, "");
    }
  divert_config_free (load (f, FALSE));
  put (f, "conf.d/one-more.conf", "");
  assert_refused (f, FALSE, "conf.d", ": too many files, at most: '255'");
}

/* First everything is as it should be. Then one thing at a time is not. */
static void
test_strict (Fixture       *f,
             gconstpointer  data)
{
  static const struct
  {
    const char *name; /* NULL: the directory */
    mode_t      good, bad;
    const char *message;
  } modes[] = {
    { NULL, 0755, 0775, ": can be written by others than root, its mode is: '0775'" },
    { NULL, 0755, 01777, ": can be written by others than root, its mode is: '1777'" },
    { "vendor", 0755, 0775, ": can be written by others than root, its mode is: '0775'" },
    { "vendor/conf.d", 0755, 0775, ": can be written by others than root, its mode is: '0775'" },
    { "vendor/conf.d/v.conf", 0644, 0664, ": can be written by others than root, its mode is: '0664'" },
    { "conf.d", 0755, 0757, ": can be written by others than root, its mode is: '0757'" },
    { "nm-divert.conf", 0644, 0664, ": can be written by others than root, its mode is: '0664'" },
    { "conf.d/a.conf", 0600, 0602, ": can be written by others than root, its mode is: '0602'" },
    { "conf.d/link.conf", 0644, 0666, ": can be written by others than root, its mode is: '0666'" },
  };
  g_autofree char *link = path_of (f, "conf.d/link.conf");

  g_assert_cmpint (g_chmod (f->directory, 0755), ==, 0);
  put (f, "nm-divert.conf", "[proxy]\ngroup=clash\n");
  put (f, "conf.d/a.conf", "");
  put (f, "vendor/conf.d/v.conf", "");
  put (f, "target", "");
  g_assert_cmpint (symlink ("../target", link), ==, 0);
  divert_config_free (load (f, FALSE));

  if (geteuid () != 0)
    {
      g_autofree char *message = g_strdup_printf (": must belong to root, but belongs to user: '%u'", geteuid ());

      assert_refused (f, TRUE, "vendor", message);
      return;
    }

  divert_config_free (load (f, TRUE));
  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      g_autofree char *path = modes[i].name != NULL ? path_of (f, modes[i].name) : g_strdup (f->directory);

      g_assert_cmpint (g_chmod (path, modes[i].bad), ==, 0);
      assert_refused (f, TRUE, modes[i].name, modes[i].message);
      divert_config_free (load (f, FALSE));
      g_assert_cmpint (g_chmod (path, modes[i].good), ==, 0);

      /* For a link, the target's owner counts. */
      g_assert_cmpint (chown (path, 65534, 0), ==, 0);
      assert_refused (f, TRUE, modes[i].name, ": must belong to root, but belongs to user: '65534'");
      divert_config_free (load (f, FALSE));
      g_assert_cmpint (chown (path, 0, 0), ==, 0);
    }
  g_assert_cmpint (lchown (link, 65534, 65534), ==, 0);
  divert_config_free (load (f, TRUE));
}

int
main (int    argc,
      char **argv)
{
  static const struct
  {
    const char *name;
    void      (*run) (Fixture *f, gconstpointer data);
  } tests[] = {
    { "/config-files/missing", test_missing },
    { "/config-files/order", test_order },
    { "/config-files/vendor", test_vendor },
    { "/config-files/masked", test_masked },
    { "/config-files/candidate", test_candidate },
    { "/config-files/skipped", test_skipped },
    { "/config-files/mistakes", test_mistakes },
    { "/config-files/duplicate-site", test_duplicate_site },
    { "/config-files/kinds", test_kinds },
    { "/config-files/too-many", test_too_many },
    { "/config-files/strict", test_strict },
  };

  umask (022);
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].name, Fixture, NULL, set_up, tests[i].run, tear_down);
  return g_test_run ();
}
