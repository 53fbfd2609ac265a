/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what is learned of a network that a person trusts, and what cannot be trusted even then.
 *
 * We learn what the decision will require: the UUID, which identifies the connection, the networks
 * on the link, and the gateway's link-layer address.  If the decision could never say "here" for a
 * network, refuse it now and give the reason, instead of writing it down and leaving the person to
 * wonder later.
 */
#include "trust.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/facts/carriers.h"
#include "core/place/proof.h"
#include "core/words/escape.h"
#include "trust-private.h"

/* No network that a machine is in has a shorter prefix.  It would be a mistake or a trap. */
#define MIN_LENGTH_IPV4 8
#define MIN_LENGTH_IPV6 32

G_DEFINE_QUARK (divert-trust-error-quark, divert_trust_error)

static gboolean
refuse (DivertTrustError   code,
        const char        *problem,
        const char        *value,
        GError           **error)
{
  g_autofree char *shown = divert_escape (value != NULL ? value : "");

  g_set_error (error, DIVERT_TRUST_ERROR, code, "%s: '%s'", problem, shown);
  return FALSE;
}

/* Wi-Fi whose access point needs no secret, so anybody can pose as it. */
static gboolean
is_open (const DivertConnection *connection)
{
  static const char *const secret[] = { "wpa-psk", "sae", "wpa-eap", "wpa-eap-suite-b-192", NULL };

  return g_strcmp0 (connection->type, "802-11-wireless") == 0 &&
         (connection->key_mgmt == NULL || !g_strv_contains (secret, connection->key_mgmt));
}

static gboolean
has_zone (const DivertConnection *connection)
{
  return connection->zone != NULL && connection->zone[0] != '\0';
}

/* Does the link itself reach @address's network?  For addresses that come without one (DHCPv6). */
static gboolean
find_on_link (const DivertFacts  *facts,
              guint               ifindex,
              const DivertPrefix *address,
              DivertPrefix       *ret_network)
{
  for (guint i = 0; i < facts->routes->len; i++)
    {
      const DivertRoute *route = &g_array_index (facts->routes, DivertRoute, i);

      if (route->ifindex == ifindex && !route->has_gateway && divert_prefix_contains (&route->destination, address) &&
          route->destination.length < divert_family_bits (address->family))
        {
          *ret_network = route->destination;
          return TRUE;
        }
    }
  return FALSE;
}

static GArray *
learn_networks (const DivertFacts *facts,
                const DivertLink  *link)
{
  g_autoptr(GArray) networks = divert_prefixes_new ();

  for (guint i = 0; i < link->addresses->len; i++)
    {
      const DivertPrefix *address = divert_prefixes_index (link->addresses, i);
      guint min_length = address->family == DIVERT_FAMILY_IPV4 ? MIN_LENGTH_IPV4 : MIN_LENGTH_IPV6;
      DivertPrefix network = divert_prefix_network (address);

      if (divert_prefix_is_link_local (address))
        continue;
      if (address->length == divert_family_bits (address->family) &&
          !find_on_link (facts, link->ifindex, address, &network))
        continue;
      if (network.length >= min_length)
        divert_prefixes_add (networks, &network);
    }
  return divert_prefixes_merge (networks);
}

/* The addresses of the gateways that answered.  FALSE if one of them answered with several. */
static gboolean
learn_gateway_macs (const DivertLink *link,
                    GArray           *macs,
                    GError          **error)
{
  for (guint i = 0; i < link->gateways->len; i++)
    {
      const DivertGateway *gateway = g_ptr_array_index (link->gateways, i);

      if (gateway->state != DIVERT_GATEWAY_RESOLVED || gateway->macs->len == 0)
        continue;
      if (gateway->macs->len > 1)
        {
          g_autofree char *found = divert_macs_to_string (gateway->macs);

          return refuse (DIVERT_TRUST_ERROR_GATEWAY, _("the gateway answers with several link-layer addresses"), found,
                         error);
        }
      if (!divert_macs_contain (macs, &g_array_index (gateway->macs, DivertMac, 0)))
        g_array_append_vals (macs, gateway->macs->data, 1);
    }
  return TRUE;
}

