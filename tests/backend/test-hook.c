/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dispatcher's hook and the bus policy: what reaches the helper, from whom, and how the hook ends if the helper or
 * the bus doesn't answer.  The test plays the helper.
 */
#include <glib/gstdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "private-system.h"

#define NAME "org.nmdivert.Helper1"
#define PATH "/org/nmdivert/Helper1"
#define GAVE_UP "nm-divert-hook: no answer in time\n" /* its lifetime was over before anything else ended it */

static const char xml[] =
  "<node><interface name='" NAME "'><method name='Refresh'><arg type='s' direction='in'/></method>"
  "<method name='Reload'/><property name='Place' type='s' access='readwrite'/></interface></node>";

static struct
{
  char    *hook;
  char    *hasty_hook; /* 0.2 s for the helper's answer, 1 s for everything */
  char    *event;
  guint    calls;
  gboolean silent;
  char    *refusal;    /* NULL: nothing is refused */
} self;

static void
on_call (GDBusConnection       *bus,
         const char            *sender,
         const char            *path,
         const char            *interface,
         const char            *method,
         GVariant              *parameters,
         GDBusMethodInvocation *invocation,
         gpointer               user_data)
{
  self.calls++;
  if (g_str_equal (method, "Refresh"))
    {
      g_free (self.event);
      g_variant_get (parameters, "(s)", &self.event);
    }
  if (self.refusal != NULL)
    g_dbus_method_invocation_return_dbus_error (invocation, NAME ".Error.Failed", self.refusal);
  else if (!self.silent)
    g_dbus_method_invocation_return_value (invocation, NULL);
}

static GVariant *
on_get (GDBusConnection *bus,
        const char      *sender,
        const char      *path,
        const char      *interface,
        const char      *property,
        GError         **error,
        gpointer         user_data)
{
  return g_variant_new_string ("away");
}

static gboolean
on_set (GDBusConnection *bus,
        const char      *sender,
        const char      *path,
        const char      *interface,
        const char      *property,
        GVariant        *value,
        GError         **error,
        gpointer         user_data)
{
  self.calls++;
  return TRUE;
}

static void
play_helper (void)
{
  static const GDBusInterfaceVTable vtable = { on_call, on_get, on_set, { 0 } };
  GDBusConnection *bus = private_system_connect ();

  private_system_export (bus, xml, NAME, PATH, &vtable, NULL);
  private_system_own_name (bus, NAME);
}

/* The hook's exit status is always 0. */
static void
run_hook (const char *interface,
          const char *action)
{
  self.calls = 0;
  g_clear_pointer (&self.event, g_free);
  g_assert_cmpint (private_system_run (self.hook, interface, action, NULL), ==, 0);
}

/* How @hook ends by itself, with the message that it prints. */
static char *
run_until_end (const char *hook)
{
  char *said = NULL;

  self.calls = 0;
  g_assert_cmpint (private_system_run ("sh", "-c", "exec \"$0\" wlan0 pre-up 2>/run/hook.log", hook, NULL), ==, 0);
  g_assert_true (g_file_get_contents ("/run/hook.log", &said, NULL, NULL));
  return said;
}

