/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the removal.  A running helper would lay its rules again, so it is ended
 * first; it is found through the bus, which knows the process behind the name.
 *
 * Nobody comes after us to finish what is half done, so that tables that another program is
 * busy with are tried again, for longer than it should ever be.
 */
#include "remove.h"

#include <gio/gio.h>
#include <signal.h>
#include <stdlib.h>

#include "bus/dbus-names.h"
#include "core/ruleset/ruleset.h"
#include "run/apply.h"
#include "system/filter/choice.h"

#define END_WAIT_MS 5000
#define END_STEP_MS 20

#define BUSY_WAIT_US (10 * G_USEC_PER_SEC)
#define BUSY_STEP_US (20 * 1000)

static guint32
find_helper (GDBusConnection *bus)
{
  g_autoptr(GVariant) reply = NULL;
  guint32 pid = 0;

  reply = g_dbus_connection_call_sync (bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                       "GetConnectionUnixProcessID", g_variant_new ("(s)", DIVERT_DBUS_NAME),
                                       G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE, END_WAIT_MS, NULL, NULL);
  if (reply != NULL)
    g_variant_get (reply, "(u)", &pid);
  return pid;
}

/* No bus, or no helper: nothing to end. */
static gboolean
end_helper (void)
{
  g_autoptr(GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, NULL);
  guint32 pid = bus != NULL ? find_helper (bus) : 0;

  if (pid <= 1)
    return TRUE;
  if (kill (pid, SIGTERM) != 0)
    return FALSE;
  for (guint waited = 0; waited < END_WAIT_MS; waited += END_STEP_MS)
    {
      if (find_helper (bus) == 0)
        return TRUE;
      g_usleep (END_STEP_MS * 1000);
    }
  return FALSE;
}

static gboolean
take_away (GError **error)
{
  g_autoptr(DivertRuleset) nothing = divert_ruleset_new_empty ();
  g_autoptr(DivertBackend) backend = divert_choice_new_backend (DIVERT_BACKEND_AUTO);
  g_autoptr(DivertRoutes) routes = divert_routes_new (error);
  gint64 deadline = g_get_monotonic_time () + BUSY_WAIT_US;
  DivertApplied applied;
  g_autoptr(GError) local_error = NULL;

  if (routes == NULL)
    return FALSE;
  while (!divert_apply (backend, routes, nothing, &applied, &local_error))
    {
      if (!g_error_matches (local_error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_BUSY) || g_get_monotonic_time () >= deadline)
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }
      g_clear_error (&local_error);
      g_usleep (BUSY_STEP_US);
    }
  return TRUE;
}

int
divert_remove (void)
{
  g_autoptr(GError) error = NULL;

  if (!end_helper ())
    {
      g_critical ("the running helper does not end");
      return EXIT_FAILURE;
    }
  if (!take_away (&error))
    {
      g_critical ("cannot remove the rules: %s", error->message);
      return EXIT_FAILURE;
    }
  return EXIT_SUCCESS;
}
