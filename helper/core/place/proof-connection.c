/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the proofs that rest on what NetworkManager says of the connection: profile, type of
 * device, Wi-Fi.
 *
 * With NetworkManager's defaults, everybody who is logged in may make a private profile (settings.modify.own), activate
 * any, and give an active device other addresses (network-control).  So what do these proofs say against a user of this
 * machine?
 *
 * - A zone is a word that anybody can write into a profile.  It proves only in a profile that NetworkManager lets
 *   nobody change without an administrator (settings.modify.system), which is one without permissions.
 * - A UUID belongs to one profile while that exists: NetworkManager refuses a second one.  Desktops make a person's
 *   Wi-Fi profiles private, so a private one is often what root has named.  Its owner can send it into another network,
 *   and after it was deleted, anybody can make one with its UUID.  But then, whoever may change a device's addresses
 *   can do much the same with a cable's profile that belongs to nobody.  So refusing such a UUID would take the site
 *   away from honest people and would stop hardly anybody.
 * - What stops users is what the network itself has to answer: gateway-mac, unless they have a network of their own
 *   that imitates it, and beacon in any case.  check-config says which sites have neither.
 */
#include <glib/gi18n-lib.h>

#include "core/config/security.h"
#include "core/facts/carriers.h"
#include "proof-private.h"
#include "tunnel.h"

static gboolean
has_zone (const DivertConnection *connection)
{
  return connection->zone != NULL && connection->zone[0] != '\0';
}

static char *
describe_zone (const DivertConnection *connection)
{
  return g_strconcat ("zone ", connection->zone, connection->private ? " of a private profile" : "", NULL);
}

/* If the profile has a zone, that overrules the list of UUIDs.  So "nmcli connection modify ID connection.zone X" works
 * as a switch in both directions.  A private profile's zone may only deny, because whoever is logged in may make such a
 * profile, and writes into it what they like.  Its UUID counts, because root named that very profile. */
gboolean
divert_proof_weigh_identity (const DivertWeighing *w,
                             DivertProof          *proof)
{
  const DivertConnection *connection = w->connection;
  const gboolean in_zone = has_zone (connection) &&
                           g_strv_contains ((const char *const *) w->site->zones, connection->zone);
  const gboolean is_named = connection->uuid != NULL &&
                            g_strv_contains ((const char *const *) w->site->uuids, connection->uuid);

  if (has_zone (connection) && (!in_zone || !connection->private || !is_named))
    {
      proof->outcome = divert_proof_outcome (in_zone && !connection->private);
      proof->expected = g_strjoinv (";", w->site->zones);
      proof->found = describe_zone (connection);
      return TRUE;
    }

  proof->outcome = divert_proof_outcome (is_named);
  proof->expected = g_strjoinv (";", w->site->uuids);
  proof->found = g_strconcat ("uuid ", connection->uuid, NULL);
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
