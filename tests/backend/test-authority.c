/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions of authority, with a polkit that the test plays. It can stay silent, like one that shows a password dialog.
 */
#include <signal.h>
#include <unistd.h>
#include <stdlib.h>
#include <string.h>

#include "bus/authority.h"
#include "private-system.h"

#define POLKIT_NAME "org.freedesktop.PolicyKit1"
#define SERVICE "/usr/share/dbus-1/system-services/" POLKIT_NAME ".service"
#define POLKIT_PATH "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"
#define NAME "org.nmdivert.Helper1"
#define HOUR_MS 3600000

static const char xml[] =
  "<node><interface name='" NAME "'><method name='Reload'/></interface>"
  "<interface name='" POLKIT_INTERFACE "'>"
  "<method name='CheckAuthorization'><arg type='(sa{sv})' direction='in'/><arg type='s' direction='in'/>"
  "<arg type='a{ss}' direction='in'/><arg type='u' direction='in'/><arg type='s' direction='in'/>"
  "<arg type='(bba{ss})' direction='out'/></method>"
  "<method name='CancelCheckAuthorization'><arg type='s' direction='in'/></method>"
  "</interface></node>";

typedef enum
{
  POLKIT_SAYS_YES,
  POLKIT_SAYS_NO,
  POLKIT_SAYS_CHALLENGE,
  POLKIT_SAYS_ERROR,
  POLKIT_SAYS_NOTHING,
} Polkit;

static struct
{
  DivertAuthority       *authority;
  const DivertDialog    *dialog;
  Polkit                 polkit;
  guint                  asked;
  guint                  cancelled;
  guint32                flags;
  char                  *subject;
  char                  *action;
  char                  *details; /* "key=value;" each, sorted */
  GDBusMethodInvocation *silent;  /* the last question that polkit doesn't answer */
  guint                  allowed;
  guint                  denied;
} self;

static void
use (GDBusConnection *bus,
     guint            timeout_ms)
{
  divert_authority_free (self.authority);
  self.authority = divert_authority_new (bus, timeout_ms, timeout_ms);
}

static void
on_authorised (gboolean allowed,
               gpointer user_data)
{
  GDBusMethodInvocation *invocation = user_data;

  if (allowed)
    {
      self.allowed++;
      g_dbus_method_invocation_return_value (invocation, NULL);
    }
  else
    {
      self.denied++;
      g_dbus_method_invocation_return_dbus_error (invocation, NAME ".Error.NotAuthorized", "no");
    }
}

static void
on_helper_call (GDBusConnection       *bus,
                const char            *sender,
                const char            *path,
                const char            *interface,
                const char            *method,
                GVariant              *parameters,
                GDBusMethodInvocation *invocation,
                gpointer               user_data)
{
  divert_authority_check (self.authority, invocation, "org.nmdivert.reload", self.dialog, on_authorised, invocation);
}

