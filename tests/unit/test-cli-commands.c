/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command against a scripted helper on a private bus. It checks what each command line sends, and which exit code
 * each answer gives. The interface is the XML that the real helper serves, so a call that doesn't match it fails here.
 */
#include "../backend/needs.h"
#include "divert-config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <gio/gio.h>
#include <glib/gstdio.h>

#define BUS_NAME "org.nmdivert.Helper1"
#define BUS_PATH "/org/nmdivert/Helper1"
#define HELPER_ERROR "org.nmdivert.Helper1.Error."
#define DBUS_ERROR "org.freedesktop.DBus.Error."

typedef struct
{
  const char *command;  /* after "nm-divert", as a shell would split it */
  const char *error;    /* D-Bus error that the helper answers with; NULL: the canned answer */
  int         code;     /* expected exit code */
  const char *calls;    /* expected calls, "Method(arguments);" each */
  const char *output;   /* expected on standard output and standard error together; NULL: anything */
} Case;

#define STATUS "Status();"
#define DOCTOR "Doctor();"

static const Case cases[] = {
  { "status", NULL, 0, STATUS DOCTOR, "Place       away" },
  { "status", NULL, 0, STATUS DOCTOR, "In the way\n  a rule gives packets our mark" },
  { "status --json", NULL, 0, STATUS, "\"mode\" : \"auto\"" },
  { "status --json extra", NULL, 2, "", "unexpected argument: 'extra'" },
  { "status --bogus", NULL, 2, "", "--bogus" },
  { "status", HELPER_ERROR "Failed", 1, STATUS, "nm-divert: as scripted" },
  { "status", HELPER_ERROR "Busy", 1, STATUS, NULL },
  { "status", DBUS_ERROR "AccessDenied", 3, STATUS, "not authorised" },
  /* What changes nothing is asked once more. */
  { "status", DBUS_ERROR "NoReply", 4, STATUS STATUS, "cannot be reached" },
  { "status", DBUS_ERROR "ServiceUnknown", 4, STATUS, NULL },
  { "status", DBUS_ERROR "Spawn.ChildExited", 4, STATUS, NULL },
  { "status", DBUS_ERROR "Spawn.ExecFailed", 4, STATUS, NULL },
  { "status", DBUS_ERROR "UnknownMethod", 1, STATUS, NULL },

  { "doctor", NULL, 0, DOCTOR, "Warning: a rule gives packets our mark" },
  { "doctor --json", NULL, 0, DOCTOR, "\"kind\" : \"our-mark\"" },
  { "doctor extra", NULL, 2, "", "unexpected argument: 'extra'" },
  { "doctor", DBUS_ERROR "LimitsExceeded", 1, DOCTOR, "nm-divert: " },
  { "doctor", DBUS_ERROR "NoReply", 4, DOCTOR DOCTOR, "cannot be reached" },

  { "switch away", NULL, 0, "Switch('away', uint64 0, false);" STATUS, "Mode        automatic" },
  { "switch home --until-network-change", NULL, 0, "Switch('home', uint64 0, true);" STATUS, NULL },
  { "switch off", HELPER_ERROR "NotAuthorized", 3, "Switch('off', uint64 0, false);", "nm-divert: not authorised\n" },
  { "switch off", DBUS_ERROR "NoReply", 4, "Switch('off', uint64 0, false);", "cannot be reached" },
  { "switch nowhere", HELPER_ERROR "UnknownSite", 1, "Switch('nowhere', uint64 0, false);", "no such site: 'nowhere'" },
  { "switch", NULL, 2, "", "missing argument" },
  { "switch ''", NULL, 2, "", "neither auto, away, off nor a site's name: ''" },
  { "switch 'a\nb'", NULL, 2, "", "'a\\nb'" },
  { "switch 'a b'", NULL, 2, "", NULL },
  { "switch \377\376", NULL, 2, "", "not UTF-8" },
  { "switch 0123456789012345678901234567890123456789012345678901234567890123456789", NULL, 2, "", NULL },
  { "switch away --for 0", NULL, 2, "", "not a duration" },
  { "switch away --for -5", NULL, 2, "", "not a duration" },
  { "switch away --for 2y", NULL, 2, "", "'2y'" },
  { "switch away --for 99999999999999999999h", NULL, 2, "", NULL },
  { "switch away --for ''", NULL, 2, "", NULL },
  { "switch auto --for 2h", NULL, 2, "", "auto has no end" },
  { "switch auto --until-network-change", NULL, 2, "", "auto has no end" },
  { "switch away home", NULL, 2, "", "unexpected argument: 'home'" },

  { "explain 192.168.22.2:445", NULL, 0, "Explain('192.168.22.2', uint32 445, 'tcp');", "direct, by wlan0" },
  { "explain [fd00:22::2]:53/udp --as away", NULL, 0, "ExplainAs('away', 'fd00:22::2', uint32 53, 'udp');", NULL },
  { "explain fd00:22::2/icmp --json", NULL, 0, "Explain('fd00:22::2', uint32 0, 'icmp');", "\"path\" : \"direct\"" },
  { "explain 1.1.1.1:443 --flow 10.0.0.2:40000", NULL, 0,
    "ExplainFlow('10.0.0.2', uint32 40000, '1.1.1.1', uint32 443, 'tcp');", "Its path    direct" },
  { "explain [fd00::1]:53/udp --flow [fd00::2]:5353 --json", NULL, 0,
    "ExplainFlow('fd00::2', uint32 5353, 'fd00::1', uint32 53, 'udp');", "\"mark\" : 23" },
  { "explain 1.1.1.1:443 --flow 10.0.0.2:40000", HELPER_ERROR "NotAuthorized", 3,
    "ExplainFlow('10.0.0.2', uint32 40000, '1.1.1.1', uint32 443, 'tcp');", "not authorised" },
  { "explain 1.1.1.1:443 --flow 10.0.0.2", NULL, 2, "", "a port on either side" },
  { "explain 1.1.1.1 --flow 10.0.0.2:40000", NULL, 2, "", "a port on either side" },
  { "explain 1.1.1.1:443 --flow [fd00::2]:40000", NULL, 2, "", "the same kind" },
  { "explain 1.1.1.1:443/icmp --flow 10.0.0.2:40000", NULL, 2, "", "tcp or udp" },
  { "explain 1.1.1.1:443 --flow nas.local", NULL, 2, "", "'nas.local'" },
  { "explain 1.1.1.1:443 --flow 10.0.0.2:40000 --as away", NULL, 2, "", "exclude each other" },
  { "explain 192.168.22.2:445 --from docker0", NULL, 0,
    "ExplainFrom('docker0', '', '192.168.22.2', uint32 445, 'tcp');", "docker0, 172.17.0.2" },
  { "explain 192.168.22.2/udp --from 172.17.0.2 --as away", NULL, 0,
    "ExplainFrom('172.17.0.2', 'away', '192.168.22.2', uint32 0, 'udp');", NULL },
  { "explain 1.1.1.1:443 --flow 10.0.0.2:40000 --from docker0", NULL, 2, "", "exclude each other" },
  { "explain nas.local", NULL, 2, "", "'nas.local'" },
  { "explain 1.1.1.1:0", NULL, 2, "", NULL },
  { "explain 1.1.1.1:70000", NULL, 2, "", NULL },
  { "explain 1.1.1.1/sctp", NULL, 2, "", NULL },
  { "explain 1.1.1.1 --as 'a b'", NULL, 2, "", "neither away, off nor" },
  { "explain 1.1.1.1 --as nowhere", HELPER_ERROR "UnknownSite", 1, "ExplainAs('nowhere', '1.1.1.1', uint32 0, 'tcp');",
    NULL },

  { "plan", NULL, 0, "Plan('');", "*mangle\n-A?x" },
  { "plan --as home", NULL, 0, "Plan('home');", NULL },
  { "plan --backend nftables", NULL, 0, "PlanFor('', 'nftables');", "table inet nm-divert" },
  { "plan --as away --backend x", HELPER_ERROR "InvalidArgument", 1, "PlanFor('away', 'x');", NULL },
  { "reload", NULL, 0, "Reload();", NULL },
  { "reload", HELPER_ERROR "Config", 1, "Reload();", "as scripted" },
  { "reload", HELPER_ERROR "NotAuthorized", 3, "Reload();", NULL },

  { "trust --yes", NULL, 0, "Preview('home', '');TrustShown('home', 'b2f0e3f2-0000-4000-8000-000000000001', 'd1');",
    "'home' is a site now" },
  { "trust office --yes --connection B2F0E3F2-0000-4000-8000-000000000001", NULL, 0,
    "Preview('office', 'b2f0e3f2-0000-4000-8000-000000000001');"
    "TrustShown('office', 'b2f0e3f2-0000-4000-8000-000000000001', 'd1');",
    "192.168.22.0/24" },
  { "trust --yes --internet-direct --dns-direct", NULL, 0,
    "PreviewDirect('home', '', ['internet', 'dns']);"
    "TrustShown('home', 'b2f0e3f2-0000-4000-8000-000000000001', 'd1');",
    "'home' is a site now" },
  { "trust --yes --dns-direct", NULL, 0,
    "PreviewDirect('home', '', ['dns']);TrustShown('home', 'b2f0e3f2-0000-4000-8000-000000000001', 'd1');", NULL },
  { "trust", NULL, 2, "", "say --yes" },
  { "trust away --yes", NULL, 2, "", "not a site's name: 'away'" },
  { "trust --yes", HELPER_ERROR "Failed", 1, "Preview('home', '');", "--connection" },
  { "trust --yes --connection Home", NULL, 1, "", NULL }, /* no NetworkManager on this bus */
  { "forget home", NULL, 0, "Forget('home', '');", NULL },
  { "forget home --connection b2f0e3f2-0000-4000-8000-000000000001", NULL, 0,
    "Forget('home', 'b2f0e3f2-0000-4000-8000-000000000001');", NULL },
  { "forget home", HELPER_ERROR "UnknownSite", 1, "Forget('home', '');", "no such site: 'home'" },
  { "forget", NULL, 2, "", "missing argument: SITE" },

  { "complete sites", NULL, 0, STATUS, "home\n" },
  { "complete nonsense", NULL, 2, "", NULL },
  { "refresh", NULL, 2, "", "unknown command: 'refresh'" },
  { "'\033[2J'", NULL, 2, "", "'\\x1b[2J'" },
  { "", NULL, 2, "", "missing command" },
  { "--version", NULL, 0, "", "nm-divert " DIVERT_VERSION },
  { "--help", NULL, 0, "", "check-config" },
  { "switch --help", NULL, 0, "", "--until-network-change" },
};