/* A device of software tells where the machine is if a cable or a radio carries it. */
static gboolean
is_somewhere (const DivertFacts      *facts,
              const DivertConnection *connection)
{
  return divert_connection_is_real (connection) || divert_facts_is_carried (facts, connection);
}

/* What a person should hear first, worded so that it helps. */
static gboolean
check_connection (const DivertFacts      *facts,
                  const DivertConnection *connection,
                  const DivertSite       *existing,
                  GError                **error)
{
  if (!is_somewhere (facts, connection))
    return refuse (DIVERT_TRUST_ERROR_UNSUITABLE,
                   _("neither a cable nor Wi-Fi, so it says nothing of where this machine is"), connection->id, error);
  if (is_open (connection))
    return refuse (DIVERT_TRUST_ERROR_UNSUITABLE, _("an open Wi-Fi, which anybody can imitate"), connection->id, error);
  if (has_zone (connection) &&
      (existing == NULL || !g_strv_contains ((const char *const *) existing->zones, connection->zone)))
    return refuse (DIVERT_TRUST_ERROR_UNSUITABLE,
                   _("the connection's firewall zone overrules trust, and is none of the site's; unset it first"),
                   connection->zone, error);
  return TRUE;
}

static gboolean
could_be_meant (const DivertFacts      *facts,
                const DivertConnection *connection)
{
  const DivertLink *link = divert_facts_find_link (facts, connection->device);

  /* A bridge's port has no addresses of its own. */
  return connection->up && link != NULL && link->master == 0 && is_somewhere (facts, connection);
}

/* A bond below a VLAN needs no address. */
static gboolean
has_network (const DivertFacts      *facts,
             const DivertConnection *connection)
{
  const DivertLink *link = divert_facts_find_link (facts, connection->device);
  g_autoptr(GArray) networks = link != NULL ? learn_networks (facts, link) : divert_prefixes_new ();

  return networks->len > 0;
}

/* A profile that is active on two devices is in one network, or its proofs will tell the two apart.  *@found is owned
 * by @facts, and NULL if there is none. */
static gboolean
choose_connection (const DivertFacts       *facts,
                   const char              *uuid,
                   gboolean                 only_networks,
                   const DivertConnection **found,
                   GError                 **error)
{
  for (guint i = 0; i < facts->connections->len; i++)
    {
      const DivertConnection *connection = g_ptr_array_index (facts->connections, i);

      if ((uuid[0] != '\0' ? g_strcmp0 (connection->uuid, uuid) != 0 : !could_be_meant (facts, connection)) ||
          (only_networks && !has_network (facts, connection)))
        continue;
      if (*found != NULL && g_strcmp0 ((*found)->uuid, connection->uuid) != 0)
        return refuse (DIVERT_TRUST_ERROR_AMBIGUOUS, _("several connections are active, say which"), connection->id,
                       error);
      if (*found == NULL || (!(*found)->up && connection->up))
        *found = connection;
    }
  return TRUE;
}

/* Owned by @facts. */
static const DivertConnection *
find_connection (const DivertFacts  *facts,
                 const char         *uuid,
                 GError            **error)
{
  const DivertConnection *found = NULL;

  if (!choose_connection (facts, uuid, TRUE, &found, error) ||
      (found == NULL && !choose_connection (facts, uuid, FALSE, &found, error)))
    return NULL;
  if (found == NULL && uuid[0] != '\0')
    refuse (DIVERT_TRUST_ERROR_NO_CONNECTION, _("no such active connection"), uuid, error);
  else if (found == NULL)
    g_set_error_literal (error, DIVERT_TRUST_ERROR, DIVERT_TRUST_ERROR_NO_CONNECTION,
                         _("no connection by cable or Wi-Fi is active"));
  return found;
}

/* Would we be at the site now?  A pending proof does not count against it. */
static gboolean
check_proofs (const DivertSite       *site,
              const DivertConnection *connection,
              const DivertFacts      *facts,
              GError                **error)
{
  g_autoptr(DivertCandidate) candidate = divert_candidate_weigh (site, connection, facts, FALSE);

  for (guint i = 0; i < candidate->proofs->len; i++)
    {
      const DivertProof *proof = g_ptr_array_index (candidate->proofs, i);
      g_autofree char *text = NULL;

      if (proof->outcome != DIVERT_OUTCOME_FAILS)
        continue;
      text = divert_proof_to_text (proof, NULL);
      g_set_error (error, DIVERT_TRUST_ERROR, DIVERT_TRUST_ERROR_UNSUITABLE, "%s: %s",
                   _("the site asks for what this connection does not have"), text);
      return FALSE;
    }
  return TRUE;
}

