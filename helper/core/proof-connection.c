/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the proofs by what NetworkManager says of the connection: profile, kind of
 * device, Wi-Fi.
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "proof-private.h"

/* A profile's own zone, when set, overrules the UUID list: that makes
 * "nmcli connection modify ID connection.zone X" the toggle, in both directions. */
gboolean
divert_proof_weigh_identity (const DivertWeighing *w,
                             DivertProof          *proof)
{
  if (w->connection->zone != NULL && w->connection->zone[0] != '\0')
    {
      proof->outcome = divert_proof_outcome (g_strv_contains ((const char *const *) w->site->zones, w->connection->zone));
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

/* Only what a cable or a radio is behind: a VPN's or a bridge's addresses are
 * given by software, and say nothing of where the machine is. */
gboolean
divert_proof_weigh_device (const DivertWeighing *w,
                           DivertProof          *proof)
{
  static const char *const real_types[] = { "802-3-ethernet", "802-11-wireless", NULL };

  proof->outcome = divert_proof_outcome (!w->connection->external && w->connection->type != NULL &&
                            g_strv_contains (real_types, w->connection->type));
  proof->expected = g_strjoinv (";", (GStrv) real_types);
  proof->found = g_strconcat (w->connection->type != NULL ? w->connection->type : "", w->connection->external ? " external" : "",
                              NULL);
  return TRUE;
}

gboolean
divert_proof_weigh_ssid (const DivertWeighing *w,
                         DivertProof          *proof)
{
  gsize size = 0;
  const char *bytes;
  gboolean holds = FALSE;

  if (w->site->ssids[0] == NULL)
    return FALSE;

  bytes = w->connection->ssid != NULL ? g_bytes_get_data (w->connection->ssid, &size) : NULL;
  for (char **ssid = w->site->ssids; *ssid != NULL && bytes != NULL && !holds; ssid++)
    holds = strlen (*ssid) == size && memcmp (*ssid, bytes, size) == 0;

  proof->outcome = divert_proof_outcome (holds);
  proof->expected = g_strjoinv (";", w->site->ssids);
  proof->found = bytes != NULL ? g_strndup (bytes, size) : NULL;
  return TRUE;
}

gboolean
divert_proof_weigh_bssid (const DivertWeighing *w,
                          DivertProof          *proof)
{
  if (w->site->bssids->len == 0)
    return FALSE;

  proof->outcome = divert_proof_outcome (w->connection->has_bssid && divert_macs_contain (w->site->bssids, &w->connection->bssid));
  proof->expected = divert_macs_to_string (w->site->bssids);
  proof->found = w->connection->has_bssid ? divert_mac_to_string (&w->connection->bssid) : NULL;
  return TRUE;
}

static const struct
{
  const char    *key_mgmt; /* NetworkManager's word, nm-settings(5) */
  DivertSecurity security;
  const char    *name;     /* the configuration's word */
} securities[] = {
  { "wpa-psk", DIVERT_SECURITY_WPA_PSK, "wpa-psk" },
  { "sae", DIVERT_SECURITY_SAE, "sae" },
  { "wpa-eap", DIVERT_SECURITY_8021X, "802.1x" },
  { "wpa-eap-suite-b-192", DIVERT_SECURITY_8021X, NULL },
  { "ieee8021x", DIVERT_SECURITY_8021X, NULL },
};

gboolean
divert_proof_weigh_security (const DivertWeighing *w,
                             DivertProof          *proof)
{
  g_autoptr(GString) expected = g_string_new (NULL);
  guint found = 0;

  if (w->site->security == 0)
    return FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (securities); i++)
    {
      if (g_strcmp0 (securities[i].key_mgmt, w->connection->key_mgmt) == 0)
        found = securities[i].security;
      if (securities[i].name != NULL && (w->site->security & securities[i].security) != 0)
        g_string_append_printf (expected, "%s%s", expected->len > 0 ? ";" : "", securities[i].name);
    }

  proof->outcome = divert_proof_outcome ((w->site->security & found) != 0);
  proof->expected = g_strdup (expected->str);
  proof->found = g_strdup (w->connection->key_mgmt != NULL ? w->connection->key_mgmt : N_("open network"));
  return TRUE;
}
