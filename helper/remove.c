/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the removal.  A running helper would install its rules again, so it is ended first.  It is found through the
 * bus, which knows the process behind the name.  One that the bus doesn't know, because there is no bus for example,
 * still has the lock, and then nothing is removed.  While we have the lock, no helper can begin.
 */
#include "remove.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bus/dbus-names.h"
#include "core/ruleset/ruleset.h"
#include "divert-config.h"
#include "insist.h"
#include "run/laying.h"
#include "system/base/sole.h"
#include "system/filter/choice.h"
#include "system/filter/guard.h"
#include "system/filter/wire.h"
#include "system/routing/fence.h"

/* The helper may insist for ten seconds if another program keeps the tables (insist.c). */
#define END_WAIT_MS 12000

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

/* What the kernel keeps for the helper alone is free only when its process has ended, which is later than its name on
 * the bus goes. */
static gboolean
end_known_helper (void)
{
  g_autoptr(GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, NULL);
  guint32 pid = bus != NULL ? find_helper (bus) : 0;
  struct pollfd end = { .events = POLLIN };
  gboolean ended;

  if (pid <= 1)
    return TRUE;
  end.fd = syscall (SYS_pidfd_open, pid, 0);
  if (end.fd < 0)
    return errno == ESRCH;
  ended = kill (pid, SIGTERM) == 0 && poll (&end, 1, END_WAIT_MS) == 1;
  close (end.fd);
  return ended;
}

static gboolean
end_helper (GError **error)
{
  if (end_known_helper ())
    return divert_sole_become (DIVERT_RUN_DIR, error);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, "the running helper does not end");
  return FALSE;
}

typedef struct
{
  DivertBackend *backend;
  DivertGuard   *guard;
  DivertWire    *wire;
  DivertRoutes  *routes;
  DivertFences  *fences;
} Parts;

static gboolean
attempt (gpointer   user_data,
         GError   **error)
{
  const Parts *parts = user_data;
  g_autoptr(DivertRuleset) nothing = divert_ruleset_new_empty ();
  DivertApplied applied;
  g_autoptr(DivertFence) no_fence = divert_fence_new_empty ();
  gboolean wrote;

  return divert_apply (parts->backend, parts->routes, nothing, &applied, error) &&
         divert_guard_apply (parts->guard, nothing, FALSE, &wrote, error) &&
         divert_wire_apply (parts->wire, nothing, FALSE, &wrote, error) &&
         divert_fences_open (parts->fences, no_fence, NULL, error);
}

static gboolean
take_away (GError **error)
{
  g_autoptr(DivertBackend) backend = divert_choice_new ();
  g_autoptr(DivertRoutes) routes = divert_routes_new (error);
  g_autoptr(DivertFences) fences = routes != NULL ? divert_fences_new (error) : NULL;
  g_autoptr(DivertGuard) guard = divert_guard_new (DIVERT_GRANT_LIFETIME_MS);
  g_autoptr(DivertWire) wire = divert_wire_new ();
  Parts parts = { backend, guard, wire, routes, fences };

  return fences != NULL && divert_insist (attempt, &parts, error);
}

/* Removes what helpers have kept: no mode may wait for the next installation. */
static void
remove_files (void)
{
  static const char *const files[] = { DIVERT_STATE_DIR "/mode", DIVERT_RUN_DIR "/mode", DIVERT_RUN_DIR "/modules" };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    g_unlink (files[i]);
  g_rmdir (DIVERT_STATE_DIR);
  divert_sole_remove (DIVERT_RUN_DIR);
  g_rmdir (DIVERT_RUN_DIR);
}

int
divert_remove (void)
{
  g_autoptr(GError) error = NULL;

  if (!end_helper (&error))
    {
      g_critical ("%s", error->message);
      return EXIT_FAILURE;
    }
  if (!take_away (&error))
    {
      g_critical ("cannot remove the rules: %s", error->message);
      return EXIT_FAILURE;
    }
  remove_files ();
  return EXIT_SUCCESS;
}
