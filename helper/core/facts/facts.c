/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the facts as a value.  Their text form is in facts-text.c.
 */
#include "facts.h"

#include <string.h>

DivertConnection *
divert_connection_new (void)
{
  DivertConnection *connection = g_new0 (DivertConnection, 1);

  connection->known_gateways = g_array_new (FALSE, FALSE, sizeof (DivertMac));
  return connection;
}

void
divert_connection_free (DivertConnection *connection)
{
  if (connection == NULL)
    return;
  g_free (connection->uuid);
  g_free (connection->id);
  g_free (connection->zone);
  g_free (connection->type);
  g_free (connection->device);
  g_free (connection->key_mgmt);
  g_clear_pointer (&connection->ssid, g_bytes_unref);
  g_free (connection->activation);
  g_array_unref (connection->known_gateways);
  g_free (connection);
}

const char *const divert_connection_real_types[] = { "802-3-ethernet", "802-11-wireless", NULL };

gboolean
divert_connection_is_real (const DivertConnection *connection)
{
  return !connection->external && connection->type != NULL &&
         g_strv_contains (divert_connection_real_types, connection->type);
}

gboolean
divert_connection_is_tunnel (const DivertConnection *connection)
{
  static const char *const types[] = { "wireguard", "vpn", "tun", NULL };

  return !connection->external && connection->type != NULL && g_strv_contains (types, connection->type);
}

DivertLink *
divert_link_new (void)
{
  DivertLink *link = g_new0 (DivertLink, 1);

  link->addresses = divert_prefixes_new ();
  link->arrivals = g_array_new (FALSE, FALSE, sizeof (DivertArrival));
  link->fresh = divert_prefixes_new ();
  link->gateways = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_gateway_free);
  link->routers = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_gateway_free);
  link->own_macs = g_array_new (FALSE, FALSE, sizeof (DivertMac));
  return link;
}

void
divert_link_free (DivertLink *link)
{
  if (link == NULL)
    return;
  g_free (link->name);
  g_free (link->kind);
  g_array_unref (link->addresses);
  g_array_unref (link->arrivals);
  g_array_unref (link->fresh);
  g_ptr_array_unref (link->gateways);
  g_ptr_array_unref (link->routers);
  g_array_unref (link->own_macs);
  g_free (link);
}

DivertGateway *
divert_gateway_new (const DivertPrefix *address)
{
  DivertGateway *gateway = g_new0 (DivertGateway, 1);

  gateway->address = *address;
  gateway->state = DIVERT_GATEWAY_UNKNOWN;
  gateway->macs = g_array_new (FALSE, FALSE, sizeof (DivertMac));
  return gateway;
}

void
divert_gateway_free (DivertGateway *gateway)
{
  if (gateway == NULL)
    return;
  g_array_unref (gateway->macs);
  g_free (gateway);
}

DivertBeaconFact *
divert_beacon_fact_new (const char        *site,
                        guint              ifindex,
                        DivertBeaconState  state,
                        const char        *detail)
{
  DivertBeaconFact *beacon = g_new0 (DivertBeaconFact, 1);

  beacon->site = g_strdup (site);
  beacon->ifindex = ifindex;
  beacon->state = state;
  beacon->detail = g_strdup (detail);
  return beacon;
}

void
divert_beacon_fact_free (DivertBeaconFact *beacon)
{
  if (beacon == NULL)
    return;
  g_free (beacon->site);
  g_free (beacon->detail);
  g_free (beacon);
}

void
divert_rule_order_init (DivertRuleOrder *order)
{
  *order = (DivertRuleOrder) { 0, G_MAXUINT32, FALSE };
}

DivertFacts *
divert_facts_new (void)
{
  DivertFacts *facts = g_atomic_rc_box_new0 (DivertFacts);

  facts->connections = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_connection_free);
  facts->links = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_link_free);
  facts->routes = g_array_new (FALSE, TRUE, sizeof (DivertRoute));
  facts->beacons = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_beacon_fact_free);
  facts->former = divert_prefixes_new ();
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    divert_rule_order_init (&facts->order[family]);
  facts->listening = divert_listening_new ();
  facts->units = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_unit_free);
  return facts;
}

DivertFacts *
divert_facts_ref (const DivertFacts *facts)
{
  return g_atomic_rc_box_acquire ((DivertFacts *) facts);
}

static void
clear (gpointer data)
{
  DivertFacts *facts = data;

  g_ptr_array_unref (facts->connections);
  g_ptr_array_unref (facts->links);
  g_array_unref (facts->routes);
  g_ptr_array_unref (facts->beacons);
  g_array_unref (facts->former);
  g_array_unref (facts->listening);
  g_ptr_array_unref (facts->units);
}

void
divert_facts_free (DivertFacts *facts)
{
  if (facts != NULL)
    g_atomic_rc_box_release_full (facts, clear);
}