static char *
make_text (DivertLearned          *learned,
           const char             *name,
           const DivertSite       *existing,
           const DivertConnection *connection,
           const DivertFacts      *facts,
           GError                **error)
{
  g_autoptr(DivertConfig) config = existing != NULL ? divert_trust_copy_site (existing, error) : divert_config_new ();
  g_autoptr(DivertConfig) check = divert_config_new ();
  g_autofree char *text = NULL;
  DivertSite *site;

  if (config == NULL)
    return NULL;
  if (existing == NULL)
    g_ptr_array_add (config->sites, divert_site_new (name, ""));
  site = g_ptr_array_index (config->sites, 0);
  divert_trust_merge (site, existing == NULL, learned);
  site->internet_direct |= (learned->direct & DIVERT_TRUST_INTERNET) != 0;
  site->dns_direct |= (learned->direct & DIVERT_TRUST_DNS) != 0;
  learned->direct = (site->internet_direct ? DIVERT_TRUST_INTERNET : 0) | (site->dns_direct ? DIVERT_TRUST_DNS : 0);
  if (!check_proofs (site, connection, facts, error))
    return NULL;

  /* The lists may exceed their limits by now.  Never write what could not be read back. */
  text = divert_site_to_text (site);
  return divert_config_add (check, name, text, strlen (text), error) ? g_steal_pointer (&text) : NULL;
}

DivertLearned *
divert_trust_learn (const DivertFacts  *facts,
                    const char         *uuid,
                    const char         *site,
                    const DivertSite   *existing,
                    guint               direct,
                    GError            **error)
{
  const DivertConnection *connection = find_connection (facts, uuid, error);
  g_autoptr(DivertLearned) learned = g_new0 (DivertLearned, 1);
  const DivertLink *link;

  if (connection == NULL || !check_connection (facts, connection, existing, error))
    return NULL;

  learned->uuid = g_strdup (connection->uuid);
  learned->id = g_strdup (connection->id);
  learned->device = g_strdup (connection->device);
  learned->direct = direct;
  learned->gateway_macs = g_array_new (FALSE, TRUE, sizeof (DivertMac));
  link = divert_facts_find_link (facts, connection->device);
  if (link != NULL)
    learned->intranet = learn_networks (facts, link);
  if (link == NULL || learned->intranet->len == 0)
    {
      refuse (DIVERT_TRUST_ERROR_NO_NETWORK, _("no address that identifies a network, on device"), learned->device,
              error);
      return NULL;
    }
  if (!learn_gateway_macs (link, learned->gateway_macs, error))
    return NULL;
  learned->text = make_text (learned, site, existing, connection, facts, error);
  return learned->text != NULL ? g_steal_pointer (&learned) : NULL;
}

char *
divert_learned_digest (const DivertLearned *learned,
                       const char          *site)
{
  g_autofree char *intranet = divert_prefixes_to_string (learned->intranet);
  g_autofree char *macs = divert_macs_to_string (learned->gateway_macs);
  const char *const parts[] = { site, learned->uuid, learned->id, learned->device, intranet, macs, learned->text };
  g_autoptr(GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  /* Include the NUL of each part, so that no part can pass a piece to its neighbour. */
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    g_checksum_update (checksum, (const guchar *) (parts[i] != NULL ? parts[i] : ""),
                       (parts[i] != NULL ? strlen (parts[i]) : 0) + 1);
  return g_strdup (g_checksum_get_string (checksum));
}

void
divert_learned_free (DivertLearned *learned)
{
  if (learned == NULL)
    return;
  g_free (learned->uuid);
  g_free (learned->id);
  g_free (learned->device);
  g_clear_pointer (&learned->intranet, g_array_unref);
  g_clear_pointer (&learned->gateway_macs, g_array_unref);
  g_free (learned->text);
  g_free (learned);
}