typedef struct
{
  GTestDBus       *dbus;
  GDBusConnection *bus;
  GDBusNodeInfo   *node;
  GString         *calls;
  const char      *error;
  guint            previews;  /* number of previews answered so far; each shows another network */
  guint            gone;      /* this many calls find a helper that ends */
  guint            changed;   /* this many calls of TrustShown() come too late */
  GMainLoop       *loop;
  int              code;
  char            *output;
} Fixture;

static GVariant *
canned_answer (Fixture    *fixture,
               const char *method)
{
  static const struct
  {
    const char *method;
    const char *answer;
  } answers[] = {
    { "Status",
      "({'mode': <'auto'>, 'place': <'away'>, 'reason-code': <'no-candidate'>, 'sites': <[{'name': <'home'>}]>},)" },
    { "Doctor", "({'findings': <[{'kind': <'our-mark'>, 'gravity': <'warning'>}]>},)" },
    { "Explain", "({'path': <'direct'>, 'device': <'wlan0'>, 'place': <'home'>},)" },
    { "ExplainAs", "({'path': <'direct'>, 'place': <'away'>},)" },
    { "ExplainFlow", "({'path': <'divert'>, 'place': <'away'>, 'flow': <{'path': <'direct'>, 'tracked': <true>, "
                     "'mark': <uint32 23>, 'same': <false>}>},)" },
    { "ExplainFrom", "({'path': <'block'>, 'from-device': <'docker0'>, 'from-address': <'172.17.0.2'>},)" },
    { "Plan", "('*mangle\\n-A\\u001bx\\n',)" },
    { "PlanFor", "('table inet nm-divert {\\n',)" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    if (g_str_equal (answers[i].method, method))
      return g_variant_new_parsed (answers[i].answer);
  if (!g_str_has_prefix (method, "Preview"))
    return NULL;
  fixture->previews++;
  return g_variant_new_parsed ("({'uuid': <'b2f0e3f2-0000-4000-8000-000000000001'>, 'intranet': <[%s]>, "
                               "'digest': <%s>},)",
                               fixture->previews == 1 ? "192.168.22.0/24" : "10.66.0.0/24",
                               fixture->previews == 1 ? "d1" : "d2");
}

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
  Fixture *fixture = user_data;
  g_autofree char *arguments = g_variant_print (parameters, TRUE);

  /* A tuple with one element is printed as "('x',)". */
  if (g_str_has_suffix (arguments, ",)"))
    strcpy (arguments + strlen (arguments) - 2, ")");
  g_string_append_printf (fixture->calls, "%s%s;", method, arguments);
  if (g_str_equal (method, "TrustShown") && fixture->changed > 0)
    {
      fixture->changed--;
      g_dbus_method_invocation_return_dbus_error (invocation, HELPER_ERROR "Changed", "as scripted");
    }
  else if (fixture->gone > 0)
    {
      fixture->gone--;
      g_dbus_method_invocation_return_dbus_error (invocation, DBUS_ERROR "NoReply", "as scripted");
    }
  else if (fixture->error)
    g_dbus_method_invocation_return_dbus_error (invocation, fixture->error, "as scripted");
  else
    g_dbus_method_invocation_return_value (invocation, canned_answer (fixture, method));
}

static void
on_name (GDBusConnection *bus,
         const char      *name,
         gpointer         user_data)
{
  g_main_loop_quit (((Fixture *) user_data)->loop);
}

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  data)
{
  static const GDBusInterfaceVTable vtable = { on_call, NULL, NULL, { NULL } };
  g_autoptr(GError) error = NULL;
  g_autofree char *xml = NULL;

  g_file_get_contents (g_getenv ("HELPER_XML"), &xml, NULL, &error);
  g_assert_no_error (error);
  fixture->node = g_dbus_node_info_new_for_xml (xml, &error);
  g_assert_no_error (error);

  fixture->dbus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (fixture->dbus);
  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", g_test_dbus_get_bus_address (fixture->dbus), TRUE);
  fixture->bus = g_dbus_connection_new_for_address_sync (
    g_test_dbus_get_bus_address (fixture->dbus),
    G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION, NULL, NULL, &error);
  g_assert_no_error (error);
  g_dbus_connection_register_object (fixture->bus, BUS_PATH,
                                     g_dbus_node_info_lookup_interface (fixture->node, BUS_NAME),
                                     &vtable, fixture, NULL, &error);
  g_assert_no_error (error);

  fixture->loop = g_main_loop_new (NULL, FALSE);
  g_bus_own_name_on_connection (fixture->bus, BUS_NAME, G_BUS_NAME_OWNER_FLAGS_NONE, on_name, NULL, fixture, NULL);
  g_main_loop_run (fixture->loop);
  fixture->calls = g_string_new (NULL);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  data)
{
  g_dbus_connection_close_sync (fixture->bus, NULL, NULL);
  g_object_unref (fixture->bus);
  g_dbus_node_info_unref (fixture->node);
  g_test_dbus_down (fixture->dbus);
  g_object_unref (fixture->dbus);
  g_main_loop_unref (fixture->loop);
  g_string_free (fixture->calls, TRUE);
  g_free (fixture->output);
}

