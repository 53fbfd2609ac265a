/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the proofs.  One function a proof, one table of them; a new proof is a
 * new row.
 *
 * Each function gets the site, the connection and its link (NULL: the kernel has
 * none of that name), and gives outcome, what was expected and what was found.
 * All rows are weighed even when one fails already, because a person who asks
 * "why away?" wants to see them all.
 */
#include "proof.h"

#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct
{
  const DivertSite       *site;
  const DivertConnection *connection;
  const DivertLink       *link;
  const DivertFacts      *facts;
} Weighing;

/* FALSE: the site does not ask for this proof. */
typedef gboolean (*ProofFunc) (const Weighing *w, DivertProof *proof);

static DivertOutcome
outcome (gboolean holds)
{
  return holds ? DIVERT_OUTCOME_HOLDS : DIVERT_OUTCOME_FAILS;
}

/* A profile's own zone, when set, overrules the UUID list: that makes
 * "nmcli connection modify ID connection.zone X" the toggle, in both directions. */
static gboolean
weigh_identity (const Weighing *w,
                DivertProof    *proof)
{
  if (w->connection->zone != NULL && w->connection->zone[0] != '\0')
    {
      proof->outcome = outcome (g_strv_contains ((const char *const *) w->site->zones, w->connection->zone));
      proof->expected = g_strjoinv (";", w->site->zones);
      proof->found = g_strconcat ("zone ", w->connection->zone, NULL);
      return TRUE;
    }

  proof->outcome = outcome (w->connection->uuid != NULL &&
                            g_strv_contains ((const char *const *) w->site->uuids, w->connection->uuid));
  proof->expected = g_strjoinv (";", w->site->uuids);
  proof->found = g_strconcat ("uuid ", w->connection->uuid, NULL);
  return TRUE;
}

/* Only what a cable or a radio is behind: a VPN's or a bridge's addresses are
 * given by software, and say nothing of where the machine is. */
static gboolean
weigh_device (const Weighing *w,
              DivertProof    *proof)
{
  static const char *const real_types[] = { "802-3-ethernet", "802-11-wireless", NULL };

  proof->outcome = outcome (!w->connection->external && w->connection->type != NULL &&
                            g_strv_contains (real_types, w->connection->type));
  proof->expected = g_strjoinv (";", (GStrv) real_types);
  proof->found = g_strconcat (w->connection->type != NULL ? w->connection->type : "", w->connection->external ? " external" : "",
                              NULL);
  return TRUE;
}

static gboolean
weigh_link (const Weighing *w,
            DivertProof    *proof)
{
  proof->outcome = outcome (w->connection->up && w->link != NULL && w->link->carrier);
  proof->expected = g_strdup (N_("activated"));
  if (w->link == NULL)
    proof->found = g_strdup (N_("no device"));
  else if (!w->link->carrier)
    proof->found = g_strdup (N_("no carrier"));
  else
    proof->found = g_strdup (w->connection->up ? N_("activated") : N_("not activated"));
  return TRUE;
}

static char *
describe_addresses (const DivertLink *link)
{
  return link != NULL ? divert_prefixes_to_string (link->addresses) : NULL;
}

static gboolean
weigh_subnet (const Weighing *w,
              DivertProof    *proof)
{
  const GArray *subnets = divert_site_get_subnets (w->site);
  gboolean held = FALSE;

  for (guint i = 0; w->link != NULL && i < w->link->addresses->len && !held; i++)
    {
      DivertPrefix address = *divert_prefixes_index (w->link->addresses, i);

      /* The address counts, not the length that a DHCP server gave it. */
      address.length = divert_family_bits (address.family);
      held = divert_prefixes_contain (subnets, &address);
    }

  proof->expected = divert_prefixes_to_string (subnets);
  if (subnets->len == 0 && w->site->intranet_auto6)
    {
      g_autoptr(GArray) own = w->link != NULL ? divert_link_get_auto6 (w->link) : divert_prefixes_new ();

      held = own->len > 0;
      g_free (proof->expected);
      proof->expected = g_strdup ("auto6");
    }
  proof->outcome = outcome (held);
  proof->found = describe_addresses (w->link);
  return TRUE;
}

