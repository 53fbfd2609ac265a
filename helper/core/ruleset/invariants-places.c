/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: where the walked packets go to, and by which interfaces.
 */
#include "invariants-private.h"

#define MAX_OWN_WAYS (DIVERT_MAX_WAYS - 4)

/* Of those in dns-except. */
#define MAX_SERVERS 4

/* The next or the previous address. */
static gboolean
step (DivertPrefix *address,
      int           by)
{
  for (int i = divert_family_bytes (address->family) - 1; i >= 0; i--)
    {
      address->bytes[i] += by;
      if (address->bytes[i] != (by > 0 ? 0 : 255))
        return TRUE;
    }
  return FALSE;
}

/* Addresses in and around the prefix: the first, the last, the NAS, and the neighbours at both ends. */
static void
collect_addresses (GArray             *addresses,
                   const DivertPrefix *prefix)
{
  DivertPrefix first = divert_prefix_network (prefix), last, nas;

  first.length = divert_family_bits (prefix->family);
  last = first;
  for (guint bit = prefix->length; bit < first.length; bit++)
    last.bytes[bit / 8] |= 0x80 >> bit % 8;
  nas = first;
  nas.bytes[divert_family_bytes (prefix->family) - 1] |= 2;
  g_array_append_val (addresses, first);
  g_array_append_val (addresses, last);
  g_array_append_val (addresses, nas);
  if (step (&first, -1))
    g_array_append_val (addresses, first);
  if (step (&last, 1))
    g_array_append_val (addresses, last);
}

GArray *
divert_world_list_addresses (const DivertWorld *world)
{
  static const char *const others[] = { "203.0.113.7", "10.9.9.9", "169.254.7.7", "224.0.0.251", "255.255.255.255",
                                        "2001:db8:77::7", "fe80::7", "ff02::fb", "fc00:9::9" };
  GArray *addresses = divert_prefixes_new ();

  for (guint i = 0; i < world->intranets->len; i++)
    collect_addresses (addresses, divert_prefixes_index (world->intranets, i));
  for (guint i = 0; i < MIN (world->config->dns_except->len, MAX_SERVERS); i++)
    collect_addresses (addresses, divert_prefixes_index (world->config->dns_except, i));
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      DivertPrefix address;

      g_assert (divert_address_parse (others[i], &address, NULL));
      g_array_append_val (addresses, address);
    }
  return addresses;
}

static DivertWay *
add_way (DivertWay  *ways,
         guint      *n_ways,
         const char *interface,
         const char *source4,
         const char *source6)
{
  DivertWay *way = &ways[(*n_ways)++];

  way->interface = interface;
  g_assert (divert_address_parse (source4, &way->sources[DIVERT_FAMILY_IPV4], NULL));
  g_assert (divert_address_parse (source6, &way->sources[DIVERT_FAMILY_IPV6], NULL));
  return way;
}

/* From the first address of each family in @addresses, if it has any. */
static void
add_own_way (DivertWay    *ways,
             guint        *n_ways,
             const char   *interface,
             const GArray *addresses)
{
  DivertWay *way = add_way (ways, n_ways, interface, "10.7.7.7", "2001:db8:b::1");

  for (guint i = addresses->len; i > 0; i--)
    {
      const DivertPrefix *address = divert_prefixes_index (addresses, i - 1);

      way->sources[address->family] = *address;
      way->sources[address->family].length = divert_family_bits (address->family);
    }
}

/* The fence is a link, too.  NULL: there is no other. */
static const DivertLink *
find_link (const DivertFacts *facts)
{
  for (guint i = 0; i < facts->links->len; i++)
    {
      const DivertLink *link = g_ptr_array_index (facts->links, i);

      if (!g_str_equal (link->name, DIVERT_FENCE_DEVICE) && link->addresses->len > 0)
        return link;
    }
  return NULL;
}

guint
divert_world_list_ways (const DivertWorld *world,
                        const DivertFacts *facts,
                        DivertWay         *ret_ways)
{
  const GPtrArray *exits = world->decision->exits;
  const DivertLink *link = find_link (facts);
  const char *interface = link != NULL ? link->name : "nowhere0";
  guint n_ways = 0;

  for (guint i = 0; i < MIN (exits->len, MAX_OWN_WAYS); i++)
    {
      const DivertExit *way_out = g_ptr_array_index (exits, i);

      add_own_way (ret_ways, &n_ways, way_out->device, way_out->sources);
      interface = way_out->device;
    }
  if (exits->len == 0 && link != NULL)
    add_own_way (ret_ways, &n_ways, interface, link->addresses);
  add_way (ret_ways, &n_ways, interface, "10.7.7.7", "2001:db8:b::1");
  /* While the device has no address.  Over IPv6 a socket goes on sending from one that is gone. */
  add_way (ret_ways, &n_ways, interface, "0.0.0.0", "2001:db8:b::9")->is_bare = TRUE;
  for (guint i = 0; i < 2; i++)
    {
      ret_ways[n_ways] = ret_ways[0];
      ret_ways[n_ways++].interface = i == 0 ? "elsewhere0" : DIVERT_FENCE_DEVICE;
    }
  return n_ways;
}
