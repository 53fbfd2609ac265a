/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the proofs that rest on what NetworkManager says of the connection: profile, type of
 * device, Wi-Fi.
 */
#include <glib/gi18n-lib.h>

#include "core/config/security.h"
#include "core/facts/carriers.h"
#include "proof-private.h"
#include "tunnel.h"

/* If the profile has a zone, that overrules the list of UUIDs.  So "nmcli connection modify ID
 * connection.zone X" works as a switch in both directions. */
gboolean
divert_proof_weigh_identity (const DivertWeighing *w,
                             DivertProof          *proof)
{
  if (w->connection->zone != NULL && w->connection->zone[0] != '\0')
    {
      proof->outcome = divert_proof_outcome (g_strv_contains ((const char *const *) w->site->zones,
                                                              w->connection->zone));
      proof->expected = g_strjoinv (";", w->site->zones);
      proof->found = g_strconcat ("zone ", w->connection->zone, NULL);
      return TRUE;
    }

  proof->outcome = divert_proof_outcome (w->connection->uuid != NULL &&
                            g_strv_contains ((const char *const *) w->site->uuids, w->connection->uuid));
  proof->expected = g_strjoinv (";", w->site->uuids);
  proof->found = g_strconcat ("uuid ", w->connection->uuid, NULL);
  return TRUE;
}

gboolean
divert_proof_weigh_device (const DivertWeighing *w,
                           DivertProof          *proof)
{
  const gboolean tunnel = divert_connection_is_tunnel (w->connection);

  proof->outcome = divert_proof_outcome (divert_connection_is_real (w->connection) ||
                                         divert_tunnel_is_named (w->site, w->connection) ||
                                         divert_facts_is_carried (w->facts, w->connection));
  proof->expected = tunnel ? g_strdup (N_("a tunnel that connection-uuid names"))
                           : g_strjoinv (";", (GStrv) divert_connection_real_types);
  proof->found = g_strconcat (w->connection->type != NULL ? w->connection->type : "",
                              w->connection->external ? " external" : "", NULL);
  return TRUE;
}

gboolean
divert_proof_weigh_ssid (const DivertWeighing *w,
                         DivertProof          *proof)
{
  const GPtrArray *ssids = w->site->ssids;
  GBytes *ssid = w->connection->ssid;
  g_autoptr(GString) expected = g_string_new (NULL);
  gboolean holds = FALSE;

  if (ssids->len == 0)
    return FALSE;

  for (guint i = 0; i < ssids->len; i++)
    {
      g_autofree char *text = divert_ssid_to_string (g_ptr_array_index (ssids, i));

      g_string_append_printf (expected, "%s%s", i > 0 ? ";" : "", text);
      holds |= ssid != NULL && g_bytes_equal (g_ptr_array_index (ssids, i), ssid);
    }
  proof->outcome = divert_proof_outcome (holds);
  proof->expected = g_string_free (g_steal_pointer (&expected), FALSE);
  proof->found = ssid != NULL ? divert_ssid_to_string (ssid) : NULL;
  return TRUE;
}

gboolean
divert_proof_weigh_bssid (const DivertWeighing *w,
                          DivertProof          *proof)
{
  if (w->site->bssids->len == 0)
    return FALSE;

  proof->outcome = divert_proof_outcome (w->connection->has_bssid &&
                                         divert_macs_contain (w->site->bssids, &w->connection->bssid));
  proof->expected = divert_macs_to_string (w->site->bssids);
  proof->found = w->connection->has_bssid ? divert_mac_to_string (&w->connection->bssid) : NULL;
  return TRUE;
}

gboolean
divert_proof_weigh_security (const DivertWeighing *w,
                             DivertProof          *proof)
{
  if (w->site->security == 0)
    return FALSE;

  proof->outcome = divert_proof_outcome ((w->site->security &
                                          divert_security_from_key_mgmt (w->connection->key_mgmt)) != 0);
  proof->expected = divert_security_to_string (w->site->security);
  proof->found = g_strdup (w->connection->key_mgmt != NULL ? w->connection->key_mgmt : N_("open network"));
  return TRUE;
}
