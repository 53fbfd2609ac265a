/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A storm of calls to the helper, and its sudden death.
 *
 *   bus-storm kill MICROSECONDS   sends many changes of place at once, and SIGKILL
 *                                 this long after the first; prints "killed" or "missed"
 *   bus-storm settle              calls Refresh once, as NetworkManager's next event would,
 *                                 then prints the place that the helper reports
 *
 * It is one process instead of a dozen command lines, so that hundreds of storms take only seconds.
 */
#include <gio/gio.h>
#include <signal.h>
#include <string.h>

#define CALLS 12

static GVariant *
call (GDBusConnection *bus, const char *method, GVariant *arguments, GError **error)
{
  return g_dbus_connection_call_sync (bus, "org.nmdivert.Helper1", "/org/nmdivert/Helper1", "org.nmdivert.Helper1",
                                      method, arguments, NULL, G_DBUS_CALL_FLAGS_NONE, 15000, NULL, error);
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  guint *pending = user_data;
  g_autoptr(GVariant) answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);

  (*pending)--;
}

static int
storm (GDBusConnection *bus, guint64 delay)
{
  g_autoptr(GVariant) owner = NULL;
  guint pending = 0;
  guint32 pid;
  gboolean killed;

  owner = g_dbus_connection_call_sync (bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                       "GetConnectionUnixProcessID", g_variant_new ("(s)", "org.nmdivert.Helper1"),
                                       G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
  if (owner == NULL)
    {
      g_print ("missed\n");
      return 1;
    }
  g_variant_get (owner, "(u)", &pid);

  for (guint i = 0; i < CALLS; i++)
    {
      gboolean refresh = i % 3 == 2;
      const char *mode = i % 2 ? "auto" : "away";
      GVariant *arguments = refresh ? g_variant_new ("(s)", "up") : g_variant_new ("(stb)", mode, (guint64) 0, FALSE);

      pending++;
      g_dbus_connection_call (bus, "org.nmdivert.Helper1", "/org/nmdivert/Helper1", "org.nmdivert.Helper1",
                              refresh ? "Refresh" : "Switch", arguments, NULL, G_DBUS_CALL_FLAGS_NONE, 15000, NULL,
                              on_answer, &pending);
    }
  g_dbus_connection_flush_sync (bus, NULL, NULL);
  g_usleep (delay);
  killed = kill ((pid_t) pid, SIGKILL) == 0;
  /* Calls without an answer fail as soon as the bus sees the end. Later calls start a new helper. */
  while (pending > 0)
    g_main_context_iteration (NULL, TRUE);
  g_print (killed ? "killed\n" : "missed\n");
  return killed ? 0 : 1;
}

static int
settle (GDBusConnection *bus)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) refreshed = call (bus, "Refresh", g_variant_new ("(s)", "up"), &error);
  g_autoptr(GVariant) status = error == NULL ? call (bus, "Status", NULL, &error) : NULL;
  g_autoptr(GVariant) values = NULL;
  const char *place = "";

  if (status == NULL)
    {
      g_printerr ("bus-storm: %s\n", error->message);
      return 1;
    }
  values = g_variant_get_child_value (status, 0);
  g_variant_lookup (values, "place", "&s", &place);
  g_print ("%s\n", place);
  return 0;
}

int
main (int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, &error);

  if (bus != NULL && argc == 3 && strcmp (argv[1], "kill") == 0)
    return storm (bus, g_ascii_strtoull (argv[2], NULL, 10));
  if (bus != NULL && argc == 2 && strcmp (argv[1], "settle") == 0)
    return settle (bus);
  g_printerr ("bus-storm: %s\n", error != NULL ? error->message : "usage: bus-storm kill MICROSECONDS|settle");
  return 2;
}
