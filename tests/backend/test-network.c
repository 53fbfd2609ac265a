/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NetworkManager's facts from a real NetworkManager, in namespaces.
 */
#include <sys/mount.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "private-system.h"
#include "system/sources/networkmanager.h"

#define HOME_UUID "11111111-2222-4333-8444-000000000022"
#define WIRED_UUID "11111111-2222-4333-8444-000000000023"

typedef struct
{
  DivertNetwork *network;
  DivertFacts   *facts;
  guint          changes;
} Fixture;

static GPid network_manager;

static void
on_changed (gpointer user_data)
{
  Fixture *f = user_data;

  f->changes++;
  g_clear_pointer (&f->facts, divert_facts_free);
  f->facts = divert_facts_new ();
  divert_network_gather (f->network, f->facts);
}

static const DivertConnection *
find (const Fixture *f,
      const char    *uuid)
{
  for (guint i = 0; f->facts != NULL && i < f->facts->connections->len; i++)
    {
      const DivertConnection *connection = g_ptr_array_index (f->facts->connections, i);

      if (uuid == NULL ? connection->external : g_strcmp0 (connection->uuid, uuid) == 0)
        return connection;
    }
  return NULL;
}

static gboolean
is_ready (gpointer user_data)
{
  return divert_network_is_ready (((Fixture *) user_data)->network) && ((Fixture *) user_data)->facts != NULL;
}

static gboolean
is_settled (gpointer user_data)
{
  return divert_network_is_ready (((Fixture *) user_data)->network);
}

static gboolean
home_is_up (gpointer user_data)
{
  const DivertConnection *home = find (user_data, HOME_UUID);

  return home != NULL && home->up;
}

static gboolean
home_is_gone (gpointer user_data)
{
  return find (user_data, HOME_UUID) == NULL;
}

static gboolean
home_has_zone (gpointer user_data)
{
  const DivertConnection *home = find (user_data, HOME_UUID);

  return home != NULL && g_strcmp0 (home->zone, "home") == 0;
}

static gboolean
home_has_no_zone (gpointer user_data)
{
  const DivertConnection *home = find (user_data, HOME_UUID);

  return home != NULL && home->zone == NULL;
}

static gboolean
wired_may_be_anybody (gpointer user_data)
{
  const DivertConnection *wired = find (user_data, WIRED_UUID);

  return wired != NULL && g_strcmp0 (wired->key_mgmt, "ieee8021x-optional") == 0;
}

static gboolean
home_is_renamed (gpointer user_data)
{
  const DivertConnection *home = find (user_data, HOME_UUID);

  return home != NULL && g_strcmp0 (home->id, "renamed") == 0;
}

static gboolean
has_external (gpointer user_data)
{
  return find (user_data, NULL) != NULL;
}

static gboolean
nm_runs (gpointer user_data)
{
  return ((Fixture *) user_data)->facts->nm_running;
}

static gboolean
nm_does_not_run (gpointer user_data)
{
  return !nm_runs (user_data);
}

static void
start_network_manager (void)
{
  static const char *const argv[] = { "NetworkManager", "--no-daemon", "--log-level=WARN", NULL };

  network_manager = private_system_spawn (argv);
}

static void
stop_network_manager (void)
{
  kill (network_manager, SIGTERM);
  waitpid (network_manager, NULL, 0);
}

static void
write_profile (const char *name,
               const char *text)
{
  g_autofree char *path = g_build_filename ("/etc/NetworkManager/system-connections", name, NULL);
  g_autoptr(GError) error = NULL;

  g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error);
  g_assert_no_error (error);
}

static void
set_up_laptop (void)
{
  private_system_hide ("/var/lib/NetworkManager");
  private_system_hide ("/etc/NetworkManager");
  mkdir ("/etc/NetworkManager/system-connections", 0755);
  g_file_set_contents ("/etc/NetworkManager/NetworkManager.conf",
                       "[main]\nplugins=keyfile\ndns=none\nrc-manager=unmanaged\nno-auto-default=*\n"
                       "hostname-mode=none\n"
                       "[connectivity]\nenabled=false\n", -1, NULL);
  write_profile ("home.nmconnection",
                 "[connection]\nid=home\nuuid=" HOME_UUID "\ntype=ethernet\ninterface-name=wire0\nautoconnect=false\n"
                 "[ipv4]\nmethod=manual\naddress1=192.168.22.33/24\n[ipv6]\nmethod=disabled\n");
  write_profile ("wired.nmconnection",
                 "[connection]\nid=wired\nuuid=" WIRED_UUID "\ntype=ethernet\ninterface-name=wire1\nautoconnect=false\n"
                 "[802-1x]\neap=md5\nidentity=me\npassword=secret\noptional=true\n"
                 "[ipv4]\nmethod=manual\naddress1=10.20.0.33/16\n[ipv6]\nmethod=disabled\n");
  /* If /sys is read-only, NetworkManager needs no udev. */
  g_assert_cmpint (mount ("sysfs", "/sys", "sysfs", MS_RDONLY, NULL), ==, 0);
  g_assert_cmpint (private_system_run ("ip", "link", "add", "wire0", "type", "veth", "peer", "name", "far0", NULL),
                   ==, 0);
  g_assert_cmpint (private_system_run ("ip", "link", "add", "bare0", "type", "veth", "peer", "name", "far1", NULL),
                   ==, 0);
  g_assert_cmpint (private_system_run ("ip", "link", "add", "wire1", "type", "veth", "peer", "name", "far2", NULL),
                   ==, 0);
  g_assert_cmpint (private_system_run ("ip", "link", "set", "far2", "up", NULL), ==, 0);
  g_assert_cmpint (private_system_run ("ip", "link", "set", "far0", "up", NULL), ==, 0);
  g_assert_cmpint (private_system_run ("ip", "link", "set", "far1", "up", NULL), ==, 0);
}

