/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: NetworkManager's part of the facts.
 *
 * Theory of operation.  libnm keeps a copy of NetworkManager's objects.  We watch only those that
 * matter now: the active connections and, for each, its devices, its profile and its access point.
 * A signal from any of them has the same effect: one call of changed(), in the next turn of the
 * main loop.  Before that call we set up the watches again, because the signal may mean that there
 * are other objects now.  Nothing that happens between the signal and the new watches is lost,
 * because the facts are read after that.
 *
 * Users may change profiles of their own as often as they like, also those that are active.  So changes of profiles are
 * heard at a pace, unless something else has changed as well.
 *
 * The zone comes from the profile as saved, not as applied: NetworkManager applies a changed zone
 * at once, and the profile's own signal is the only sign of that.  Everything that proves something
 * comes from what was applied (applied.c).  Until that is known, a connection does not count as up.
 */
#include "networkmanager.h"

#include "applied.h"
#include "networkmanager-private.h"

struct DivertNetwork
{
  DivertLookAgain  changed;
  gpointer         user_data;
  NMClient        *client;  /* NULL: not there yet, or no bus */
  gboolean         ready;
  GSource         *pending; /* changed() will be called */
  gboolean         profile; /* a profile has changed, and it was not called since */
  GSource         *rest;    /* while set, a change of a profile alone has to wait */
  GCancellable    *reading; /* for reading what is applied */
  GObject         *ear;     /* the receiver of the signals; when it goes away, GObject disconnects all of them */
};

#define EAR_NETWORK "divert-network"

/* A turn and the run behind it take about a millisecond. */
#define REST_MS 50

static const char *const client_signals[] = {
  "notify::" NM_CLIENT_NM_RUNNING, "notify::" NM_CLIENT_ACTIVE_CONNECTIONS, NULL,
};
static const char *const active_signals[] = {
  "notify::" NM_ACTIVE_CONNECTION_STATE, "notify::" NM_ACTIVE_CONNECTION_STATE_FLAGS,
  "notify::" NM_ACTIVE_CONNECTION_DEVICES, "notify::" NM_ACTIVE_CONNECTION_CONNECTION,
  "notify::" NM_ACTIVE_CONNECTION_IP4_CONFIG, "notify::" NM_ACTIVE_CONNECTION_IP6_CONFIG, NULL,
};
static const char *const device_signals[] = {
  "notify::" NM_DEVICE_STATE, "notify::" NM_DEVICE_INTERFACE, "notify::" NM_DEVICE_IP_INTERFACE, NULL,
};
static const char *const wifi_signals[] = { "notify::" NM_DEVICE_WIFI_ACTIVE_ACCESS_POINT, NULL };
static const char *const point_signals[] = {
  "notify::" NM_ACCESS_POINT_SSID, "notify::" NM_ACCESS_POINT_BSSID, NULL,
};

static gboolean on_pending (gpointer user_data);

static void
schedule (DivertNetwork *network)
{
  if (network->pending != NULL)
    return;

  network->pending = g_idle_source_new ();
  g_source_set_priority (network->pending, G_PRIORITY_HIGH);
  g_source_set_callback (network->pending, on_pending, network, NULL);
  g_source_attach (network->pending, g_main_context_get_thread_default ());
}

static void
on_signal (GObject *ear)
{
  schedule (g_object_get_data (ear, EAR_NETWORK));
}

static gboolean on_rested (gpointer user_data);

static void
hear_profile (DivertNetwork *network)
{
  network->rest = g_timeout_source_new (REST_MS);
  g_source_set_callback (network->rest, on_rested, network, NULL);
  g_source_attach (network->rest, g_main_context_get_thread_default ());
  schedule (network);
}

static gboolean
on_rested (gpointer user_data)
{
  DivertNetwork *network = user_data;

  g_clear_pointer (&network->rest, g_source_unref);
  if (network->profile)
    hear_profile (network);
  return G_SOURCE_REMOVE;
}

static void
on_profile (GObject *ear)
{
  DivertNetwork *network = g_object_get_data (ear, EAR_NETWORK);

  network->profile = TRUE;
  if (network->rest == NULL)
    hear_profile (network);
}

static void
watch (DivertNetwork     *network,
       gpointer           object,
       const char *const *signals)
{
  for (; *signals != NULL; signals++)
    g_signal_connect_object (object, *signals, G_CALLBACK (on_signal), network->ear, G_CONNECT_SWAPPED);
}

static void
unwatch (DivertNetwork *network,
         gpointer       object)
{
  g_signal_handlers_disconnect_by_func (object, on_signal, network->ear);
}

static void
watch_profile (DivertNetwork      *network,
               NMRemoteConnection *profile)
{
  g_signal_handlers_disconnect_by_func (profile, on_profile, network->ear);
  g_signal_connect_object (profile, NM_CONNECTION_CHANGED, G_CALLBACK (on_profile), network->ear, G_CONNECT_SWAPPED);
}

static void
watch_device (DivertNetwork *network,
              NMDevice      *device)
{
  NMAccessPoint *point;

  unwatch (network, device);
  watch (network, device, device_signals);
  if (!NM_IS_DEVICE_WIFI (device))
    return;

  watch (network, device, wifi_signals);
  point = nm_device_wifi_get_active_access_point (NM_DEVICE_WIFI (device));
  if (point == NULL)
    return;
  unwatch (network, point);
  watch (network, point, point_signals);
}

