/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which devices lead to an own LAN.
 *
 * Theory of operation.  What comes in by such a device, from an address of its network, may be handed
 * to the proxy.  If a device led to strangers instead, the proxy would work for them: an open relay,
 * into the intranet even.  So a device counts only if nothing speaks against it, and the fence holds
 * what comes from all others.
 *
 * Found by kind:
 *
 * - A device whose connection NetworkManager shares.  A person asked for that.
 * - A bridge whose ports are all taps or veths: virtual machines and containers.  A port with hardware,
 *   a VLAN or a tunnel may have strangers behind it.  So may a veth whose other end is here and is used:
 *   it leads to what it is a port of, and to what is on it.  A container's other end is in another
 *   namespace.  While it is on its way there, it is used by nothing.
 *
 * A tap without a bridge doesn't count, because the kernel doesn't say whether a virtual machine holds its
 * other end or an overlay network (ZeroTier, OpenVPN), where everybody has an address of its network.  Nor
 * does a veth, because we may be on either side of it.
 *
 * With forward-devices=, the devices with these names count, whatever their kind.
 *
 * What leaves by a device with nothing but own guests behind it reaches no stranger, so the guard asks no more of it.
 * That is a wider notion: it doesn't depend on forward=, or on the device's addresses, and a container's veth without a
 * bridge counts, too (LXD calls it routed).
 *
 * An uplink never counts: a device with a gateway (for any destination), one that proves a site, or one
 * on which NetworkManager has activated a connection that is not shared.
 */
#include "lans.h"

