/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which resolvers keep answers, and how they are told to forget them.
 *
 * Nobody waits for an answer, and no service is started that isn't running.
 */
#include "cached-names.h"

#include <gio/gio.h>

static void
on_bus (GObject      *source,
        GAsyncResult *result,
        gpointer      user_data)
{
  static const struct
  {
    const char *name, *path, *interface, *method;
  } caches[] = {
    { "org.freedesktop.resolve1", "/org/freedesktop/resolve1", "org.freedesktop.resolve1.Manager", "FlushCaches" },
    /* NetworkManager's (dns=dnsmasq), and one with --enable-dbus. */
    { "org.freedesktop.NetworkManager.dnsmasq", "/uk/org/thekelleys/dnsmasq",
      "org.freedesktop.NetworkManager.dnsmasq", "ClearCache" },
    { "uk.org.thekelleys.dnsmasq", "/uk/org/thekelleys/dnsmasq", "uk.org.thekelleys.dnsmasq", "ClearCache" },
  };
  g_autoptr(GDBusConnection) bus = g_bus_get_finish (result, NULL);

  for (guint i = 0; bus != NULL && i < G_N_ELEMENTS (caches); i++)
    g_dbus_connection_call (bus, caches[i].name, caches[i].path, caches[i].interface, caches[i].method, NULL, NULL,
                            G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
}

void
divert_cached_names_flush (void)
{
  g_bus_get (G_BUS_TYPE_SYSTEM, NULL, on_bus, NULL);
}
