/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wi-Fi facts, from a NetworkManager that the test plays, with one radio and two access points. No machine that builds
 * this has a radio of its own. libnm reads the fake as it reads the real one.
 */
#include <string.h>

#include "private-system.h"
#include "system/sources/networkmanager.h"

#define NAME "org.freedesktop.NetworkManager"
#define ROOT "/org/freedesktop"
#define MANAGER ROOT "/NetworkManager"
#define SETTINGS MANAGER "/Settings"
#define PROFILE SETTINGS "/1"
#define DEVICE MANAGER "/Devices/1"
#define ACTIVE MANAGER "/ActiveConnection/1"
#define POINT MANAGER "/AccessPoint/"
/* "ä", a blank, a zero byte, "home". An SSID is bytes, not text. */
#define SSID "@ay [0xc3, 0xa4, 0x20, 0x00, 0x68, 0x6f, 0x6d, 0x65]"
#define UUID "11111111-2222-4333-8444-000000000022"

static const char xml[] =
  "<node><interface name='org.freedesktop.DBus.ObjectManager'>"
  "<method name='GetManagedObjects'><arg type='a{oa{sa{sv}}}' direction='out'/></method></interface>"
  "<interface name='" NAME ".Settings.Connection'>"
  "<method name='GetSettings'><arg type='a{sa{sv}}' direction='out'/></method></interface>"
  "<interface name='" NAME ".Device'><method name='GetAppliedConnection'><arg type='u' direction='in'/>"
  "<arg type='a{sa{sv}}' direction='out'/><arg type='t' direction='out'/></method></interface></node>";

/* What libnm asks for when it starts. The two access points are in the same network. */
static const char objects[] =
  "({objectpath '" MANAGER "': {'" NAME "': {"
  "  'Version': <'1.42.0'>, 'State': <uint32 70>, 'Startup': <false>, 'NetworkingEnabled': <true>,"
  "  'Devices': <[objectpath '" DEVICE "']>, 'AllDevices': <[objectpath '" DEVICE "']>,"
  "  'ActiveConnections': <[objectpath '" ACTIVE "']>, 'PrimaryConnection': <objectpath '" ACTIVE "'>}},"
  " '" SETTINGS "': {'" NAME ".Settings': {'Connections': <[objectpath '" PROFILE "']>, 'CanModify': <true>}},"
  " '" PROFILE "': {'" NAME ".Settings.Connection': {'Unsaved': <false>, 'Flags': <uint32 0>, 'Filename': <''>}},"
  " '" DEVICE "': {'" NAME ".Device': {"
  "   'Interface': <'wlan0'>, 'IpInterface': <'wlan0'>, 'DeviceType': <uint32 2>, 'Managed': <true>,"
  "   'State': <uint32 100>, 'StateReason': <(uint32 100, uint32 0)>, 'ActiveConnection': <objectpath '" ACTIVE "'>},"
  "  '" NAME ".Device.Wireless': {'HwAddress': <'02:00:00:00:00:33'>, 'Mode': <uint32 2>,"
  "   'ActiveAccessPoint': <objectpath '" POINT "1'>,"
  "   'AccessPoints': <[objectpath '" POINT "1', '" POINT "2']>}},"
  " '" POINT "1': {'" NAME ".AccessPoint': {'Ssid': <" SSID ">, 'HwAddress': <'02:AA:00:00:00:01'>}},"
  " '" POINT "2': {'" NAME ".AccessPoint': {'Ssid': <" SSID ">, 'HwAddress': <'02:AA:00:00:00:02'>}},"
  " '" ACTIVE "': {'" NAME ".Connection.Active': {"
  "   'Connection': <objectpath '" PROFILE "'>, 'Devices': <[objectpath '" DEVICE "']>, 'Id': <'home'>,"
  "   'Uuid': <'" UUID "'>, 'Type': <'802-11-wireless'>, 'State': <uint32 2>, 'StateFlags': <uint32 0>}}},)";