static void
on_output (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  Fixture *fixture = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) bytes = NULL;

  g_subprocess_communicate_finish (G_SUBPROCESS (object), result, &bytes, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_if_exited (G_SUBPROCESS (object)));
  fixture->code = g_subprocess_get_exit_status (G_SUBPROCESS (object));
  fixture->output = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_main_loop_quit (fixture->loop);
}

static void
run (Fixture    *fixture,
     const char *command)
{
  g_autofree char *line = g_strdup_printf ("%s %s", g_getenv ("NM_DIVERT"), command);
  g_autoptr(GSubprocess) process = NULL;
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) arguments = NULL;

  g_string_truncate (fixture->calls, 0);
  fixture->previews = 0;
  g_clear_pointer (&fixture->output, g_free);
  g_shell_parse_argv (line, NULL, &arguments, &error);
  g_assert_no_error (error);
  process = g_subprocess_newv ((const char *const *) arguments,
                               G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                                 G_SUBPROCESS_FLAGS_STDERR_MERGE,
                               &error);
  g_assert_no_error (error);
  g_subprocess_communicate_async (process, NULL, NULL, on_output, fixture);
  g_main_loop_run (fixture->loop);
}

static void
test_cases (Fixture       *fixture,
            gconstpointer  data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *shown = g_strescape (cases[i].command, NULL);

      g_test_message ("nm-divert %s", shown);
      fixture->error = cases[i].error;
      run (fixture, cases[i].command);
      if (fixture->code != cases[i].code || (cases[i].output && !strstr (fixture->output, cases[i].output)))
        g_error ("nm-divert %s: exit code %d instead of %d, or the output is wrong:\n%s", cases[i].command,
                 fixture->code, cases[i].code, fixture->output);
      g_assert_cmpstr (fixture->calls->str, ==, cases[i].calls);
    }
}