/* DHCP option 121 can send a part of the intranet to another host of the same
 * network (TunnelVision, CVE-2024-3661).  What leaves by another device needs no
 * check here: the direct rule names the device. */
static gboolean
weigh_route (const Weighing *w,
             DivertProof    *proof)
{
  proof->outcome = DIVERT_OUTCOME_HOLDS;
  proof->expected = g_strdup (N_("on-link or by the default gateway"));
  proof->found = g_strdup (proof->expected);
  if (w->link == NULL)
    return TRUE;

  for (guint i = 0; i < w->facts->routes->len; i++)
    {
      const DivertRoute *route = &g_array_index (w->facts->routes, DivertRoute, i);
      gboolean ours = FALSE, known = FALSE;

      if (route->ifindex != w->link->ifindex || !route->has_gateway)
        continue;
      for (guint j = 0; j < w->site->intranet->len && !ours; j++)
        ours = divert_prefix_overlaps (divert_prefixes_index (w->site->intranet, j), &route->destination);
      for (guint j = 0; j < w->link->gateways->len && !known; j++)
        {
          const DivertGateway *gateway = g_ptr_array_index (w->link->gateways, j);

          known = divert_prefix_equal (&gateway->address, &route->gateway);
        }
      if (ours && !known)
        {
          g_autofree char *destination = divert_prefix_to_cidr (&route->destination);
          g_autofree char *gateway = divert_prefix_to_string (&route->gateway);

          proof->outcome = DIVERT_OUTCOME_FAILS;
          g_free (proof->found);
          proof->found = g_strdup_printf ("%s via %s", destination, gateway);
          return TRUE;
        }
    }
  return TRUE;
}

static gboolean
weigh_ssid (const Weighing *w,
            DivertProof    *proof)
{
  gsize size = 0;
  const char *bytes;
  gboolean holds = FALSE;

  if (w->site->ssids[0] == NULL)
    return FALSE;

  bytes = w->connection->ssid != NULL ? g_bytes_get_data (w->connection->ssid, &size) : NULL;
  for (char **ssid = w->site->ssids; *ssid != NULL && bytes != NULL && !holds; ssid++)
    holds = strlen (*ssid) == size && memcmp (*ssid, bytes, size) == 0;

  proof->outcome = outcome (holds);
  proof->expected = g_strjoinv (";", w->site->ssids);
  proof->found = bytes != NULL ? g_strndup (bytes, size) : NULL;
  return TRUE;
}

static gboolean
weigh_bssid (const Weighing *w,
             DivertProof    *proof)
{
  if (w->site->bssids->len == 0)
    return FALSE;

  proof->outcome = outcome (w->connection->has_bssid && divert_macs_contain (w->site->bssids, &w->connection->bssid));
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

static gboolean
weigh_security (const Weighing *w,
                DivertProof    *proof)
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

  proof->outcome = outcome ((w->site->security & found) != 0);
  proof->expected = g_strdup (expected->str);
  proof->found = g_strdup (w->connection->key_mgmt != NULL ? w->connection->key_mgmt : N_("open network"));
  return TRUE;
}

static void
describe_gateway (GString             *text,
                  const DivertGateway *gateway)
{
  g_autofree char *address = divert_prefix_to_string (&gateway->address);
  g_autofree char *macs = divert_macs_to_string (gateway->macs);

  if (text->len > 0)
    g_string_append (text, ", ");
  if (gateway->state == DIVERT_GATEWAY_RESOLVED)
    {
      g_string_append_printf (text, "%s at %s", address, macs);
      return;
    }
  g_string_append_printf (text, "%s: %s", address,
                          gateway->state == DIVERT_GATEWAY_FAILED ? "no answer" : "not answered yet");
  if (gateway->macs->len > 0)
    g_string_append_printf (text, " (before: %s)", macs);
}

/* At least one gateway must have answered, and each address that any of them
 * answered with of late must be in the list: a gateway that speaks with two voices
 * is none of ours, nor is one that spoke with another's and then fell silent.  The
 * list is the site's, or else what was remembered since the connection first proved
 * it (anchors.c). */