static struct
{
  GDBusConnection       *bus;
  const char            *key_mgmt;  /* NULL: what is applied can't be read */
  gboolean               holds;     /* … is answered later */
  GDBusMethodInvocation *held;
  DivertNetwork         *network;
  DivertFacts           *facts;
} self;

/* @key_mgmt belongs to the profile, or to the applied settings. */
static GVariant *
make_settings (const char *key_mgmt)
{
  return g_variant_new_parsed (
    "{'connection': {'id': <'home'>, 'uuid': <'" UUID "'>, 'type': <'802-11-wireless'>, 'zone': <'trusted'>},"
    " '802-11-wireless': {'ssid': <" SSID ">},"
    " '802-11-wireless-security': {'key-mgmt': <%s>}}", key_mgmt);
}

static void
answer_applied (GDBusMethodInvocation *invocation)
{
  if (self.key_mgmt != NULL)
    g_dbus_method_invocation_return_value (invocation,
                                           g_variant_new ("(@a{sa{sv}}t)", make_settings (self.key_mgmt), (guint64) 1));
  else
    g_dbus_method_invocation_return_dbus_error (invocation, NAME ".Device.NotActive", "not now");
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
  if (g_str_equal (method, "GetManagedObjects"))
    g_dbus_method_invocation_return_value (invocation, g_variant_new_parsed (objects));
  else if (g_str_equal (method, "GetAppliedConnection") && self.holds)
    self.held = invocation;
  else if (g_str_equal (method, "GetAppliedConnection"))
    answer_applied (invocation);
  else
    /* What the profile now says about security is not what the network proved. */
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(@a{sa{sv}})", make_settings ("owe")));
}

static void
on_changed (gpointer user_data)
{
  g_clear_pointer (&self.facts, divert_facts_free);
  self.facts = divert_facts_new ();
  divert_network_gather (self.network, self.facts);
}

/* The SSID, with a dot for each byte that is not a letter; BSSID; security; zone. */
static char *
describe (void)
{
  const DivertConnection *connection;
  g_autofree char *ssid = NULL, *bssid = NULL;
  gsize size = 0;

  if (self.facts == NULL || self.facts->connections->len != 1)
    return g_strdup ("");
  connection = g_ptr_array_index (self.facts->connections, 0);
  if (connection->ssid != NULL)
    {
      const char *bytes = g_bytes_get_data (connection->ssid, &size);

      ssid = g_strndup ("", size);
      for (gsize i = 0; i < size; i++)
        ssid[i] = g_ascii_isalpha (bytes[i]) ? bytes[i] : '.';
    }
  bssid = connection->has_bssid ? divert_mac_to_string (&connection->bssid) : NULL;
  return g_strdup_printf ("%s %s %s %s %s", connection->device, ssid, bssid, connection->key_mgmt, connection->zone);
}

static gboolean
is_described (gpointer user_data)
{
  g_autofree char *text = describe ();

  return g_str_equal (text, user_data);
}

static void
expect (const char *text)
{
  g_autofree char *found = NULL;

  if (private_system_wait (is_described, (gpointer) text, 30000))
    return;
  found = describe ();
  g_assert_cmpstr (found, ==, text);
}

static void
change (const char *path,
        const char *interface,
        const char *properties)
{
  g_dbus_connection_emit_signal (self.bus, NULL, path, "org.freedesktop.DBus.Properties", "PropertiesChanged",
                                 g_variant_new ("(s@a{sv}@as)", interface, g_variant_new_parsed (properties),
                                                g_variant_new_strv (NULL, 0)), NULL);
}

static void
begin (const char *key_mgmt)
{
  self.key_mgmt = key_mgmt;
  self.network = divert_network_new (on_changed, NULL);
}

static void
end (void)
{
  g_clear_pointer (&self.network, divert_network_free);
  g_clear_pointer (&self.facts, divert_facts_free);
}

static gboolean
is_up (void)
{
  return ((const DivertConnection *) g_ptr_array_index (self.facts->connections, 0))->up;
}