static void
on_applied (gpointer user_data)
{
  schedule (user_data);
}

static void
watch_all (DivertNetwork *network)
{
  gboolean anew = network->profile;
  const GPtrArray *actives = nm_client_get_active_connections (network->client);

  for (guint i = 0; i < actives->len; i++)
    {
      NMActiveConnection *active = g_ptr_array_index (actives, i);
      NMRemoteConnection *profile = nm_active_connection_get_connection (active);
      const GPtrArray *devices = nm_active_connection_get_devices (active);

      unwatch (network, active);
      watch (network, active, active_signals);
      if (profile != NULL)
        watch_profile (network, profile);
      for (guint j = 0; j < devices->len; j++)
        {
          NMDevice *device = g_ptr_array_index (devices, j);

          watch_device (network, device);
          if (divert_applied_matters (active) && nm_device_get_active_connection (device) == active)
            divert_applied_read (device, anew, network->reading, on_applied, network);
        }
    }
  network->profile = FALSE;
}

static gboolean
on_pending (gpointer user_data)
{
  DivertNetwork *network = user_data;

  g_clear_pointer (&network->pending, g_source_unref);
  if (network->client != NULL)
    watch_all (network);
  network->changed (network->user_data);
  return G_SOURCE_REMOVE;
}

static void
on_client (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GObject) client = g_async_initable_new_finish (G_ASYNC_INITABLE (source), result, &error);
  g_autoptr(GObject) ear = user_data;
  DivertNetwork *network = g_object_get_data (ear, EAR_NETWORK);

  if (network == NULL)
    return;

  /* Without a bus, NetworkManager could not reach us anyway. */
  if (client == NULL)
    g_warning ("cannot listen to NetworkManager: %s", error->message);
  else
    network->client = NM_CLIENT (g_steal_pointer (&client));

  network->ready = TRUE;
  if (network->client != NULL)
    watch (network, network->client, client_signals);
  schedule (network);
}

DivertNetwork *
divert_network_new (DivertLookAgain changed,
                    gpointer        user_data)
{
  DivertNetwork *network = g_new0 (DivertNetwork, 1);

  network->changed = changed;
  network->user_data = user_data;
  network->ear = g_object_new (G_TYPE_OBJECT, NULL);
  network->reading = g_cancellable_new ();
  g_object_set_data (network->ear, EAR_NETWORK, network);

  /* Only a user interface needs permissions, so do not fetch them.  Not cancellable, because cancelling
   * one attempt to connect to the bus breaks it for everybody else who waits for the shared connection. */
  g_async_initable_new_async (NM_TYPE_CLIENT, G_PRIORITY_DEFAULT, NULL, on_client, g_object_ref (network->ear),
                              NM_CLIENT_INSTANCE_FLAGS, (guint) NM_CLIENT_INSTANCE_FLAGS_NO_AUTO_FETCH_PERMISSIONS,
                              NULL);
  return network;
}

void
divert_network_free (DivertNetwork *network)
{
  if (network == NULL)
    return;

  g_cancellable_cancel (network->reading);
  g_object_unref (network->reading);
  /* on_client() may still have a reference. */
  g_object_set_data (network->ear, EAR_NETWORK, NULL);
  g_object_unref (network->ear);
  if (network->pending != NULL)
    {
      g_source_destroy (network->pending);
      g_source_unref (network->pending);
    }
  if (network->rest != NULL)
    {
      g_source_destroy (network->rest);
      g_source_unref (network->rest);
    }
  g_clear_object (&network->client);
  g_free (network);
}

/* Are we still waiting to learn what is applied to a device? */
static gboolean
is_reading (const DivertNetwork *network)
{
  const GPtrArray *actives = nm_client_get_active_connections (network->client);

  for (guint i = 0; i < actives->len; i++)
    {
      const GPtrArray *devices = nm_active_connection_get_devices (g_ptr_array_index (actives, i));

      for (guint j = 0; j < devices->len; j++)
        if (divert_applied_is_awaited (g_ptr_array_index (devices, j)))
          return TRUE;
    }
  return FALSE;
}

gboolean
divert_network_is_ready (const DivertNetwork *network)
{
  return network->ready && network->pending == NULL && (network->client == NULL || !is_reading (network));
}

gboolean
divert_network_is_heard (const DivertNetwork *network)
{
  return network->client != NULL;
}

void
divert_network_gather (const DivertNetwork *network,
                       DivertFacts         *facts)
{
  const GPtrArray *actives;

  facts->nm_running = network->client != NULL && nm_client_get_nm_running (network->client);
  if (!facts->nm_running)
    return;

  actives = nm_client_get_active_connections (network->client);
  for (guint i = 0; i < actives->len; i++)
    {
      NMActiveConnection *active = g_ptr_array_index (actives, i);
      const GPtrArray *devices = nm_active_connection_get_devices (active);

      if (devices->len == 0)
        g_ptr_array_add (facts->connections, divert_network_make_connection (network->client, active, NULL));
      for (guint j = 0; j < devices->len; j++)
        g_ptr_array_add (facts->connections,
                         divert_network_make_connection (network->client, active, g_ptr_array_index (devices, j)));
    }
}