const DivertLink *
divert_facts_find_link (const DivertFacts *facts,
                        const char        *name)
{
  for (guint i = 0; name != NULL && i < facts->links->len; i++)
    {
      const DivertLink *link = g_ptr_array_index (facts->links, i);

      if (g_strcmp0 (link->name, name) == 0)
        return link;
    }
  return NULL;
}

static int
compare_numbers (guint a,
                 guint b)
{
  return a < b ? -1 : a > b;
}

static int
compare_connections (gconstpointer a,
                     gconstpointer b)
{
  const DivertConnection *x = *(const DivertConnection *const *) a, *y = *(const DivertConnection *const *) b;
  int order = g_strcmp0 (x->uuid, y->uuid);

  return order != 0 ? order : g_strcmp0 (x->device, y->device);
}

static int
compare_links (gconstpointer a,
               gconstpointer b)
{
  const DivertLink *x = *(const DivertLink *const *) a, *y = *(const DivertLink *const *) b;

  return compare_numbers (x->ifindex, y->ifindex);
}

static int
compare_gateways (gconstpointer a,
                  gconstpointer b)
{
  const DivertGateway *x = *(const DivertGateway *const *) a, *y = *(const DivertGateway *const *) b;

  return divert_prefix_compare (&x->address, &y->address);
}

static int
compare_beacons (gconstpointer a,
                 gconstpointer b)
{
  const DivertBeaconFact *x = *(const DivertBeaconFact *const *) a, *y = *(const DivertBeaconFact *const *) b;
  int order = g_strcmp0 (x->site, y->site);

  return order != 0 ? order : compare_numbers (x->ifindex, y->ifindex);
}

static int
compare_units (gconstpointer a,
               gconstpointer b)
{
  const DivertUnit *x = *(const DivertUnit *const *) a, *y = *(const DivertUnit *const *) b;

  return g_strcmp0 (x->path, y->path);
}

static int
compare_routes (gconstpointer a,
                gconstpointer b)
{
  const DivertRoute *x = a, *y = b;
  int order = divert_prefix_compare (&x->destination, &y->destination);

  if (order == 0)
    order = compare_numbers (x->ifindex, y->ifindex);
  if (order == 0)
    order = compare_numbers (x->has_gateway, y->has_gateway);
  if (order == 0 && x->has_gateway)
    order = divert_prefix_compare (&x->gateway, &y->gateway);
  return order;
}

gboolean
divert_facts_have_left (const DivertFacts *before,
                        const DivertFacts *now)
{
  for (guint i = 0; i < before->links->len; i++)
    {
      const DivertLink *old = g_ptr_array_index (before->links, i);
      const DivertLink *link = divert_facts_find_link (now, old->name);

      if (old->carrier &&
          (link == NULL || !link->carrier || link->ifindex != old->ifindex || link->epoch != old->epoch))
        return TRUE;
    }
  return FALSE;
}

void
divert_facts_sort (DivertFacts *facts)
{
  g_ptr_array_sort (facts->connections, compare_connections);
  g_ptr_array_sort (facts->links, compare_links);
  for (guint i = 0; i < facts->links->len; i++)
    {
      DivertLink *link = g_ptr_array_index (facts->links, i);

      g_array_sort (link->addresses, (GCompareFunc) divert_prefix_compare);
      g_array_sort (link->fresh, (GCompareFunc) divert_prefix_compare);
      g_ptr_array_sort (link->gateways, compare_gateways);
      g_ptr_array_sort (link->routers, compare_gateways);
    }
  g_array_sort (facts->routes, compare_routes);
  g_ptr_array_sort (facts->beacons, compare_beacons);
  g_array_sort (facts->listening, (GCompareFunc) divert_listening_compare);
  g_ptr_array_sort (facts->units, compare_units);
}

static int
compare_names (gconstpointer a,
               gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Devices that somebody else configured (a container's bridge, the loopback) come and go without the
 * machine being moved. */
char *
divert_facts_network (const DivertFacts *facts)
{
  g_autoptr(GPtrArray) names = NULL;

  if (!facts->nm_running)
    return NULL;

  names = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < facts->connections->len; i++)
    {
      const DivertConnection *connection = g_ptr_array_index (facts->connections, i);
      g_autofree char *uuid = NULL, *device = NULL;

      if (!connection->up || connection->external)
        continue;
      /* Escaped, because hostile text must not look like two names, and because the result goes into a key file. */
      uuid = g_uri_escape_string (connection->uuid != NULL ? connection->uuid : "", NULL, FALSE);
      device = g_uri_escape_string (connection->device != NULL ? connection->device : "", NULL, FALSE);
      g_ptr_array_add (names, g_strconcat (uuid, "@", device, NULL));
    }
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  return g_strjoinv (" ", (char **) names->pdata);
}