static const char nm_xml[] =
  "<node><interface name='org.freedesktop.NetworkManager.Settings'>"
  "<method name='ListConnections'><arg type='ao' direction='out'/></method></interface>"
  "<interface name='org.freedesktop.NetworkManager.Settings.Connection'>"
  "<method name='GetSettings'><arg type='a{sa{sv}}' direction='out'/></method></interface></node>";

#define NM_NAME "org.freedesktop.NetworkManager"
#define NM_SETTINGS "/org/freedesktop/NetworkManager/Settings"

/* Profiles 1 and 2, one whose name must not reach a terminal, and one that this user may not see. */
static void
on_nm_call (GDBusConnection       *bus,
            const char            *sender,
            const char            *path,
            const char            *interface,
            const char            *method,
            GVariant              *parameters,
            GDBusMethodInvocation *invocation,
            gpointer               user_data)
{
  static const char *const names[] = { "Home Wi-Fi", "caf\u00e9", "e\033[31mvil" };
  guint64 number = g_ascii_strtoull (strrchr (path, '/') + 1, NULL, 10);

  if (g_str_equal (method, "ListConnections"))
    g_dbus_method_invocation_return_value (invocation, g_variant_new_parsed (
      "([objectpath '" NM_SETTINGS "/1', '" NM_SETTINGS "/2', '" NM_SETTINGS "/3', '" NM_SETTINGS "/4'],)"));
  else if (number > G_N_ELEMENTS (names))
    g_dbus_method_invocation_return_dbus_error (invocation, NM_NAME ".Settings.PermissionDenied", "no");
  else
    g_dbus_method_invocation_return_value (invocation, g_variant_new_parsed (
      "({'connection': {'id': <%s>, 'uuid': <'u'>}},)", names[number - 1]));
}

