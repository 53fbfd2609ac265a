/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls Refresh with a string of the given number of bytes, which no command line can carry, and prints the name of the
 * D-Bus error, or "answered".
 */
#include <gio/gio.h>

int
main (int argc, char **argv)
{
  gsize bytes = argc > 1 ? g_ascii_strtoull (argv[1], NULL, 10) : 0;
  g_autofree char *text = g_strnfill (bytes, 'x');
  g_autoptr(GError) error = NULL;
  g_autoptr(GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, &error);
  g_autoptr(GVariant) answer = NULL;

  if (bus != NULL)
    answer = g_dbus_connection_call_sync (bus, "org.nmdivert.Helper1", "/org/nmdivert/Helper1", "org.nmdivert.Helper1",
                                          "Refresh", g_variant_new ("(s)", text), NULL, G_DBUS_CALL_FLAGS_NONE, 10000,
                                          NULL, &error);
  if (answer == NULL)
    {
      g_autofree char *name = g_dbus_error_get_remote_error (error);

      g_print ("%s\n", name != NULL ? name : error->message);
      return 1;
    }
  g_print ("answered\n");
  return 0;
}