static gboolean
has_route_by_gateway (const DivertFacts *facts,
                      const DivertLink  *link)
{
  for (guint i = 0; i < facts->routes->len; i++)
    {
      const DivertRoute *route = &g_array_index (facts->routes, DivertRoute, i);

      if (route->ifindex == link->ifindex && route->has_gateway)
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_exit (const DivertDecision *decision,
         const DivertLink     *link)
{
  for (guint i = 0; i < decision->exits->len; i++)
    if (g_str_equal (((DivertExit *) g_ptr_array_index (decision->exits, i))->device, link->name))
      return TRUE;
  return FALSE;
}

/* NULL: NetworkManager has nothing of its own there. */
static const DivertConnection *
find_connection (const DivertFacts *facts,
                 const DivertLink  *link)
{
  for (guint i = 0; i < facts->connections->len; i++)
    {
      const DivertConnection *connection = g_ptr_array_index (facts->connections, i);

      if (!connection->external && g_strcmp0 (connection->device, link->name) == 0)
        return connection;
    }
  return NULL;
}

/* Does anything use the other end of this veth? */
static gboolean
leads_on (const DivertFacts *facts,
          const DivertLink  *link)
{
  for (guint i = 0; link->peer != 0 && i < facts->links->len; i++)
    {
      const DivertLink *other = g_ptr_array_index (facts->links, i);

      if (other->lower == link->peer || (other->ifindex == link->peer && other->master != 0))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_virtual_port (const DivertFacts *facts,
                 const DivertLink  *link)
{
  return g_strcmp0 (link->kind, "tap") == 0 || (g_strcmp0 (link->kind, "veth") == 0 && !leads_on (facts, link));
}

static gboolean
has_other_port (const DivertFacts *facts,
                const DivertLink  *bridge)
{
  for (guint i = 0; i < facts->links->len; i++)
    {
      const DivertLink *link = g_ptr_array_index (facts->links, i);

      if (link->master == bridge->ifindex && !is_virtual_port (facts, link))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_named (const DivertConfig *config,
          const char         *name)
{
  for (guint i = 0; i < config->forward_devices->len; i++)
    if (g_str_equal (g_ptr_array_index (config->forward_devices, i), name))
      return TRUE;
  return FALSE;
}

static gboolean
is_of_kind (const DivertFacts *facts,
            const DivertLink  *link)
{
  return g_strcmp0 (link->kind, "bridge") == 0 && !has_other_port (facts, link);
}

static gboolean
is_uplink (const DivertDecision *decision,
           const DivertFacts    *facts,
           const DivertLink     *link)
{
  return link->gateways->len > 0 || has_route_by_gateway (facts, link) || is_exit (decision, link);
}

static gboolean
is_lan (const DivertConfig   *config,
        const DivertDecision *decision,
        const DivertFacts    *facts,
        const DivertLink     *link)
{
  const DivertConnection *connection = find_connection (facts, link);

  if (is_uplink (decision, facts, link))
    return FALSE;
  if (config->forward_devices->len > 0)
    return is_named (config, link->name);
  return connection != NULL ? connection->shared && connection->up : is_of_kind (facts, link);
}

/* An address without a network says nothing about its neighbours. */
static GArray *
collect_prefixes (const DivertLink *link)
{
  g_autoptr(GArray) networks = divert_prefixes_new ();

  for (guint i = 0; i < link->addresses->len; i++)
    {
      const DivertPrefix *address = divert_prefixes_index (link->addresses, i);
      const DivertPrefix network = divert_prefix_network (address);

      if (address->length > 0 && address->length < divert_family_bits (address->family) &&
          !divert_prefix_is_link_local (address))
        divert_prefixes_add (networks, &network);
    }
  return divert_prefixes_merge (networks);
}

static void
lan_free (gpointer data)
{
  DivertLan *lan = data;

  g_free (lan->name);
  g_array_unref (lan->prefixes);
  g_free (lan);
}

static int
compare_lans (gconstpointer a,
              gconstpointer b)
{
  return g_strcmp0 ((*(const DivertLan *const *) a)->name, (*(const DivertLan *const *) b)->name);
}

GPtrArray *
divert_lans_collect (const DivertConfig   *config,
                     const DivertDecision *decision,
                     const DivertFacts    *facts)
{
  GPtrArray *lans = g_ptr_array_new_with_free_func (lan_free);

  for (guint i = 0; facts != NULL && config->forward != DIVERT_FORWARD_NONE && i < facts->links->len; i++)
    {
      const DivertLink *link = g_ptr_array_index (facts->links, i);
      g_autoptr(GArray) prefixes = collect_prefixes (link);
      DivertLan *lan;

      if (prefixes->len == 0 || !is_lan (config, decision, facts, link))
        continue;
      lan = g_new0 (DivertLan, 1);
      lan->name = g_strdup (link->name);
      lan->prefixes = g_steal_pointer (&prefixes);
      g_ptr_array_add (lans, lan);
    }
  g_ptr_array_sort (lans, compare_lans);
  return lans;
}

gboolean
divert_lans_is_inner (const DivertConfig   *config,
                      const DivertDecision *decision,
                      const DivertFacts    *facts,
                      const DivertLink     *link)
{
  const gboolean is_guest = g_strcmp0 (link->kind, "veth") == 0 && link->master == 0 && !leads_on (facts, link);

  if (is_uplink (decision, facts, link))
    return FALSE;
  if (is_named (config, link->name))
    return TRUE;
  /* Any user may have NetworkManager share a device of his own. */
  return find_connection (facts, link) == NULL && (is_of_kind (facts, link) || is_guest);
}

/* Do frames pass the rules there, whatever addresses they have?  A bridge that will yet get an address has no ports. */
static gboolean
is_bare_bridge (const DivertFacts *facts,
                const DivertLink  *link,
                const GArray      *prefixes)
{
  gboolean has_port = FALSE;

  if (!facts->bridge_calls || prefixes->len > 0 || g_strcmp0 (link->kind, "bridge") != 0)
    return FALSE;
  for (guint i = 0; i < facts->links->len && !has_port; i++)
    has_port = ((const DivertLink *) g_ptr_array_index (facts->links, i))->master == link->ifindex;
  return has_port;
}

/* Does the routing table send a part of @intranets there, or may frames for it pass there? */
static gboolean
may_have_part (const DivertFacts *facts,
               const DivertLink  *link,
               const GArray      *intranets)
{
  g_autoptr(GArray) prefixes = collect_prefixes (link);

  if (is_bare_bridge (facts, link, prefixes))
    return TRUE;
  for (guint i = 0; i < facts->routes->len; i++)
    {
      const DivertRoute *route = &g_array_index (facts->routes, DivertRoute, i);

      if (route->ifindex == link->ifindex)
        divert_prefixes_add (prefixes, &route->destination);
    }
  return divert_prefixes_overlap (prefixes, intranets);
}

GPtrArray *
divert_lans_list_inner (const DivertConfig   *config,
                        const DivertDecision *decision,
                        const DivertFacts    *facts,
                        const GArray         *intranets)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; facts != NULL && i < facts->links->len; i++)
    {
      const DivertLink *link = g_ptr_array_index (facts->links, i);

      if (may_have_part (facts, link, intranets) && divert_lans_is_inner (config, decision, facts, link))
        g_ptr_array_add (names, g_strdup (link->name));
    }
  return names;
}

GArray *
divert_lans_list_networks (const DivertConfig   *config,
                           const DivertDecision *decision,
                           const DivertFacts    *facts)
{
  g_autoptr(GPtrArray) lans = divert_lans_collect (config, decision, facts);
  g_autoptr(GArray) networks = divert_prefixes_new ();

  for (guint i = 0; i < lans->len; i++)
    {
      const GArray *prefixes = ((DivertLan *) g_ptr_array_index (lans, i))->prefixes;

      g_array_append_vals (networks, prefixes->data, prefixes->len);
    }
  return divert_prefixes_merge (networks);
}