static void
test_complete_connections (Fixture       *fixture,
                           gconstpointer  data)
{
  static const GDBusInterfaceVTable vtable = { on_nm_call, NULL, NULL, { NULL } };
  g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (nm_xml, NULL);

  /* If nobody is there, it prints nothing. */
  run (fixture, "complete connections");
  g_assert_cmpint (fixture->code, ==, 0);
  g_assert_cmpstr (fixture->output, ==, NULL);

  g_dbus_connection_register_object (fixture->bus, NM_SETTINGS, node->interfaces[0], &vtable, NULL, NULL, NULL);
  for (guint i = 1; i <= 4; i++)
    {
      g_autofree char *path = g_strdup_printf (NM_SETTINGS "/%u", i);

      g_dbus_connection_register_object (fixture->bus, path, node->interfaces[1], &vtable, NULL, NULL, NULL);
    }
  g_bus_own_name_on_connection (fixture->bus, NM_NAME, G_BUS_NAME_OWNER_FLAGS_NONE, on_name, NULL, fixture, NULL);
  g_main_loop_run (fixture->loop);
  run (fixture, "complete connections");
  g_assert_cmpint (fixture->code, ==, 0);
  g_assert_cmpstr (fixture->output, ==, "Home Wi-Fi\ncaf\u00e9\n");
}

