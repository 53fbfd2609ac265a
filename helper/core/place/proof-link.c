/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the proofs that rest on what the kernel says of the link, and on who answers on it.
 */
#include <glib/gi18n-lib.h>

#include "core/facts/auto6.h"
#include "core/facts/carriers.h"
#include "proof-private.h"
#include "router.h"
#include "tunnel.h"

/* A bridge has a carrier as long as any port has one, a virtual machine's, say.  Only those count that tell where the
 * machine is. */
static gboolean
has_carrier (const DivertWeighing *w)
{
  g_autoptr(GPtrArray) carriers = divert_facts_find_carriers (w->facts, w->link);
  gboolean any = carriers->len == 0;

  for (guint i = 0; i < carriers->len; i++)
    any |= ((const DivertLink *) g_ptr_array_index (carriers, i))->carrier;
  return any && w->link->carrier;
}

gboolean
divert_proof_weigh_link (const DivertWeighing *w,
                         DivertProof          *proof)
{
  const gboolean carrier = w->link != NULL && has_carrier (w);

  proof->outcome = divert_proof_outcome (w->connection->up && carrier);
  proof->expected = g_strdup (N_("activated"));
  if (w->link == NULL)
    proof->found = g_strdup (N_("no device"));
  else if (!carrier)
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

gboolean
divert_proof_weigh_subnet (const DivertWeighing *w,
                           DivertProof          *proof)
{
  const GArray *subnets = divert_site_get_subnets (w->site);
  gboolean held = FALSE;

  for (guint i = 0; w->link != NULL && i < w->link->addresses->len && !held; i++)
    {
      DivertPrefix address = *divert_prefixes_index (w->link->addresses, i);

      /* Only the address counts, not the prefix length that a DHCP server gave it. */
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
  proof->outcome = divert_proof_outcome (held);
  proof->found = describe_addresses (w->link);
  return TRUE;
}

static void
weigh_tunnel_route (const DivertWeighing *w,
                    DivertProof          *proof)
{
  g_autoptr(GArray) routed = w->link != NULL ? divert_tunnel_get_routed (w->site, w->link, w->facts)
                                             : divert_prefixes_new ();

  proof->outcome = divert_proof_outcome (routed->len > 0);
  proof->expected = g_strdup (N_("through this tunnel only"));
  proof->found = divert_prefixes_to_string (routed);
}

static gboolean
is_default_gateway (const DivertLink   *link,
                    const DivertPrefix *address)
{
  for (guint i = 0; i < link->gateways->len; i++)
    if (divert_prefix_equal (&((const DivertGateway *) g_ptr_array_index (link->gateways, i))->address, address))
      return TRUE;
  return FALSE;
}

/* Does @route lead a part of @intranet to a host that is neither a default gateway nor the router that it is behind? */
static gboolean
leads_astray (const DivertWeighing *w,
              const GArray         *intranet,
              const DivertRoute    *route)
{
  if (route->ifindex != w->link->ifindex || !route->has_gateway || is_default_gateway (w->link, &route->gateway))
    return FALSE;
  for (guint i = 0; i < intranet->len; i++)
    {
      const DivertPrefix *prefix = divert_prefixes_index (intranet, i);
      const DivertPrefix *part = prefix->length > route->destination.length ? prefix : &route->destination;

      if (divert_prefix_overlaps (prefix, &route->destination) && !divert_routers_lead (w->site, &route->gateway, part))
        return TRUE;
    }
  return FALSE;
}

/* DHCP option 121 can send part of the intranet to another host in the same network (TunnelVision,
 * CVE-2024-3661).  Routes through other devices need no check here, because the rules for what goes direct, and those
 * of the guard for what is left alone, name the device. */
gboolean
divert_proof_weigh_route (const DivertWeighing *w,
                          DivertProof          *proof)
{
  g_autoptr(GArray) intranet = divert_prefixes_copy (w->site->intranet);

  if (divert_tunnel_is_named (w->site, w->connection))
    {
      weigh_tunnel_route (w, proof);
      return TRUE;
    }
  proof->outcome = DIVERT_OUTCOME_HOLDS;
  proof->expected = g_strdup (w->site->routers->len > 0 ? N_("on-link, by the default gateway, or by its router")
                                                        : N_("on-link or by the default gateway"));
  proof->found = g_strdup (proof->expected);
  if (w->link == NULL)
    return TRUE;
  if (w->site->intranet_auto6)
    {
      g_autoptr(GArray) own = divert_link_get_auto6 (w->link);

      g_array_append_vals (intranet, own->data, own->len);
    }

  for (guint i = 0; i < w->facts->routes->len; i++)
    {
      const DivertRoute *route = &g_array_index (w->facts->routes, DivertRoute, i);

      if (leads_astray (w, intranet, route))
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

void
divert_gateway_describe (GString             *text,
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

/* At least one gateway must have answered, and every address that any of them recently answered with must
 * be in the list.  So a gateway that answers with a stranger's address as well is not ours, and neither
 * is one that did so and then fell silent.  The list is the site's.  If the site has none, it is what
 * anchors.c remembered since the connection first proved the site; in that case a newcomer proves nothing
 * yet, for or against. */
gboolean
divert_proof_weigh_gateway_mac (const DivertWeighing *w,
                                DivertProof          *proof)
{
  g_autoptr(GString) found = g_string_new (NULL);
  const GArray *expected = w->site->gateway_macs;
  gboolean match = FALSE, stranger = FALSE, waiting = FALSE, anchored = expected->len == 0;

  if (anchored)
    expected = w->connection->known_gateways;
  if (expected->len == 0)
    {
      proof->outcome = DIVERT_OUTCOME_FAILS;
      proof->expected = g_strdup (N_("the gateway from before the carrier was lost"));
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
            stranger |= !anchored || !gateway->newcomer;
          else if (gateway->state == DIVERT_GATEWAY_RESOLVED)
            match = TRUE;
        }
      divert_gateway_describe (found, gateway);
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

gboolean
divert_proof_weigh_beacon (const DivertWeighing *w,
                           DivertProof          *proof)
{
  g_autofree char *address = NULL;

  if (!w->site->has_beacon)
    return FALSE;

  address = divert_prefix_to_string (&w->site->beacon.address);
  proof->expected = g_strdup_printf (w->site->beacon.address.family == DIVERT_FAMILY_IPV6 ? "[%s]:%u" : "%s:%u",
                                     address, w->site->beacon.port);
  proof->outcome = DIVERT_OUTCOME_PENDING;
  proof->found = NULL;
  for (guint i = 0; w->link != NULL && i < w->facts->beacons->len; i++)
    {
      const DivertBeaconFact *beacon = g_ptr_array_index (w->facts->beacons, i);

      if (beacon->ifindex != w->link->ifindex || g_strcmp0 (beacon->site, w->site->name) != 0)
        continue;
      if (beacon->state != DIVERT_BEACON_PENDING)
        proof->outcome = divert_proof_outcome (beacon->state == DIVERT_BEACON_PROVEN);
      proof->found = g_strdup (beacon->detail);
    }
  return TRUE;
}
