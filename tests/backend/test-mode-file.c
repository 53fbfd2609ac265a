/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mode on disk: restarts, reboots, damage, and directories that can't be written. */
#include <glib/gstdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "private-system.h"
#include "system/files/mode-file.h"

#define STATE "/run/state"
#define RUN "/run/run"

static void
save (DivertModeKind kind,
      guint64        expires,
      const char    *network)
{
  g_autoptr(DivertMode) mode = divert_mode_new (kind, kind == DIVERT_MODE_SITE ? "home" : NULL);
  g_autoptr(GError) error = NULL;

  mode->expires = expires;
  mode->network = g_strdup (network);
  divert_mode_file_save (STATE, RUN, mode, &error);
  g_assert_no_error (error);
}

static void
assert_loads (DivertModeKind kind,
              guint64        expires,
              const char    *network)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(DivertMode) mode = divert_mode_file_load (STATE, RUN, &error);

  g_assert_no_error (error);
  g_assert_cmpint (mode->kind, ==, kind);
  g_assert_cmpuint (mode->expires, ==, expires);
  g_assert_cmpstr (mode->network, ==, network);
}

static void
clear (void)
{
  g_unlink (STATE "/mode");
  g_unlink (RUN "/mode");
}

static void
reboot (void)
{
  g_unlink (RUN "/mode");
}

static void
test_lasts (void)
{
  struct stat st;

  clear ();
  assert_loads (DIVERT_MODE_AUTO, 0, NULL);
  save (DIVERT_MODE_SITE, 1234567, NULL);
  reboot ();
  assert_loads (DIVERT_MODE_SITE, 1234567, NULL);
  g_assert_cmpint (g_stat (STATE "/mode", &st), ==, 0);
  g_assert_cmpint (st.st_mode & (S_IWGRP | S_IWOTH), ==, 0);
}

static void
test_ends_with_network (void)
{
  clear ();
  save (DIVERT_MODE_OFF, 0, NULL);
  save (DIVERT_MODE_AWAY, 0, "uuid@wlan0");
  assert_loads (DIVERT_MODE_AWAY, 0, "uuid@wlan0");
  save (DIVERT_MODE_SITE, 7, "");
  assert_loads (DIVERT_MODE_SITE, 7, "");
  reboot ();
  assert_loads (DIVERT_MODE_AUTO, 0, NULL);

  save (DIVERT_MODE_OFF, 0, "uuid@wlan0");
  save (DIVERT_MODE_AWAY, 0, NULL);
  assert_loads (DIVERT_MODE_AWAY, 0, NULL);
}

static void
test_damaged (void)
{
  static const char *const texts[] = { "", "nonsense", "[mode]\nmode=\n", "[mode]\nmode=off\nexpires=-1\n",
                                       "[mode]\nmode=of\nf" };

  for (guint i = 0; i < 2 * G_N_ELEMENTS (texts); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(DivertMode) mode = NULL;

      clear ();
      save (DIVERT_MODE_OFF, 0, NULL);
      g_file_set_contents (i % 2 == 0 ? STATE "/mode" : RUN "/mode", texts[i / 2], -1, NULL);
      mode = divert_mode_file_load (STATE, RUN, &error);
      g_assert_nonnull (error);
      g_assert_cmpint (mode->kind, ==, DIVERT_MODE_AUTO);
    }
}

static void
test_read_only (void)
{
  g_autoptr(DivertMode) lasting = divert_mode_new (DIVERT_MODE_OFF, NULL);
  g_autoptr(DivertMode) passing = divert_mode_new (DIVERT_MODE_OFF, NULL);
  g_autoptr(GError) error = NULL;

  passing->network = g_strdup ("x");
  clear ();
  save (DIVERT_MODE_AWAY, 0, NULL);

  /* Both cases: the state directory can't be written, or the run directory can't. */
  g_assert_cmpint (mount (STATE, STATE, NULL, MS_BIND, NULL), ==, 0);
  g_assert_cmpint (mount (NULL, STATE, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), ==, 0);
  g_assert_false (divert_mode_file_save (STATE, RUN, lasting, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_false (divert_mode_file_save (STATE, RUN, passing, &error));
  g_clear_error (&error);
  assert_loads (DIVERT_MODE_AWAY, 0, NULL);
  g_assert_cmpint (umount (STATE), ==, 0);

  g_assert_cmpint (mount (RUN, RUN, NULL, MS_BIND, NULL), ==, 0);
  g_assert_cmpint (mount (NULL, RUN, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), ==, 0);
  g_assert_false (divert_mode_file_save (STATE, RUN, passing, &error));
  assert_loads (DIVERT_MODE_AWAY, 0, NULL);
  g_assert_cmpint (umount (RUN), ==, 0);
}

static void
make_read_only (const char *dir)
{
  g_assert_no_errno (mount (dir, dir, NULL, MS_BIND, NULL));
  g_assert_no_errno (mount (NULL, dir, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
}

static void
insist (const DivertMode *mode,
        gboolean          expected)
{
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (divert_mode_file_insist (STATE, RUN, mode, &error), ==, expected);
  g_assert_cmpint (error == NULL, ==, expected);
}

/* A mode that is in force is stored where it can be, whichever directory can't be written. */
static void
test_insist (void)
{
  g_autoptr(DivertMode) lasting = divert_mode_new (DIVERT_MODE_AWAY, NULL);
  g_autoptr(DivertMode) passing = divert_mode_new (DIVERT_MODE_AWAY, NULL);

  passing->network = g_strdup ("x");
  clear ();
  save (DIVERT_MODE_OFF, 0, NULL);
  make_read_only (STATE);
  insist (lasting, FALSE);
  assert_loads (DIVERT_MODE_AWAY, 0, NULL);
  insist (passing, FALSE);
  assert_loads (DIVERT_MODE_AWAY, 0, "x");
  g_assert_no_errno (umount (STATE));
  insist (lasting, TRUE);
  reboot ();
  assert_loads (DIVERT_MODE_AWAY, 0, NULL);

  save (DIVERT_MODE_OFF, 0, NULL);
  make_read_only (RUN);
  insist (passing, FALSE);
  assert_loads (DIVERT_MODE_AWAY, 0, "x");
  g_assert_no_errno (umount (RUN));
}

/* The run directory is full, and comes first all the same. */
static void
test_full (void)
{
  g_autoptr(DivertMode) away = divert_mode_new (DIVERT_MODE_AWAY, NULL);

  away->network = g_strdup ("x");
  clear ();
  /* Room for the directory and one file. */
  g_assert_no_errno (mount ("full", RUN, "tmpfs", 0, "nr_inodes=2"));
  save (DIVERT_MODE_SITE, 0, "x");
  insist (away, FALSE);
  assert_loads (DIVERT_MODE_AWAY, 0, "x");
  g_assert_no_errno (umount (RUN));
}

int
main (int    argc,
      char **argv)
{
  test_needs_namespaces ();
  private_system_enter ();
  g_test_init (&argc, &argv, NULL);
  g_mkdir (RUN, 0755);
  g_test_add_func ("/mode-file/lasts", test_lasts);
  g_test_add_func ("/mode-file/ends-with-network", test_ends_with_network);
  g_test_add_func ("/mode-file/damaged", test_damaged);
  g_test_add_func ("/mode-file/read-only", test_read_only);
  g_test_add_func ("/mode-file/insist", test_insist);
  g_test_add_func ("/mode-file/full", test_full);
  return g_test_run ();
}
