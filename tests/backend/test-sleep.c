/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sleep, with a logind that the test plays. */
#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <unistd.h>

#include "private-system.h"
#include "system/sources/sleep.h"

#define NAME "org.freedesktop.login1"
#define PATH "/org/freedesktop/login1"
#define INTERFACE "org.freedesktop.login1.Manager"

static const char xml[] =
  "<node><interface name='" INTERFACE "'><method name='Inhibit'><arg type='s' direction='in'/>"
  "<arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='s' direction='in'/>"
  "<arg type='h' direction='out'/></method>"
  "<signal name='PrepareForSleep'><arg type='b'/></signal></interface></node>";

static struct
{
  GDBusConnection *logind;
  DivertSleep     *sleep;
  guint            changes;
  guint            locks;
  int              held;  /* logind's end of the lock; its peer hangs up when we close it */
} self = { .held = -1 };

static void
on_inhibit (GDBusConnection       *bus,
            const char            *sender,
            const char            *path,
            const char            *interface,
            const char            *method,
            GVariant              *parameters,
            GDBusMethodInvocation *invocation,
            gpointer               user_data)
{
  g_autoptr(GUnixFDList) fds = g_unix_fd_list_new ();
  const char *what, *mode;
  int ends[2];

  g_variant_get (parameters, "(&s&s&s&s)", &what, NULL, NULL, &mode);
  g_assert_cmpstr (what, ==, "sleep");
  g_assert_cmpstr (mode, ==, "delay");
  g_assert_cmpint (pipe2 (ends, O_CLOEXEC | O_NONBLOCK), ==, 0);
  if (self.held >= 0)
    close (self.held);
  self.held = ends[0];
  g_unix_fd_list_append (fds, ends[1], NULL);
  close (ends[1]);
  self.locks++;
  g_dbus_method_invocation_return_value_with_unix_fd_list (invocation, g_variant_new ("(h)", 0), fds);
}

static void
on_changed (gpointer user_data)
{
  self.changes++;
}

static gboolean
has_lock (gpointer user_data)
{
  char byte;

  return self.locks >= GPOINTER_TO_UINT (user_data) && read (self.held, &byte, 1) < 0;
}

static gboolean
has_released (gpointer user_data)
{
  char byte;

  return read (self.held, &byte, 1) == 0;
}

static gboolean
has_changed (gpointer user_data)
{
  return self.changes >= GPOINTER_TO_UINT (user_data);
}

static void
emit (gboolean near)
{
  g_dbus_connection_emit_signal (self.logind, NULL, PATH, INTERFACE, "PrepareForSleep", g_variant_new ("(b)", near),
                                 NULL);
}

static void
play_logind (void)
{
  static const GDBusInterfaceVTable vtable = { on_inhibit, NULL, NULL, { 0 } };

  self.logind = private_system_connect ();
  private_system_export (self.logind, xml, INTERFACE, PATH, &vtable, NULL);
  private_system_own_name (self.logind, NAME);
}

static void
test_sleep (void)
{
  self.sleep = divert_sleep_new (on_changed, NULL);
  /* If nobody is there, nothing happens. */
  g_assert_false (private_system_wait (has_changed, GUINT_TO_POINTER (1), 200));
  g_assert_false (divert_sleep_is_near (self.sleep));

  play_logind ();
  g_assert_true (private_system_wait (has_lock, GUINT_TO_POINTER (1), 10000));
  for (guint i = 0; i < 3; i++)
    {
      emit (TRUE);
      g_assert_true (private_system_wait (has_changed, GUINT_TO_POINTER (2 * i + 1), 10000));
      g_assert_true (divert_sleep_is_near (self.sleep));
      g_assert_false (has_released (NULL));
      divert_sleep_allow (self.sleep);
      g_assert_true (has_released (NULL));
      emit (FALSE);
      g_assert_true (private_system_wait (has_changed, GUINT_TO_POINTER (2 * i + 2), 10000));
      g_assert_false (divert_sleep_is_near (self.sleep));
      g_assert_true (private_system_wait (has_lock, GUINT_TO_POINTER (i + 2), 10000));
    }

  /* Allowing sleep while awake keeps the lock. */
  divert_sleep_allow (self.sleep);
  g_assert_false (has_released (NULL));

  /* logind goes away while the machine sleeps. */
  emit (TRUE);
  g_assert_true (private_system_wait (has_changed, GUINT_TO_POINTER (7), 10000));
  g_dbus_connection_close_sync (self.logind, NULL, NULL);
  g_assert_true (private_system_wait (has_changed, GUINT_TO_POINTER (8), 10000));
  g_assert_false (divert_sleep_is_near (self.sleep));
  divert_sleep_free (self.sleep);
  g_object_unref (self.logind);
}

static void
test_free_at_once (void)
{
  divert_sleep_free (divert_sleep_new (on_changed, NULL));
  for (guint i = 0; i < 50; i++)
    g_main_context_iteration (NULL, FALSE);
}

int
main (int    argc,
      char **argv)
{
  test_needs_namespaces ();
  test_needs ("dbus-daemon", NULL);
  private_system_enter ();
  g_test_init (&argc, &argv, NULL);
  private_system_start_bus ("<policy user='root'><allow own='" NAME "'/></policy>");
  g_test_add_func ("/sleep/free-at-once", test_free_at_once);
  g_test_add_func ("/sleep/sleep", test_sleep);
  return g_test_run ();
}