static gboolean
weigh_gateway_mac (const Weighing *w,
                   DivertProof    *proof)
{
  g_autoptr(GString) found = g_string_new (NULL);
  const GArray *expected = w->site->gateway_macs;
  gboolean match = FALSE, stranger = FALSE, waiting = FALSE;

  if (expected->len == 0)
    expected = w->connection->known_gateways;
  if (expected->len == 0)
    {
      proof->outcome = DIVERT_OUTCOME_FAILS;
      proof->expected = g_strdup (N_("the one of before the carrier was lost"));
      proof->found = g_strdup (N_("not known"));
      return w->connection->returned;
    }

  for (guint i = 0; w->link != NULL && i < w->link->gateways->len; i++)
    {
      const DivertGateway *gateway = g_ptr_array_index (w->link->gateways, i);

      waiting |= gateway->state == DIVERT_GATEWAY_UNKNOWN || gateway->state == DIVERT_GATEWAY_PENDING;
      for (guint j = 0; j < gateway->macs->len; j++)
        {
          if (!divert_macs_contain (expected, &g_array_index (gateway->macs, DivertMac, j)))
            stranger = TRUE;
          else if (gateway->state == DIVERT_GATEWAY_RESOLVED)
            match = TRUE;
        }
      describe_gateway (found, gateway);
    }

  if (stranger)
    proof->outcome = DIVERT_OUTCOME_FAILS;
  else if (match)
    proof->outcome = DIVERT_OUTCOME_HOLDS;
  else
    proof->outcome = waiting ? DIVERT_OUTCOME_PENDING : DIVERT_OUTCOME_FAILS;
  proof->expected = divert_macs_to_string (expected);
  proof->found = g_strdup (found->len > 0 ? found->str : N_("no gateway"));
  return TRUE;
}

static gboolean
weigh_beacon (const Weighing *w,
              DivertProof    *proof)
{
  g_autofree char *address = NULL;

  if (!w->site->has_beacon)
    return FALSE;

  address = divert_prefix_to_string (&w->site->beacon.address);
  proof->expected = g_strdup_printf (w->site->beacon.address.family == DIVERT_FAMILY_IPV6 ? "[%s]:%u" : "%s:%u", address,
                                     w->site->beacon.port);
  proof->outcome = DIVERT_OUTCOME_PENDING;
  proof->found = NULL;
  for (guint i = 0; w->link != NULL && i < w->facts->beacons->len; i++)
    {
      const DivertBeaconFact *beacon = g_ptr_array_index (w->facts->beacons, i);

      if (beacon->ifindex != w->link->ifindex || g_strcmp0 (beacon->site, w->site->name) != 0)
        continue;
      if (beacon->state != DIVERT_BEACON_PENDING)
        proof->outcome = outcome (beacon->state == DIVERT_BEACON_PROVEN);
      proof->found = g_strdup (beacon->detail);
    }
  return TRUE;
}

static const ProofFunc proof_funcs[] = {
  [DIVERT_PROOF_IDENTITY] = weigh_identity,
  [DIVERT_PROOF_DEVICE] = weigh_device,
  [DIVERT_PROOF_LINK] = weigh_link,
  [DIVERT_PROOF_SUBNET] = weigh_subnet,
  [DIVERT_PROOF_ROUTE] = weigh_route,
  [DIVERT_PROOF_SSID] = weigh_ssid,
  [DIVERT_PROOF_BSSID] = weigh_bssid,
  [DIVERT_PROOF_SECURITY] = weigh_security,
  [DIVERT_PROOF_GATEWAY_MAC] = weigh_gateway_mac,
  [DIVERT_PROOF_BEACON] = weigh_beacon,
};
G_STATIC_ASSERT (G_N_ELEMENTS (proof_funcs) == DIVERT_N_PROOFS);

/* What even a person's word does not replace. */
static gboolean
is_asked_when_forced (DivertProofKind kind)
{
  return kind == DIVERT_PROOF_DEVICE || kind == DIVERT_PROOF_LINK || kind == DIVERT_PROOF_SUBNET || kind == DIVERT_PROOF_ROUTE;
}