static int
compare_items (gconstpointer a,
               gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* A copy of a dictionary that was passed as a{ss}. */
static char *
read_details (GVariantIter *iter)
{
  g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func (g_free);
  const char *key, *value;

  while (g_variant_iter_next (iter, "{&s&s}", &key, &value))
    g_ptr_array_add (items, g_strdup_printf ("%s=%s;", key, value));
  g_ptr_array_sort (items, compare_items);
  g_ptr_array_add (items, NULL);
  return g_strjoinv ("", (char **) items->pdata);
}

static void
play_check (GVariant              *parameters,
            GDBusMethodInvocation *invocation)
{
  g_autoptr(GVariant) subject = NULL;
  g_autoptr(GVariantIter) details = NULL;

  self.asked++;
  g_free (self.action);
  g_free (self.subject);
  g_free (self.details);
  g_variant_get (parameters, "((s@a{sv})sa{ss}us)", &self.subject, &subject, &self.action, &details, &self.flags, NULL);
  self.details = read_details (details);
  switch (self.polkit)
    {
    case POLKIT_SAYS_YES:
    case POLKIT_SAYS_NO:
    case POLKIT_SAYS_CHALLENGE:
      g_dbus_method_invocation_return_value (invocation,
                                             g_variant_new ("((bba{ss}))", self.polkit == POLKIT_SAYS_YES,
                                                            self.polkit == POLKIT_SAYS_CHALLENGE, NULL));
      break;
    case POLKIT_SAYS_ERROR:
      g_dbus_method_invocation_return_dbus_error (invocation, "org.freedesktop.PolicyKit1.Error.Failed", "broken");
      break;
    case POLKIT_SAYS_NOTHING:
    default:
      self.silent = invocation;
      break;
    }
}

static void
on_polkit_call (GDBusConnection       *bus,
                const char            *sender,
                const char            *path,
                const char            *interface,
                const char            *method,
                GVariant              *parameters,
                GDBusMethodInvocation *invocation,
                gpointer               user_data)
{
  if (g_str_equal (method, "CheckAuthorization"))
    {
      play_check (parameters, invocation);
      return;
    }
  self.cancelled++;
  g_dbus_method_invocation_return_value (invocation, NULL);
}

static int
call (gboolean as_root,
      gboolean interactive)
{
  const char *option = interactive ? "--interactive" : "--timeout=20";

  self.asked = self.cancelled = self.allowed = self.denied = 0;
  if (as_root)
    return private_system_run ("gdbus", "call", "--system", option, "-d", NAME, "-o", "/org/nmdivert/Helper1", "-m",
                               NAME ".Reload", NULL);
  return private_system_run_as_nobody ("gdbus", "call", "--system", option, "-d", NAME, "-o", "/org/nmdivert/Helper1",
                                       "-m", NAME ".Reload", NULL);
}

static void
test_root (gconstpointer polkit)
{
  private_system_own_name ((GDBusConnection *) polkit, POLKIT_NAME);
  self.polkit = POLKIT_SAYS_NO;
  g_assert_cmpint (call (TRUE, FALSE), ==, 0);
  g_assert_cmpuint (self.asked, ==, 0);
  g_assert_cmpuint (self.allowed, ==, 1);
}

static void
test_answers (void)
{
  self.polkit = POLKIT_SAYS_YES;
  g_assert_cmpint (call (FALSE, FALSE), ==, 0);
  g_assert_cmpuint (self.asked, ==, 1);
  g_assert_cmpuint (self.allowed, ==, 1);
  g_assert_cmpstr (self.subject, ==, "system-bus-name");
  g_assert_cmpstr (self.action, ==, "org.nmdivert.reload");
  g_assert_cmpuint (self.flags, ==, 0);

  g_assert_cmpint (call (FALSE, TRUE), ==, 0);
  g_assert_cmpuint (self.flags, ==, 1);

  for (self.polkit = POLKIT_SAYS_NO; self.polkit < POLKIT_SAYS_NOTHING; self.polkit++)
    {
      g_assert_cmpint (call (FALSE, FALSE), ==, 1);
      g_assert_cmpuint (self.asked, ==, 1);
      g_assert_cmpuint (self.allowed, ==, 0);
      g_assert_cmpuint (self.denied, ==, 1);
    }
}

/* The names in the dialog are plain text, short, and contain no placeholders. */
static void
test_dialog (void)
{
  static const DivertDialog own = { NULL, "home", "Wi-Fi \x1b[2J\n$(site) <b>it's</b> & more" };
  static const DivertDialog other = { "Forget $(site)", "home", NULL };
  g_autofree char *longest = g_strnfill (1000, 'x'), *cut = g_strnfill (64, 'x');
  g_autofree char *expected = g_strconcat ("network=", cut, "…;site=home;", NULL);
  DivertDialog flood = { NULL, "home", longest };

  self.polkit = POLKIT_SAYS_YES;
  g_assert_cmpint (call (FALSE, FALSE), ==, 0);
  g_assert_cmpstr (self.details, ==, "");
  self.dialog = &own;
  g_assert_cmpint (call (FALSE, FALSE), ==, 0);
  g_assert_cmpstr (self.details, ==,
                   "network=Wi-Fi \\x1b[2J\\n\\x24(site) \\x3cb\\x3eit\\'s\\x3c/b\\x3e \\x26 more;site=home;");
  self.dialog = &other;
  g_assert_cmpint (call (FALSE, FALSE), ==, 0);
  g_assert_cmpstr (self.details, ==,
                   "network=;polkit.gettext_domain=nm-divert;polkit.message=Forget $(site);site=home;");
  self.dialog = &flood;
  g_assert_cmpint (call (FALSE, FALSE), ==, 0);
  g_assert_cmpstr (self.details, ==, expected);
  self.dialog = NULL;
}

static gboolean
was_asked (gpointer user_data)
{
  return self.asked >= GPOINTER_TO_UINT (user_data);
}

static gboolean
was_denied (gpointer user_data)
{
  return self.denied >= GPOINTER_TO_UINT (user_data);
}

static gboolean
was_cancelled (gpointer user_data)
{
  return self.cancelled >= GPOINTER_TO_UINT (user_data);
}

/* From now on polkit doesn't answer what "nobody" asks, which is this program with @option, or one call. */
static GPid
start_caller (const char *option)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  const char *argv[] = { "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", program, option, NULL };

  self.polkit = POLKIT_SAYS_NOTHING;
  self.asked = self.cancelled = self.allowed = self.denied = 0;
  return private_system_spawn (argv);
}