static void
test_network (void)
{
  g_autofree Fixture *f = g_new0 (Fixture, 1);
  const DivertConnection *home;
  gint64 start;
  guint changes;

  f->network = divert_network_new (on_changed, f);
  g_assert_false (divert_network_is_ready (f->network));
  g_assert_true (private_system_wait (is_ready, f, 10000));
  g_assert_false (f->facts->nm_running);
  g_assert_cmpuint (f->facts->connections->len, ==, 0);

  start_network_manager ();
  g_assert_true (private_system_wait (nm_runs, f, 20000));

  g_assert_cmpint (private_system_run ("nmcli", "-w", "10", "connection", "up", "home", NULL), ==, 0);
  g_assert_true (private_system_wait (home_is_up, f, 20000));
  home = find (f, HOME_UUID);
  g_assert_cmpstr (home->id, ==, "home");
  g_assert_cmpstr (home->device, ==, "wire0");
  g_assert_cmpstr (home->type, ==, "802-3-ethernet");
  g_assert_null (home->zone);
  g_assert_null (home->key_mgmt);
  g_assert_false (home->external);
  g_assert_null (home->ssid);

  /* Changes that no dispatcher event reports. */
  changes = f->changes;
  start = g_get_monotonic_time ();
  g_assert_cmpint (private_system_run ("nmcli", "connection", "modify", "home", "connection.zone", "home", NULL),
                   ==, 0);
  g_assert_true (private_system_wait (home_has_zone, f, 20000));
  g_test_message ("zone seen %" G_GINT64_FORMAT " µs behind nmcli's start", g_get_monotonic_time () - start);
  g_assert_cmpuint (f->changes - changes, <=, 6);
  g_assert_cmpint (private_system_run ("nmcli", "connection", "modify", "home", "connection.zone", "", NULL), ==, 0);
  g_assert_true (private_system_wait (home_has_no_zone, f, 20000));
  g_assert_cmpint (private_system_run ("nmcli", "connection", "modify", "home", "connection.id", "renamed", NULL),
                   ==, 0);
  g_assert_true (private_system_wait (home_is_renamed, f, 20000));

  /* The applied settings count, whatever the profile has said since then. */
  g_assert_cmpint (private_system_run ("nmcli", "connection", "modify", HOME_UUID, "802-1x.eap", "md5",
                                       "802-1x.identity", "me", "802-1x.password", "secret", "connection.zone", "home",
                                       NULL), ==, 0);
  g_assert_true (private_system_wait (home_has_zone, f, 20000));
  g_assert_true (private_system_wait (is_settled, f, 20000));
  home = find (f, HOME_UUID);
  g_assert_true (home->up);
  g_assert_null (home->key_mgmt);
  g_assert_cmpint (private_system_run ("nmcli", "connection", "modify", HOME_UUID, "remove", "802-1x", NULL), ==, 0);
  /* It may or may not be authenticated, so it could be anybody's cable. */
  g_assert_cmpint (private_system_run ("nmcli", "-w", "0", "connection", "up", "wired", NULL), ==, 0);
  g_assert_true (private_system_wait (wired_may_be_anybody, f, 20000));

  /* Somebody else configures a device. That is reported, and told apart. */
  g_assert_cmpint (private_system_run ("ip", "link", "set", "bare0", "up", NULL), ==, 0);
  g_assert_cmpint (private_system_run ("ip", "addr", "add", "10.9.9.9/24", "dev", "bare0", NULL), ==, 0);
  g_assert_true (private_system_wait (has_external, f, 10000));

  /* NetworkManager goes away and comes back. */
  stop_network_manager ();
  g_assert_true (private_system_wait (nm_does_not_run, f, 10000));
  g_assert_cmpuint (f->facts->connections->len, ==, 0);
  start_network_manager ();
  g_assert_true (private_system_wait (nm_runs, f, 20000));
  g_assert_cmpint (private_system_run ("nmcli", "-w", "10", "connection", "up", HOME_UUID, NULL), ==, 0);
  g_assert_true (private_system_wait (home_is_up, f, 20000));

  /* The profile is deleted while it is active. */
  g_assert_cmpint (private_system_run ("nmcli", "connection", "delete", HOME_UUID, NULL), ==, 0);
  g_assert_true (private_system_wait (home_is_gone, f, 10000));

  divert_network_free (f->network);
  divert_facts_free (f->facts);
}

static void
test_free_at_once (void)
{
  g_autofree Fixture *f = g_new0 (Fixture, 1);

  f->network = divert_network_new (on_changed, f);
  divert_network_free (f->network);
  for (guint i = 0; i < 50; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (f->changes, ==, 0);
}

int
main (int    argc,
      char **argv)
{
  test_needs_namespaces ();
  test_needs ("ip", "dbus-daemon", "NetworkManager", "nmcli", NULL);
  private_system_enter ();
  g_test_init (&argc, &argv, NULL);
  private_system_start_bus (NULL);
  set_up_laptop ();
  g_test_add_func ("/network/free-at-once", test_free_at_once);
  g_test_add_func ("/network/real", test_network);
  return g_test_run ();
}