static void
test_check_config (Fixture       *fixture,
                   gconstpointer  data)
{
  static const struct
  {
    const char *text;
    int         code;
    const char *output;
  } files[] = {
    { "[proxy]\ngroup=23333\n[site home]\nzone=home\nintranet=192.168.22.0/24\n", 0,
      "No mistake found; 1 site.\nSite 'home' asks for neither gateway-mac nor beacon" },
    { "[proxy]\ngroup=23333\n[site home]\nzone=home\nintranet=192.168.22.0/24\ngateway-mac=02:00:00:00:22:01\n", 0,
      "No mistake found; 1 site.\n" },
    { "", 0, "No mistake found; 0 sites.\n"
             "Nothing is diverted yet: there is neither a group nor a unit under [proxy].\n" },
    { "[proxy]\ngruop=clash\n", 1, ":2: " },
    { "[proxy]\ngroup=no-such-group\n", 1, "no-such-group" },
  };
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "nm-divert-test-XXXXXX", NULL);
  g_autofree char *command = NULL;

  close (g_mkstemp (path));
  command = g_strdup_printf ("check-config %s", path);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_assert_true (g_file_set_contents (path, files[i].text, -1, NULL));
      run (fixture, command);
      g_assert_cmpint (fixture->code, ==, files[i].code);
      g_assert_nonnull (strstr (fixture->output, files[i].output));
    }
  g_unlink (path);
  run (fixture, command);
  g_assert_cmpint (fixture->code, ==, 1);
}

/* The helper is restarted while it is asked. */
static void
test_restarted (Fixture       *fixture,
                gconstpointer  data)
{
  fixture->gone = 1;
  run (fixture, "explain 192.168.22.2:445");
  g_assert_cmpint (fixture->code, ==, 0);
  g_assert_cmpstr (fixture->calls->str, ==,
                   "Explain('192.168.22.2', uint32 445, 'tcp');Explain('192.168.22.2', uint32 445, 'tcp');");
  g_assert_null (strstr (fixture->output, "cannot be reached"));
}

/* The network changes after the preview. The new one is shown, and it is the one that is trusted. */
static void
test_changed (Fixture       *fixture,
              gconstpointer  data)
{
#define TRUST(digest) "Preview('home', '');TrustShown('home', 'b2f0e3f2-0000-4000-8000-000000000001', '" digest "');"
  fixture->changed = 1;
  run (fixture, "trust --yes");
  g_assert_cmpint (fixture->code, ==, 0);
  g_assert_cmpstr (fixture->calls->str, ==, TRUST ("d1") TRUST ("d2"));
  g_assert_nonnull (strstr (fixture->output, "has changed since it was shown\n"));
  g_assert_nonnull (strstr (fixture->output, "10.66.0.0/24"));

  fixture->changed = 100;
  run (fixture, "trust --yes");
  g_assert_cmpint (fixture->code, ==, 1);
  g_assert_cmpstr (fixture->calls->str, ==, TRUST ("d1") TRUST ("d2") TRUST ("d2"));
  g_assert_null (strstr (fixture->output, "is a site now"));
#undef TRUST
}

