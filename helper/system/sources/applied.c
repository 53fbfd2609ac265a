/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: reading applied connections, and how the network on a device proves that it knows a secret.
 *
 * A profile says what the next activation will do; somebody may have changed it since the current
 * one began.  What applies now is the device's applied connection, a copy that NetworkManager made
 * at the activation and hands out only on request.  It belongs to one activation, so an answer that
 * arrives during another one is discarded.  Within an activation, NetworkManager refuses to change
 * 802.1X and Wi-Fi security ("reapply" cannot), so one answer would be enough; we ask again all the
 * same when the profile changes.
 *
 * 802.1X may be optional.  Then the device is activated even after a failed authentication, and
 * nothing tells the two cases apart.  So optional 802.1X proves nothing.
 */
#include "applied.h"

#include "core/facts/facts.h"

#define APPLIED "divert-applied"

/* Attached to its device. */
typedef struct
{
  char            *activation; /* the activation that @key_mgmt belongs to; NULL: nothing is known */
  char            *key_mgmt;
  gboolean         reading;
  gboolean         again;      /* the answer on its way may be older than the latest question */
  NMDeviceState    refused_in; /* do not ask again before the device leaves this state; UNKNOWN: we were not refused */
  GCancellable    *cancellable;
  DivertLookAgain  changed;
  gpointer         user_data;
} Applied;

static void ask (NMDevice *device, Applied *applied);

gboolean
divert_applied_matters (NMActiveConnection *active)
{
  const char *type = nm_active_connection_get_connection_type (active);

  return type != NULL && g_strv_contains (divert_connection_real_types, type) &&
         (nm_active_connection_get_state_flags (active) & NM_ACTIVATION_STATE_FLAG_EXTERNAL) == 0;
}

static void
applied_free (gpointer data)
{
  Applied *applied = data;

  g_free (applied->activation);
  g_free (applied->key_mgmt);
  g_clear_object (&applied->cancellable);
  g_free (applied);
}

static const char *
get_activation (NMDevice *device)
{
  NMActiveConnection *active = nm_device_get_active_connection (device);

  return active != NULL ? nm_object_get_path (NM_OBJECT (active)) : NULL;
}

/* NetworkManager's name for how the network proves that it knows a secret; NULL: it does not. */
static const char *
read_key_mgmt (NMConnection *connection)
{
  NMSettingWirelessSecurity *security = nm_connection_get_setting_wireless_security (connection);
  NMSetting8021x *ieee8021x = nm_connection_get_setting_802_1x (connection);
  const char *key_mgmt;

  if (ieee8021x != NULL && nm_setting_802_1x_get_optional (ieee8021x))
    return "ieee8021x-optional";
  if (security == NULL)
    return ieee8021x != NULL ? "ieee8021x" : NULL;

  /* On Wi-Fi this value means WEP with keys from 802.1X, and WEP proves nothing. */
  key_mgmt = nm_setting_wireless_security_get_key_mgmt (security);
  return g_strcmp0 (key_mgmt, "ieee8021x") == 0 ? "dynamic-wep" : key_mgmt;
}

/* Is that new to us? */
static gboolean
take (Applied      *applied,
      const char   *activation,
      NMConnection *connection)
{
  const char *key_mgmt = read_key_mgmt (connection);
  gboolean is_new = g_strcmp0 (applied->activation, activation) != 0 || g_strcmp0 (applied->key_mgmt, key_mgmt) != 0;

  if (is_new)
    {
      g_free (applied->activation);
      g_free (applied->key_mgmt);
      applied->activation = g_strdup (activation);
      applied->key_mgmt = g_strdup (key_mgmt);
    }
  return is_new;
}

typedef struct
{
  Applied *applied; /* belongs to the device that is the source of the answer, which lives until then */
  char    *activation;
} Question;

static void
on_applied (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autofree Question *question = user_data;
  g_autofree char *activation = question->activation;
  NMDevice *device = NM_DEVICE (source);
  Applied *applied = question->applied;
  g_autoptr(GError) error = NULL;
  g_autoptr(NMConnection) connection = nm_device_get_applied_connection_finish (device, result, NULL, &error);
  gboolean is_new = FALSE;

  applied->reading = FALSE;
  if (g_cancellable_is_cancelled (applied->cancellable))
    return;
  if (applied->again || g_strcmp0 (activation, get_activation (device)) != 0)
    {
      ask (device, applied);
      return;
    }
  applied->refused_in = connection != NULL ? NM_DEVICE_STATE_UNKNOWN : nm_device_get_state (device);
  if (connection != NULL)
    is_new = take (applied, activation, connection);
  else
    g_info ("cannot read what is applied to %s: %s", nm_device_get_iface (device), error->message);
  /* Report a failure as well, because somebody may be waiting for the answer. */
  if (is_new || connection == NULL)
    applied->changed (applied->user_data);
}

static void
ask (NMDevice *device,
     Applied  *applied)
{
  const char *activation = get_activation (device);
  Question *question;

  applied->again = FALSE;
  if (activation == NULL)
    return;
  question = g_new0 (Question, 1);
  question->applied = applied;
  question->activation = g_strdup (activation);
  applied->reading = TRUE;
  nm_device_get_applied_connection_async (device, 0, applied->cancellable, on_applied, question);
}

void
divert_applied_read (NMDevice        *device,
                     gboolean         anew,
                     GCancellable    *cancellable,
                     DivertLookAgain  changed,
                     gpointer         user_data)
{
  Applied *applied = g_object_get_data (G_OBJECT (device), APPLIED);
  const char *key_mgmt;

  if (applied == NULL)
    {
      applied = g_new0 (Applied, 1);
      applied->cancellable = g_object_ref (cancellable);
      applied->changed = changed;
      applied->user_data = user_data;
      g_object_set_data_full (G_OBJECT (device), APPLIED, applied, applied_free);
    }
  if (applied->reading)
    applied->again |= anew;
  else if (anew ||
           (!divert_applied_get_key_mgmt (device, &key_mgmt) && applied->refused_in != nm_device_get_state (device)))
    ask (device, applied);
}

gboolean
divert_applied_get_key_mgmt (NMDevice    *device,
                             const char **ret_key_mgmt)
{
  const Applied *applied = g_object_get_data (G_OBJECT (device), APPLIED);

  if (applied == NULL || applied->activation == NULL || g_strcmp0 (applied->activation, get_activation (device)) != 0)
    return FALSE;
  *ret_key_mgmt = applied->key_mgmt;
  return TRUE;
}

gboolean
divert_applied_is_awaited (NMDevice *device)
{
  const Applied *applied = g_object_get_data (G_OBJECT (device), APPLIED);
  const char *key_mgmt;

  return applied != NULL && applied->reading && !divert_applied_get_key_mgmt (device, &key_mgmt);
}
