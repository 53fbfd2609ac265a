/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: the test's part of the hierarchy of control groups. */
#include "cgroups.h"

#include <glib/gstdio.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "system/base/cgroup.h"

static void
move (const char *directory)
{
  g_autofree char *file = g_build_filename (directory, "cgroup.procs", NULL);
  g_autofree char *pid = g_strdup_printf ("%d", getpid ());
  FILE *procs = fopen (file, "w");

  g_assert_nonnull (procs);
  g_assert_cmpint (fputs (pid, procs), >=, 0);
  g_assert_cmpint (fclose (procs), ==, 0);
}

static void
remove_all (const char *directory)
{
  g_autoptr(GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (directory, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        remove_all (path);
    }
  g_rmdir (directory);
}

/* Ends as the test has ended. */
static void
wait_and_remove (int         pid,
                 const char *directory)
{
  int status = 0;

  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  remove_all (directory);
  if (WIFSIGNALED (status))
    {
      signal (WTERMSIG (status), SIG_DFL);
      raise (WTERMSIG (status));
    }
  _exit (WEXITSTATUS (status));
}

void
test_cgroups_enter (void)
{
  const char *root = divert_cgroup_get_root ();
  g_autofree char *directory = NULL;
  int pid;

  test_needs_namespaces ();
  if (root == NULL)
    test_skip ("needs control groups of version 2");
  directory = g_strdup_printf ("%s/nm-divert-test-%d", root, getpid ());
  g_assert_no_errno (g_mkdir (directory, 0755));
  pid = fork ();
  g_assert_no_errno (pid);
  if (pid != 0)
    wait_and_remove (pid, directory);
  g_assert_no_errno (prctl (PR_SET_PDEATHSIG, SIGKILL));
  move (directory);
  g_assert_no_errno (unshare (CLONE_NEWCGROUP | CLONE_NEWNS));
  g_assert_no_errno (mount ("", "/", NULL, MS_REC | MS_PRIVATE, NULL));
  /* Where there are no groups of version 1, the host's are mounted here, and the kernel refuses the same file system on
   * top of itself. */
  g_assert_no_errno (mount ("test", TEST_CGROUPS, "tmpfs", 0, NULL));
  g_assert_no_errno (mount ("test", TEST_CGROUPS, "cgroup2", 0, NULL));
}

void
test_cgroups_make (const char *path)
{
  g_autofree char *directory = g_build_filename (TEST_CGROUPS, path, NULL);

  g_assert_no_errno (g_mkdir_with_parents (directory, 0755));
}

void
test_cgroups_remove (const char *path)
{
  g_autofree char *directory = g_build_filename (TEST_CGROUPS, path, NULL);

  g_assert_no_errno (g_rmdir (directory));
  for (char *slash = strrchr (directory, '/'); strlen (directory) > strlen (TEST_CGROUPS);
       slash = strrchr (directory, '/'))
    {
      *slash = '\0';
      if (g_str_equal (directory, TEST_CGROUPS) || g_rmdir (directory) != 0)
        break;
    }
}