/* --for becomes a point in time, by the current clock. */
static void
test_expiry (Fixture       *fixture,
             gconstpointer  data)
{
  gint64 before = g_get_real_time () / G_USEC_PER_SEC;
  gint64 expires;

  run (fixture, "switch away --for 1h30m");
  g_assert_cmpint (fixture->code, ==, 0);
  g_assert_cmpint (sscanf (fixture->calls->str, "Switch('away', uint64 %" G_GINT64_FORMAT ", false);", &expires),
                   ==, 1);
  g_assert_cmpint (expires, >=, before + 5400);
  g_assert_cmpint (expires, <=, before + 5460);
}

static void
on_line (GObject      *object,
         GAsyncResult *result,
         gpointer      user_data)
{
  Fixture *fixture = user_data;

  g_free (fixture->output);
  fixture->output = g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (object), result, NULL, NULL);
  g_main_loop_quit (fixture->loop);
}

/* One object per line, one line for a burst of changes, and an end when the bus is gone. */
static void
test_watch (Fixture       *fixture,
            gconstpointer  data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GSubprocess) process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, g_getenv ("NM_DIVERT"),
                                                     "status", "--watch", "--json", NULL);
  g_autoptr(GDataInputStream) lines = NULL;

  g_assert_no_error (error);
  lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (process));
  for (guint round = 0; round < 3; round++)
    {
      for (guint i = 0; round > 0 && i < 10; i++)
        g_dbus_connection_emit_signal (fixture->bus, NULL, BUS_PATH, "org.freedesktop.DBus.Properties",
                                       "PropertiesChanged",
                                       g_variant_new_parsed ("(%s, @a{sv} {}, @as [])", BUS_NAME), NULL);
      g_data_input_stream_read_line_async (lines, G_PRIORITY_DEFAULT, NULL, on_line, fixture);
      g_main_loop_run (fixture->loop);
      g_assert_nonnull (strstr (fixture->output, "\"place\":\"away\""));
    }
  g_assert_cmpstr (fixture->calls->str, ==, "Status();Status();Status();");

  g_test_dbus_stop (fixture->dbus);
  g_assert_true (g_subprocess_wait (process, NULL, NULL));
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 4);
}

static void
test_no_bus (Fixture       *fixture,
             gconstpointer  data)
{
  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
  run (fixture, "status");
  g_assert_cmpint (fixture->code, ==, 4);
  run (fixture, "switch away");
  g_assert_cmpint (fixture->code, ==, 4);
}

int
main (int    argc,
      char **argv)
{
  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  g_unsetenv ("LANGUAGE");
  test_needs ("dbus-daemon", NULL);
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/cli/commands/cases", Fixture, NULL, fixture_set_up, test_cases, fixture_tear_down);
  g_test_add ("/cli/commands/complete-connections", Fixture, NULL, fixture_set_up, test_complete_connections,
              fixture_tear_down);
  g_test_add ("/cli/commands/restarted", Fixture, NULL, fixture_set_up, test_restarted, fixture_tear_down);
  g_test_add ("/cli/commands/check-config", Fixture, NULL, fixture_set_up, test_check_config, fixture_tear_down);
  g_test_add ("/cli/commands/changed", Fixture, NULL, fixture_set_up, test_changed, fixture_tear_down);
  g_test_add ("/cli/commands/expiry", Fixture, NULL, fixture_set_up, test_expiry, fixture_tear_down);
  g_test_add ("/cli/commands/watch", Fixture, NULL, fixture_set_up, test_watch, fixture_tear_down);
  g_test_add ("/cli/commands/no-bus", Fixture, NULL, fixture_set_up, test_no_bus, fixture_tear_down);
  return g_test_run ();
}
