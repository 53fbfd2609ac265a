/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which tunnel leads to a site, and to what part of it.
 *
 * Theory of operation.  At the far end of a tunnel is whoever has the key, wherever this machine is.  So a tunnel that
 * the site's connection-uuid names needs no address in the site's subnet, no gateway that answers and no access point.
 * A firewall zone isn't enough: people put many connections into one.  What the tunnel must have is a route: only what
 * the main table sends into it may go direct.  If another device has a route for the same prefix, or for a part of it,
 * that device's network may be a stranger's, and the gate in the fence would open for it as well.
 */
#include "tunnel.h"

gboolean
divert_tunnel_is_named (const DivertSite       *site,
                        const DivertConnection *connection)
{
  return divert_connection_is_tunnel (connection) && connection->uuid != NULL &&
         g_strv_contains ((const char *const *) site->uuids, connection->uuid);
}

static gboolean
has_other_route (const DivertFacts  *facts,
                 const DivertLink   *link,
                 const DivertPrefix *prefix)
{
  for (guint i = 0; i < facts->routes->len; i++)
    {
      const DivertRoute *route = &g_array_index (facts->routes, DivertRoute, i);

      if (route->ifindex != 0 && route->ifindex != link->ifindex && route->destination.length >= prefix->length &&
          divert_prefix_overlaps (&route->destination, prefix))
        return TRUE;
    }
  return FALSE;
}

GArray *
divert_tunnel_get_routed (const DivertSite  *site,
                          const DivertLink  *link,
                          const DivertFacts *facts)
{
  g_autoptr(GArray) routed = divert_prefixes_new ();

  for (guint i = 0; i < facts->routes->len; i++)
    {
      const DivertRoute *route = &g_array_index (facts->routes, DivertRoute, i);

      for (guint j = 0; route->ifindex == link->ifindex && j < site->intranet->len; j++)
        {
          const DivertPrefix *intranet = divert_prefixes_index (site->intranet, j);
          const DivertPrefix *common = intranet->length > route->destination.length ? intranet : &route->destination;

          if (divert_prefix_overlaps (intranet, &route->destination) && !has_other_route (facts, link, common))
            divert_prefixes_add (routed, common);
        }
    }
  return divert_prefixes_merge (routed);
}
