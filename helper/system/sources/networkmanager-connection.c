/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: one active connection of NetworkManager as a fact.
 */
#include "networkmanager-private.h"

#include "applied.h"

static void
fill_from_point (DivertConnection *connection,
                 NMAccessPoint    *point)
{
  GBytes *ssid = nm_access_point_get_ssid (point);
  const char *bssid = nm_access_point_get_bssid (point);

  connection->ssid = ssid != NULL ? g_bytes_ref (ssid) : NULL;
  connection->has_bssid = bssid != NULL && divert_mac_parse (bssid, &connection->bssid);
}

static void
fill_from_device (DivertConnection   *connection,
                  NMActiveConnection *active,
                  NMDevice           *device)
{
  NMDeviceState state = nm_device_get_state (device);
  const char *name = nm_device_get_ip_iface (device);

  if (name == NULL)
    name = nm_device_get_iface (device);
  connection->device = g_strdup (name != NULL ? name : "");
  /* While one profile takes a device over from another, both list it, and its state still belongs to the
   * other one. */
  connection->up &= nm_device_get_active_connection (device) == active && state >= NM_DEVICE_STATE_IP_CHECK &&
                    state <= NM_DEVICE_STATE_ACTIVATED;

  if (divert_applied_matters (active))
    {
      const char *key_mgmt = NULL;

      connection->up &= divert_applied_get_key_mgmt (device, &key_mgmt);
      connection->key_mgmt = g_strdup (key_mgmt);
    }
  if (NM_IS_DEVICE_WIFI (device))
    {
      NMAccessPoint *point = nm_device_wifi_get_active_access_point (NM_DEVICE_WIFI (device));

      if (point != NULL)
        fill_from_point (connection, point);
    }
}

static gboolean
is_shared (NMConnection *profile)
{
  NMSettingIPConfig *settings[] = { nm_connection_get_setting_ip4_config (profile),
                                    nm_connection_get_setting_ip6_config (profile) };

  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    if (settings[i] != NULL &&
        g_strcmp0 (nm_setting_ip_config_get_method (settings[i]), NM_SETTING_IP4_CONFIG_METHOD_SHARED) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
is_carrier_of (NMActiveConnection *active,
               NMDevice           *device)
{
  const GPtrArray *devices = nm_active_connection_get_devices (active);

  for (guint i = 0; i < devices->len; i++)
    if (g_ptr_array_index (devices, i) == device)
      return TRUE;
  return FALSE;
}

static gboolean
has_address_of (NMIPConfig *config,
                NMIPConfig *other)
{
  const GPtrArray *a = config != NULL ? nm_ip_config_get_addresses (config) : NULL;
  const GPtrArray *b = other != NULL ? nm_ip_config_get_addresses (other) : NULL;

  for (guint i = 0; a != NULL && i < a->len; i++)
    for (guint j = 0; b != NULL && j < b->len; j++)
      if (nm_ip_address_equal (a->pdata[i], b->pdata[j]))
        return TRUE;
  return FALSE;
}

/* A VPN lists the device that carries it.  Its own is another one, which has the VPN's addresses.  "": not found. */
static const char *
find_vpn_device (NMClient           *client,
                 NMActiveConnection *active)
{
  const GPtrArray *devices = nm_client_get_devices (client);

  for (guint i = 0; i < devices->len; i++)
    {
      NMDevice *device = g_ptr_array_index (devices, i);

      if (!is_carrier_of (active, device) &&
          (has_address_of (nm_active_connection_get_ip4_config (active), nm_device_get_ip4_config (device)) ||
           has_address_of (nm_active_connection_get_ip6_config (active), nm_device_get_ip6_config (device))))
        return nm_device_get_iface (device);
    }
  return "";
}

DivertConnection *
divert_network_make_connection (NMClient           *client,
                                NMActiveConnection *active,
                                NMDevice           *device)
{
  DivertConnection *connection = divert_connection_new ();
  NMActiveConnectionState state = nm_active_connection_get_state (active);
  NMRemoteConnection *profile = nm_active_connection_get_connection (active);
  const char *uuid = nm_active_connection_get_uuid (active);

  connection->uuid = g_strdup (uuid != NULL ? uuid : "");
  connection->id = g_strdup (nm_active_connection_get_id (active));
  connection->activation = g_strdup (nm_object_get_path (NM_OBJECT (active)));
  connection->type = g_strdup (nm_active_connection_get_connection_type (active));
  connection->external = (nm_active_connection_get_state_flags (active) & NM_ACTIVATION_STATE_FLAG_EXTERNAL) != 0;
  /* The state stays "activating" until long after the device has its addresses, so it only tells us about an end. */
  connection->up = state != NM_ACTIVE_CONNECTION_STATE_DEACTIVATING && state != NM_ACTIVE_CONNECTION_STATE_DEACTIVATED;
  if (nm_active_connection_get_vpn (active))
    {
      connection->device = g_strdup (find_vpn_device (client, active));
      connection->up = state == NM_ACTIVE_CONNECTION_STATE_ACTIVATED;
    }
  else if (device != NULL)
    fill_from_device (connection, active, device);
  else
    {
      connection->device = g_strdup ("");
      connection->up = state == NM_ACTIVE_CONNECTION_STATE_ACTIVATED;
    }

  /* A profile may not have been read yet, or may be gone.  Its zone could be anything, so it has none for us. */
  if (profile != NULL)
    {
      NMSettingConnection *setting = nm_connection_get_setting_connection (NM_CONNECTION (profile));

      connection->zone = g_strdup (nm_setting_connection_get_zone (setting));
      connection->private = nm_setting_connection_get_num_permissions (setting) > 0;
      connection->shared = is_shared (NM_CONNECTION (profile));
    }
  else
    connection->up = FALSE;
  return connection;
}