static void
test_actions (void)
{
  static const char *const known[] = {
    "pre-up", "up", "pre-down", "down", "vpn-pre-up", "vpn-up", "vpn-pre-down", "vpn-down", "hostname", "dhcp4-change",
    "dhcp6-change", "connectivity-change", "reapply", "dns-change", "device-add", "device-delete",
  };
  static const char *const unknown[] = { "", "manual", "up ", "UP", "up\n", "$(reboot)", "`id`", "up;id", "../up" };
  g_autofree char *large = g_strnfill (100000, 'A');

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    {
      run_hook ("wlan0", known[i]);
      g_assert_cmpuint (self.calls, ==, 1);
      g_assert_cmpstr (self.event, ==, known[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (unknown); i++)
    {
      run_hook ("wlan0", unknown[i]);
      g_assert_cmpuint (self.calls, ==, 0);
    }
  run_hook ("wlan0", large);
  g_assert_cmpuint (self.calls, ==, 0);
  run_hook (large, "up");
  g_assert_cmpuint (self.calls, ==, 1);
  g_assert_cmpint (private_system_run (self.hook, NULL), ==, 0);
  g_assert_cmpint (private_system_run (self.hook, "wlan0", NULL), ==, 0);
}

/* Whatever the environment contains, the hook doesn't even look at it. */
static void
test_environment (void)
{
  static const char *const names[] = {
    "DBUS_STARTER_ADDRESS", "DBUS_STARTER_BUS_TYPE", "LANG", "LC_ALL", "LANGUAGE", "TZ", "PATH", "HOME", "GIO_USE_VFS",
    "GIO_EXTRA_MODULES", "GSETTINGS_BACKEND", "G_DBUS_DEBUG", "CONNECTION_ID", "DHCP4_DOMAIN_NAME",
  };
  g_autofree char *large = g_strnfill (120000, '\n');

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *variable = g_strconcat (names[i], "=$(touch /run/hacked)\n\x1b[31m", large, NULL);

      self.calls = 0;
      g_assert_cmpint (private_system_run ("/usr/bin/env", "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere", variable,
                                           self.hook, "wlan0", "up", NULL), ==, 0);
      g_assert_cmpuint (self.calls, ==, 1);
    }
  g_assert_false (g_file_test ("/run/hacked", G_FILE_TEST_EXISTS));
}

static gboolean
nobody_may (const char *method,
            const char *argument1,
            const char *argument2,
            const char *argument3)
{
  return private_system_run_as_nobody ("gdbus", "call", "--system", "-d", NAME, "-o", PATH, "-m", method, argument1,
                                       argument2, argument3, NULL) == 0;
}

/* A call without an interface.  Returns 1 if the bus refused it. */
static int
call_without_interface (void)
{
  GDBusConnection *bus = private_system_connect ();
  GDBusMessage *call = g_dbus_message_new_method_call (NAME, PATH, NULL, "Refresh");
  g_autoptr(GDBusMessage) answer = NULL;

  g_dbus_message_set_body (call, g_variant_new ("(s)", "up"));
  answer = g_dbus_connection_send_message_with_reply_sync (bus, call, G_DBUS_SEND_MESSAGE_FLAGS_NONE, 5000, NULL, NULL,
                                                           NULL);
  return answer != NULL &&
         g_strcmp0 (g_dbus_message_get_error_name (answer), "org.freedesktop.DBus.Error.AccessDenied") == 0;
}

static void
test_policy (void)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);

  self.calls = 0;
  g_assert_false (nobody_may (NAME ".Refresh", "up", NULL, NULL));
  g_assert_cmpint (private_system_run_as_nobody (program, "--without-interface", NULL), ==, 1);
  g_assert_false (nobody_may ("org.freedesktop.DBus.Properties.Set", NAME, "Place", "<'home'>"));
  g_assert_cmpuint (self.calls, ==, 0);

  g_assert_true (nobody_may ("org.freedesktop.DBus.Properties.Get", NAME, "Place", NULL));
  g_assert_true (nobody_may ("org.freedesktop.DBus.Properties.GetAll", NAME, NULL, NULL));
  g_assert_true (nobody_may ("org.freedesktop.DBus.Introspectable.Introspect", NULL, NULL, NULL));
  g_assert_true (nobody_may ("org.freedesktop.DBus.Peer.Ping", NULL, NULL, NULL));
  g_assert_true (nobody_may (NAME ".Reload", NULL, NULL, NULL));
  g_assert_cmpint (private_system_run_as_nobody ("gdbus", "call", "--system", "-d", "org.freedesktop.DBus", "-o", "/",
                                                 "-m", "org.freedesktop.DBus.RequestName", NAME, "0", NULL), !=, 0);
}

static gboolean
was_called (gpointer user_data)
{
  return self.calls > 0;
}

/* On a busy machine, its whole lifetime may be over sooner than the helper's time. */
static void
test_silent_helper (void)
{
  g_autofree char *said = NULL;
  guint tries = 0;

  self.silent = TRUE;
  do
    {
      g_assert_cmpuint (tries++, <, 10);
      g_free (said);
      said = run_until_end (self.hasty_hook);
    }
  while (g_str_equal (said, GAVE_UP));
  g_assert_true (private_system_wait (was_called, NULL, 10000));
  /* Those of tries before the last one may be late. */
  g_assert_cmpuint (self.calls, <=, tries);
  self.silent = FALSE;
}

/* Whatever the error says, it is one line of plain text, and not a long one. */
static void
test_refusal (void)
{
  static const char escaped[] = "pre-up: the rules were not looked at: \\033[2Jno\\012 \\134 caf\\303\\251 ";
  g_autofree char *flood = g_strnfill (100000, 'x'), *said = NULL;

  self.refusal = g_strconcat ("\x1b[2Jno\n \\ caf\xc3\xa9 ", flood, NULL);
  said = run_until_end (self.hook);
  g_clear_pointer (&self.refusal, g_free);
  g_assert_nonnull (strstr (said, escaped));
  g_assert_cmpuint (strlen (said), >, 1000);
  g_assert_cmpuint (strlen (said), <, 1200);
}

/* A bus that accepts the connection and says nothing, and no bus at all. */
static void
test_no_bus (void)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/run/dbus/system_bus_socket" };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_autofree char *mute = NULL, *none = NULL;

  g_unlink (address.sun_path);
  g_assert_cmpint (bind (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (listen (fd, 1), ==, 0);
  mute = run_until_end (self.hasty_hook);
  g_assert_cmpstr (mute, ==, GAVE_UP);
  close (fd);
  g_unlink (address.sun_path);
  none = run_until_end (self.hook);
  g_assert_cmpstr (none, !=, GAVE_UP);
}

int
main (int    argc,
      char **argv)
{
  if (g_strcmp0 (argv[1], "--without-interface") == 0)
    return call_without_interface ();

  test_needs_namespaces ();
  test_needs ("dbus-daemon", "gdbus", "setpriv", NULL);
  private_system_enter ();
  g_test_init (&argc, &argv, NULL);
  private_system_start_bus (NULL);
  play_helper ();
  self.hook = g_test_build_filename (G_TEST_BUILT, "dispatcher", "nm-divert-hook", NULL);
  self.hasty_hook = g_test_build_filename (G_TEST_BUILT, "tests", "backend", "nm-divert-hook-hasty", NULL);
  g_test_add_func ("/hook/actions", test_actions);
  g_test_add_func ("/hook/environment", test_environment);
  g_test_add_func ("/hook/policy", test_policy);
  g_test_add_func ("/hook/silent-helper", test_silent_helper);
  g_test_add_func ("/hook/refusal", test_refusal);
  g_test_add_func ("/hook/no-bus", test_no_bus);
  return g_test_run ();
}
