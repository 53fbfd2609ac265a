/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of logind that sleep needs. It owns the name on the system bus, hands out locks, and announces that the
 * machine goes to sleep (at SIGUSR1) and is awake again (at SIGUSR2).
 *
 * Its standard output has one line for each event:
 *
 *   ready
 *   locked WHO INODE           somebody has taken a lock; INODE is that of its pipe
 *   sleep, awake               that signal was sent
 *   released WHO INODE STATE   the last descriptor of the lock is closed
 *
 * The arguments are a command that prints the STATE at that moment.
 */
#include <fcntl.h>
#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "org.freedesktop.login1"
#define PATH "/org/freedesktop/login1"
#define INTERFACE "org.freedesktop.login1.Manager"

static const char introspection[] =
  "<node><interface name='" INTERFACE "'>"
  "<method name='Inhibit'><arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='s' direction='in'/>"
  "<arg type='s' direction='in'/><arg type='h' direction='out'/></method>"
  "<signal name='PrepareForSleep'><arg type='b'/></signal>"
  "</interface></node>";

typedef struct
{
  char *who;
  guint64 inode;
} Lock;

static GDBusConnection *bus;
static char **command;

static gboolean
on_released (int fd, GIOCondition condition, gpointer user_data)
{
  g_autofree Lock *lock = user_data;
  g_autofree char *state = NULL;
  g_autoptr(GError) error = NULL;

  if (!g_spawn_sync (NULL, command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &state, NULL, NULL, &error))
    g_error ("%s", error->message);
  g_print ("released %s %" G_GUINT64_FORMAT " %s\n", lock->who, lock->inode, g_strchomp (state));
  g_free (lock->who);
  close (fd);
  return G_SOURCE_REMOVE;
}

static void
on_call (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *method,
         GVariant *arguments, GDBusMethodInvocation *invocation, gpointer user_data)
{
  g_autoptr(GUnixFDList) fds = g_unix_fd_list_new ();
  Lock *lock = g_new0 (Lock, 1);
  struct stat status;
  int ends[2];

  if (!g_unix_open_pipe (ends, FD_CLOEXEC, NULL) || fstat (ends[1], &status) != 0)
    g_error ("no pipe");
  g_variant_get_child (arguments, 1, "s", &lock->who);
  lock->inode = status.st_ino;
  g_unix_fd_list_append (fds, ends[1], NULL);
  close (ends[1]);
  g_unix_fd_add (ends[0], G_IO_HUP, on_released, lock);
  g_print ("locked %s %" G_GUINT64_FORMAT "\n", lock->who, lock->inode);
  g_dbus_method_invocation_return_value_with_unix_fd_list (invocation, g_variant_new ("(h)", 0), fds);
}

static void
say (gboolean asleep)
{
  g_dbus_connection_emit_signal (bus, NULL, PATH, INTERFACE, "PrepareForSleep", g_variant_new ("(b)", asleep), NULL);
  g_print (asleep ? "sleep\n" : "awake\n");
}

static gboolean
on_sleep (gpointer user_data)
{
  say (TRUE);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_awake (gpointer user_data)
{
  say (FALSE);
  return G_SOURCE_CONTINUE;
}

static void
on_name (GDBusConnection *connection, const char *name, gpointer user_data)
{
  g_print ("ready\n");
}

static void
on_no_name (GDBusConnection *connection, const char *name, gpointer user_data)
{
  g_printerr ("sleep-logind: no name on the bus\n");
  exit (1);
}

int
main (int argc, char **argv)
{
  static const GDBusInterfaceVTable vtable = { .method_call = on_call };
  g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (introspection, NULL);
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr(GError) error = NULL;

  setvbuf (stdout, NULL, _IOLBF, 0);
  if (argc < 2)
    {
      g_printerr ("usage: sleep-logind COMMAND…\n");
      return 2;
    }
  command = argv + 1;
  bus = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, &error);
  if (bus == NULL ||
      g_dbus_connection_register_object (bus, PATH, node->interfaces[0], &vtable, NULL, NULL, &error) == 0)
    {
      g_printerr ("sleep-logind: %s\n", error->message);
      return 1;
    }
  g_unix_signal_add (SIGUSR1, on_sleep, NULL);
  g_unix_signal_add (SIGUSR2, on_awake, NULL);
  g_bus_own_name_on_connection (bus, NAME, G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE, on_name, on_no_name, NULL, NULL);
  g_main_loop_run (loop);
  return 0;
}