static void
proof_free (DivertProof *proof)
{
  g_free (proof->expected);
  g_free (proof->found);
  g_free (proof);
}

DivertCandidate *
divert_candidate_weigh (const DivertSite       *site,
                        const DivertConnection *connection,
                        const DivertFacts      *facts,
                        gboolean                forced)
{
  Weighing w = { site, connection, divert_facts_find_link (facts, connection->device), facts };
  DivertCandidate *candidate = g_new0 (DivertCandidate, 1);

  candidate->site = g_strdup (site->name);
  candidate->uuid = g_strdup (connection->uuid != NULL ? connection->uuid : "");
  candidate->id = g_strdup (connection->id != NULL ? connection->id : "");
  candidate->device = g_strdup (connection->device != NULL ? connection->device : "");
  candidate->ifindex = w.link != NULL ? w.link->ifindex : 0;
  candidate->identified = forced;
  candidate->proven = TRUE;
  candidate->proofs = g_ptr_array_new_with_free_func ((GDestroyNotify) proof_free);

  for (guint kind = 0; kind < DIVERT_N_PROOFS; kind++)
    {
      DivertProof *proof;

      if (forced && !is_asked_when_forced (kind))
        continue;

      proof = g_new0 (DivertProof, 1);
      proof->kind = kind;
      if (!proof_funcs[kind](&w, proof))
        {
          proof_free (proof);
          continue;
        }
      if (proof->expected == NULL)
        proof->expected = g_strdup ("");
      if (proof->found == NULL)
        proof->found = g_strdup ("");
      g_ptr_array_add (candidate->proofs, proof);

      if (kind == DIVERT_PROOF_IDENTITY)
        candidate->identified = proof->outcome == DIVERT_OUTCOME_HOLDS;
      if (proof->outcome != DIVERT_OUTCOME_HOLDS)
        candidate->proven = FALSE;
    }

  candidate->pending = !candidate->proven;
  for (guint i = 0; i < candidate->proofs->len; i++)
    if (((DivertProof *) g_ptr_array_index (candidate->proofs, i))->outcome == DIVERT_OUTCOME_FAILS)
      candidate->pending = FALSE;
  return candidate;
}

void
divert_candidate_free (DivertCandidate *candidate)
{
  if (candidate == NULL)
    return;
  g_free (candidate->site);
  g_free (candidate->uuid);
  g_free (candidate->id);
  g_free (candidate->device);
  g_ptr_array_unref (candidate->proofs);
  g_free (candidate);
}

const DivertProof *
divert_candidate_find_proof (const DivertCandidate *candidate,
                             DivertProofKind        kind)
{
  for (guint i = 0; i < candidate->proofs->len; i++)
    {
      const DivertProof *proof = g_ptr_array_index (candidate->proofs, i);

      if (proof->kind == kind)
        return proof;
    }
  return NULL;
}

gboolean
divert_candidate_holds_but_for (const DivertCandidate *candidate,
                                DivertProofKind        kind)
{
  for (guint i = 0; i < candidate->proofs->len; i++)
    {
      const DivertProof *proof = g_ptr_array_index (candidate->proofs, i);

      if (proof->kind != kind && proof->outcome != DIVERT_OUTCOME_HOLDS)
        return FALSE;
    }
  return TRUE;
}

/* Prefixes longer than /64 are single addresses (DHCPv6), shorter than /48 more
 * than one household's: neither is a link's own. */
GArray *
divert_link_get_auto6 (const DivertLink *link)
{
  g_autoptr(GArray) prefixes = divert_prefixes_new ();

  for (guint i = 0; i < link->addresses->len; i++)
    {
      const DivertPrefix *address = divert_prefixes_index (link->addresses, i);
      DivertPrefix network = divert_prefix_network (address);

      if (address->family == DIVERT_FAMILY_IPV6 && address->length >= 48 && address->length <= 64 &&
          !divert_prefix_is_link_local (address))
        divert_prefixes_add (prefixes, &network);
    }
  return divert_prefixes_merge (prefixes);
}
