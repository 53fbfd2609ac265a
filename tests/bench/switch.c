/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * switch N: switches the helper to away and back N times, over one connection, and prints how many microseconds each
 * call took until its reply.
 */
#include <gio/gio.h>
#include <stdlib.h>

static gint64
switch_to (GDBusConnection *bus,
           const char      *mode)
{
  const gint64 start = g_get_monotonic_time ();
  g_autoptr(GError) error = NULL;
  GVariant *arguments = g_variant_new ("(stb)", mode, G_GUINT64_CONSTANT (0), FALSE);
  g_autoptr(GVariant) answer = g_dbus_connection_call_sync (bus, "org.nmdivert.Helper1", "/org/nmdivert/Helper1",
                                                            "org.nmdivert.Helper1", "Switch", arguments, NULL,
                                                            G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);

  if (answer == NULL)
    g_error ("%s", error->message);
  return g_get_monotonic_time () - start;
}

int
main (int    argc,
      char **argv)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, &error);

  if (bus == NULL)
    g_error ("%s", error->message);
  for (int i = 0; argc > 1 && i < atoi (argv[1]); i++)
    for (int to = 0; to < 2; to++)
      {
        g_print ("%" G_GINT64_FORMAT "\n", switch_to (bus, to == 0 ? "away" : "auto"));
        /* Let the helper finish what it does after a change, so that it doesn't delay the next one. */
        g_usleep (50000);
      }
  return 0;
}
