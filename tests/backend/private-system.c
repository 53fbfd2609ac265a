/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the test's own system. It writes nothing outside of the namespaces.
 */
#include "private-system.h"

#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BUS_SOCKET "/run/dbus/system_bus_socket"
#define RUN_TIMEOUT_MS 60000

static void
check (gboolean    ok,
       const char *what)
{
  if (!ok)
    g_error ("%s: %s", what, g_strerror (errno));
}

void
private_system_hide (const char *directory)
{
  check (mount ("test", directory, "tmpfs", 0, "mode=0755") == 0, directory);
}

void
private_system_enter (void)
{
  int status;
  pid_t child;

  check (unshare (CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID) == 0, "unshare");
  child = fork ();
  check (child >= 0, "fork");
  if (child > 0)
    {
      waitpid (child, &status, 0);
      _exit (WIFEXITED (status) ? WEXITSTATUS (status) : 1);
    }

  prctl (PR_SET_PDEATHSIG, SIGKILL);
  check (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "private mounts");
  check (mount ("proc", "/proc", "proc", 0, NULL) == 0, "/proc");
  private_system_hide ("/run");
  check (mkdir ("/run/dbus", 0755) == 0, "/run/dbus");
  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=" BUS_SOCKET, TRUE);
  g_unsetenv ("DBUS_SESSION_BUS_ADDRESS");
}

GPid
private_system_spawn (const char *const *argv)
{
  g_autoptr(GError) error = NULL;
  GPid pid = 0;

  g_spawn_async (NULL, (char **) argv, NULL,
                 G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL,
                 NULL, NULL, &pid, &error);
  g_assert_no_error (error);
  return pid;
}

static gboolean
wake_up (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

gboolean
private_system_wait (gboolean (*done) (gpointer),
                     gpointer   user_data,
                     guint      timeout_ms)
{
  gint64 end = g_get_monotonic_time () + (gint64) timeout_ms * 1000;
  guint ticks = g_timeout_add (5, wake_up, NULL);
  gboolean result;

  while (!(result = done (user_data)) && g_get_monotonic_time () < end)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (ticks);
  return result;
}

static void
on_child_exit (GPid     pid,
               int      status,
               gpointer user_data)
{
  *(int *) user_data = WIFEXITED (status) ? WEXITSTATUS (status) : 256;
}

static gboolean
has_status (gpointer user_data)
{
  return *(int *) user_data >= 0;
}

int
private_system_run (const char *program,
                    ...)
{
  g_autoptr(GPtrArray) argv = g_ptr_array_new ();
  int status = -1;
  va_list words;

  g_ptr_array_add (argv, (gpointer) program);
  va_start (words, program);
  for (const char *word = va_arg (words, const char *); word != NULL; word = va_arg (words, const char *))
    g_ptr_array_add (argv, (gpointer) word);
  va_end (words);
  g_ptr_array_add (argv, NULL);

  g_child_watch_add (private_system_spawn ((const char *const *) argv->pdata), on_child_exit, &status);
  g_assert_true (private_system_wait (has_status, &status, RUN_TIMEOUT_MS));
  return status < 256 ? status : -1;
}

static gboolean
has_bus (gpointer user_data)
{
  return access (BUS_SOCKET, F_OK) == 0;
}

void
private_system_start_bus (const char *policy)
{
  static const char *const argv[] = { "dbus-daemon", "--system", "--nofork", "--nopidfile", NULL };

  g_autofree char *ours = g_test_build_filename (G_TEST_DIST, "data", "org.nmdivert.Helper1.conf", NULL);
  g_autofree char *extra = g_strdup_printf ("<busconfig>%s</busconfig>\n", policy != NULL ? policy : "");

  /* The host's own additions are none of the test's business. */
  private_system_hide ("/etc/dbus-1");
  check (mkdir ("/etc/dbus-1/system.d", 0755) == 0, "/etc/dbus-1/system.d");
  g_assert_cmpint (private_system_run ("cp", ours, "/etc/dbus-1/system.d/", NULL), ==, 0);
  check (g_file_set_contents ("/etc/dbus-1/system.d/test.conf", extra, -1, NULL), "/etc/dbus-1/system.d/test.conf");
  private_system_hide ("/usr/share/dbus-1/system-services");
  private_system_spawn (argv);
  g_assert_true (private_system_wait (has_bus, NULL, 20000));
}

GDBusConnection *
private_system_connect (void)
{
  g_autoptr(GError) error = NULL;
  GDBusConnection *bus;

  bus = g_dbus_connection_new_for_address_sync ("unix:path=" BUS_SOCKET,
                                                G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                                NULL, NULL, &error);
  g_assert_no_error (error);
  return bus;
}

void
private_system_export (GDBusConnection            *bus,
                       const char                 *xml,
                       const char                 *interface,
                       const char                 *path,
                       const GDBusInterfaceVTable *vtable,
                       gpointer                    user_data)
{
  g_autoptr(GDBusNodeInfo) node = NULL;
  g_autoptr(GError) error = NULL;

  node = g_dbus_node_info_new_for_xml (xml, &error);
  g_assert_no_error (error);
  g_dbus_connection_register_object (bus, path, g_dbus_node_info_lookup_interface (node, interface), vtable, user_data,
                                     NULL, &error);
  g_assert_no_error (error);
}

void
private_system_own_name (GDBusConnection *bus,
                         const char      *name)
{
  g_autoptr(GVariant) owned = NULL;
  g_autoptr(GError) error = NULL;

  owned = g_dbus_connection_call_sync (bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                       "RequestName", g_variant_new ("(su)", name, 0), NULL, G_DBUS_CALL_FLAGS_NONE, -1,
                                       NULL, &error);
  g_assert_no_error (error);
}