static void
test_roaming (void)
{
  begin ("wpa-psk");
  expect ("wlan0 ....home 02:aa:00:00:00:01 wpa-psk trusted");
  g_assert_true (is_up ());

  /* Another access point of the same network. */
  change (DEVICE, NAME ".Device.Wireless", "{'ActiveAccessPoint': <objectpath '" POINT "2'>}");
  expect ("wlan0 ....home 02:aa:00:00:00:02 wpa-psk trusted");
  /* The access point itself changes, and we are watching it now. */
  change (POINT "2", NAME ".AccessPoint", "{'Ssid': <@ay [0x6f, 0x74, 0x68, 0x65, 0x72]>}");
  expect ("wlan0 other 02:aa:00:00:00:02 wpa-psk trusted");
  change (POINT "2", NAME ".AccessPoint", "{'HwAddress': <'02:AA:00:00:00:03'>}");
  expect ("wlan0 other 02:aa:00:00:00:03 wpa-psk trusted");
  /* Something that is no address, and no name (a hidden network that hasn't been heard yet). */
  change (POINT "2", NAME ".AccessPoint", "{'HwAddress': <'nonsense'>, 'Ssid': <@ay []>}");
  expect ("wlan0 (null) (null) wpa-psk trusted");
  /* No access point, while it changes from one to the other. */
  change (DEVICE, NAME ".Device.Wireless", "{'ActiveAccessPoint': <objectpath '/'>}");
  change (POINT "1", NAME ".AccessPoint", "{'HwAddress': <'02:AA:00:00:00:09'>}");
  expect ("wlan0 (null) (null) wpa-psk trusted");
  change (DEVICE, NAME ".Device.Wireless", "{'ActiveAccessPoint': <objectpath '" POINT "1'>}");
  expect ("wlan0 ....home 02:aa:00:00:00:09 wpa-psk trusted");
  end ();
}

/* On Wi-Fi, "ieee8021x" is WEP, which proves nothing. On a wire it would be a proof. */
static void
test_security (void)
{
  begin ("ieee8021x");
  expect ("wlan0 ....home 02:aa:00:00:00:01 dynamic-wep trusted");
  end ();
  begin ("sae");
  expect ("wlan0 ....home 02:aa:00:00:00:01 sae trusted");
  end ();
}

static gboolean
is_held (gpointer unused)
{
  return self.held != NULL;
}

/* Until it is known what was applied, or if that can't be read, the network has proved nothing. */
static void
test_not_applied (void)
{
  self.holds = TRUE;
  begin ("sae");
  expect ("wlan0 ....home 02:aa:00:00:00:01 (null) trusted");
  g_assert_true (private_system_wait (is_held, NULL, 30000));
  g_assert_false (is_up ());
  self.holds = FALSE;
  answer_applied (g_steal_pointer (&self.held));
  expect ("wlan0 ....home 02:aa:00:00:00:01 sae trusted");
  g_assert_true (is_up ());
  end ();

  begin (NULL);
  expect ("wlan0 ....home 02:aa:00:00:00:01 (null) trusted");
  g_assert_false (is_up ());
  end ();
}

int
main (int    argc,
      char **argv)
{
  static const GDBusInterfaceVTable vtable = { on_call, NULL, NULL, { 0 } };

  test_needs_namespaces ();
  test_needs ("dbus-daemon", NULL);
  private_system_enter ();
  g_test_init (&argc, &argv, NULL);
  private_system_start_bus ("<policy user='root'><allow own='" NAME "'/></policy>");
  self.bus = private_system_connect ();
  private_system_export (self.bus, xml, "org.freedesktop.DBus.ObjectManager", ROOT, &vtable, NULL);
  private_system_export (self.bus, xml, NAME ".Settings.Connection", PROFILE, &vtable, NULL);
  private_system_export (self.bus, xml, NAME ".Device", DEVICE, &vtable, NULL);
  private_system_own_name (self.bus, NAME);
  g_test_add_func ("/wifi/roaming", test_roaming);
  g_test_add_func ("/wifi/security", test_security);
  g_test_add_func ("/wifi/not-applied", test_not_applied);
  return g_test_run ();
}