/* polkit says yes to a question that has already been answered with a no. */
static void
say_yes_too_late (void)
{
  g_dbus_method_invocation_return_value (self.silent, g_variant_new ("((bba{ss}))", TRUE, FALSE, NULL));
  for (guint i = 0; i < 20; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (self.allowed, ==, 0);
  g_assert_cmpuint (self.denied, ==, 1);
}

/* The caller vanishes while polkit asks for a password. Then a yes arrives. */
static void
test_vanished (void)
{
  GPid caller = start_caller ("--ask");

  g_assert_true (private_system_wait (was_asked, GUINT_TO_POINTER (1), 20000));
  kill (caller, SIGKILL);
  g_assert_true (private_system_wait (was_denied, GUINT_TO_POINTER (1), 20000));
  g_assert_true (private_system_wait (was_cancelled, GUINT_TO_POINTER (1), 20000));
  say_yes_too_late ();
}

/* One connection floods the helper. Four questions reach polkit, and the rest is refused at once. Another caller is
 * served meanwhile. */
static void
test_flood (void)
{
  GPid flooder = start_caller ("--flood");

  g_assert_true (private_system_wait (was_denied, GUINT_TO_POINTER (1000 - DIVERT_AUTHORITY_MAX_PER_CONNECTION),
                                      10000));
  g_assert_cmpuint (self.asked, <=, DIVERT_AUTHORITY_MAX_PER_CONNECTION);

  self.polkit = POLKIT_SAYS_YES;
  g_assert_cmpint (call (FALSE, FALSE), ==, 0);

  self.denied = 0;
  kill (flooder, SIGKILL);
  g_assert_true (private_system_wait (was_denied, GUINT_TO_POINTER (DIVERT_AUTHORITY_MAX_PER_CONNECTION), 20000));
  g_assert_true (private_system_wait (was_cancelled, GUINT_TO_POINTER (DIVERT_AUTHORITY_MAX_PER_CONNECTION), 20000));
}

/* Many connections of one user together get no more than one user's share. */
static void
test_flood_of_connections (void)
{
  GPid flooder = start_caller ("--flood-wide");

  g_assert_true (private_system_wait (was_denied, GUINT_TO_POINTER (40 - DIVERT_AUTHORITY_MAX_PER_USER), 10000));
  g_assert_cmpuint (self.asked, ==, DIVERT_AUTHORITY_MAX_PER_USER);
  g_assert_cmpint (call (TRUE, FALSE), ==, 0);
  kill (flooder, SIGKILL);
  g_assert_true (private_system_wait (was_denied, GUINT_TO_POINTER (DIVERT_AUTHORITY_MAX_PER_USER), 20000));
  g_assert_true (private_system_wait (was_cancelled, GUINT_TO_POINTER (DIVERT_AUTHORITY_MAX_PER_USER), 20000));
}

static void
test_no_polkit (GDBusConnection *polkit)
{
  /* Make sure that its answers arrive. */
  g_assert_true (g_dbus_connection_flush_sync (polkit, NULL, NULL));
  g_dbus_connection_close_sync (polkit, NULL, NULL);
  g_assert_cmpint (call (FALSE, FALSE), ==, 1);
  g_assert_cmpuint (self.denied, ==, 1);
  g_assert_cmpint (call (TRUE, FALSE), ==, 0);
}

static void
test_free_while_open (gconstpointer user_data)
{
  start_caller ("--ask");
  g_assert_true (private_system_wait (was_asked, GUINT_TO_POINTER (1), 20000));
  divert_authority_free (self.authority);
  g_assert_true (private_system_wait (was_denied, GUINT_TO_POINTER (1), 20000));
  g_assert_true (private_system_wait (was_cancelled, GUINT_TO_POINTER (1), 20000));
  self.authority = NULL;
  use ((GDBusConnection *) user_data, HOUR_MS);
}

/* A question that nobody answers, with or without a password dialog. */
static void
test_timeout (gconstpointer user_data)
{
  use ((GDBusConnection *) user_data, 50);
  self.polkit = POLKIT_SAYS_NOTHING;
  for (guint interactive = 0; interactive < 2; interactive++)
    {
      self.asked = self.cancelled = self.allowed = self.denied = 0;
      /* The caller hears of it while it still waits. */
      g_assert_cmpint (private_system_run_as_nobody ("sh", "-c", "gdbus call --system $0 -d " NAME " -m " NAME ".Reload"
                                                     " -o /org/nmdivert/Helper1 2>&1 | grep -q NotAuthorized",
                                                     interactive ? "--interactive" : "--timeout=20", NULL), ==, 0);
      g_assert_cmpuint (self.asked, ==, 1);
      g_assert_true (private_system_wait (was_cancelled, GUINT_TO_POINTER (1), 20000));
      say_yes_too_late ();
    }
  use ((GDBusConnection *) user_data, HOUR_MS);
}

/* The bus has begun to start polkit, which hangs.  The question doesn't get that far, but time is up all the same.
 * This comes first, because libpolkit connects only once. */
static void
test_starting (gconstpointer user_data)
{
  static const char service[] = "[D-BUS Service]\nName=" POLKIT_NAME "\nExec=/bin/sleep 1000\nUser=root\n";
  GDBusConnection *helper = (GDBusConnection *) user_data;

  g_assert_true (g_file_set_contents (SERVICE, service, -1, NULL));
  use (helper, 300);
  g_assert_cmpint (call (FALSE, FALSE), ==, 1);
  g_assert_cmpuint (self.allowed, ==, 0);
  g_assert_cmpuint (self.denied, ==, 1);
  use (helper, HOUR_MS);
  g_assert_cmpint (unlink (SERVICE), ==, 0);
}

/* The caller's side, as "nobody". */
static int
flood (guint connections,
       guint calls)
{
  for (guint i = 0; i < connections; i++)
    {
      GDBusConnection *bus = private_system_connect ();

      for (guint j = 0; j < calls; j++)
        g_dbus_connection_call (bus, NAME, "/org/nmdivert/Helper1", NAME, "Reload", NULL, NULL, G_DBUS_CALL_FLAGS_NONE,
                                -1, NULL, NULL, NULL);
    }
  g_main_loop_run (g_main_loop_new (NULL, FALSE));
  return 0;
}

int
main (int    argc,
      char **argv)
{
  static const GDBusInterfaceVTable polkit_vtable = { on_polkit_call, NULL, NULL, { 0 } };
  static const GDBusInterfaceVTable helper_vtable = { on_helper_call, NULL, NULL, { 0 } };
  g_autoptr(GDBusConnection) helper = NULL;
  g_autoptr(GDBusConnection) polkit = NULL;

  if (g_strcmp0 (argv[1], "--ask") == 0)
    return flood (1, 1);
  if (g_strcmp0 (argv[1], "--flood") == 0)
    return flood (1, 1000);
  if (g_strcmp0 (argv[1], "--flood-wide") == 0)
    return flood (40, 1);

  test_needs_namespaces ();
  test_needs ("dbus-daemon", "gdbus", "setpriv", "pkcheck", NULL);
  private_system_enter ();
  g_test_init (&argc, &argv, NULL);
  private_system_start_bus ("<policy user='root'><allow own='" POLKIT_NAME "'/></policy>");
  helper = private_system_connect ();
  polkit = private_system_connect ();
  private_system_export (polkit, xml, POLKIT_INTERFACE, POLKIT_PATH, &polkit_vtable, NULL);
  private_system_export (helper, xml, NAME, "/org/nmdivert/Helper1", &helper_vtable, NULL);
  private_system_own_name (helper, NAME);
  use (helper, HOUR_MS);

  g_test_add_data_func ("/authority/starting", helper, test_starting);
  g_test_add_data_func ("/authority/root", polkit, test_root);
  g_test_add_func ("/authority/answers", test_answers);
  g_test_add_func ("/authority/dialog", test_dialog);
  g_test_add_func ("/authority/vanished", test_vanished);
  g_test_add_func ("/authority/flood", test_flood);
  g_test_add_func ("/authority/flood-of-connections", test_flood_of_connections);
  g_test_add_data_func ("/authority/timeout", helper, test_timeout);
  g_test_add_data_func ("/authority/free-while-open", helper, test_free_while_open);
  g_test_add_data_func ("/authority/no-polkit", polkit, (GTestDataFunc) test_no_polkit);
  return g_test_run ();
}
