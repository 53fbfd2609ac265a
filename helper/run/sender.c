/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: finding the device and the address of somebody in a network of this machine's.
 */
#include "sender.h"

/* The narrowest of @link's networks that @address is in; NULL: none. */
static const DivertPrefix *
find_network (const DivertLink   *link,
              const DivertPrefix *address)
{
  const DivertPrefix *found = NULL;

  for (guint i = 0; i < link->addresses->len; i++)
    {
      const DivertPrefix *own = divert_prefixes_index (link->addresses, i);

      if (!divert_prefix_is_link_local (own) && divert_prefix_contains (own, address) &&
          (found == NULL || own->length > found->length))
        found = own;
    }
  return found;
}

static gboolean
is_own (const DivertLink   *link,
        const DivertPrefix *address)
{
  for (guint i = 0; i < link->addresses->len; i++)
    {
      const DivertPrefix host = divert_prefix_host (divert_prefixes_index (link->addresses, i));

      if (divert_prefix_equal (&host, address))
        return TRUE;
    }
  return FALSE;
}

/* May somebody have @address, which is in @network?  The first one of a network is its own name, and an IPv4 network's
 * last one is for all, but both are usable if there are no others. */
static gboolean
is_usable (const DivertPrefix *network,
           const DivertPrefix *address)
{
  const guint bits = divert_family_bits (network->family);
  DivertPrefix first = divert_prefix_network (network), last = first;

  if (network->length + 1u >= bits)
    return TRUE;
  for (guint bit = network->length; bit < bits; bit++)
    last.bytes[bit / 8] |= 0x80 >> bit % 8;
  first.length = last.length = bits;
  return !divert_prefix_equal (address, &first) &&
         (network->family == DIVERT_FAMILY_IPV6 || !divert_prefix_equal (address, &last));
}

/* 172.17.0.1 has 172.17.0.2, and if that is ours as well, 172.17.0.3. */
static gboolean
find_neighbour (const DivertLink   *link,
                const DivertPrefix *own,
                DivertPrefix       *ret_address)
{
  static const guint8 differences[] = { 3, 1, 2 };

  for (guint i = 0; i < G_N_ELEMENTS (differences); i++)
    {
      DivertPrefix address = divert_prefix_host (own);

      address.bytes[divert_family_bytes (address.family) - 1] ^= differences[i];
      if (divert_prefix_contains (own, &address) && is_usable (own, &address) && !is_own (link, &address))
        {
          *ret_address = address;
          return TRUE;
        }
    }
  return FALSE;
}

/* FALSE: @link has no network of that family, or nobody else is in it. */
static gboolean
find_any (const DivertLink *link,
          DivertFamily      family,
          DivertPrefix     *ret_address)
{
  for (guint i = 0; i < link->addresses->len; i++)
    {
      const DivertPrefix *own = divert_prefixes_index (link->addresses, i);

      if (own->family == family && !divert_prefix_is_link_local (own) && find_neighbour (link, own, ret_address))
        return TRUE;
    }
  return FALSE;
}

static gboolean
come_from (const DivertLink   *link,
           const DivertPrefix *address,
           DivertPacket       *packet)
{
  g_strlcpy (packet->in_interface, link->name, sizeof packet->in_interface);
  packet->has_source = address != NULL;
  if (address != NULL)
    packet->source = *address;
  return TRUE;
}

static gboolean
find_by_address (const DivertFacts  *facts,
                 const DivertPrefix *address,
                 DivertPacket       *packet)
{
  const DivertLink *found = NULL;
  int length = -1;

  if (address->family != packet->destination.family)
    return FALSE;
  for (guint i = 0; i < facts->links->len; i++)
    {
      const DivertLink *link = g_ptr_array_index (facts->links, i);
      const DivertPrefix *network = find_network (link, address);

      if (is_own (link, address))
        return FALSE;
      if (network == NULL || network->length <= length)
        continue;
      found = link;
      length = network->length;
    }
  return found != NULL && come_from (found, address, packet);
}

gboolean
divert_sender_find (const DivertFacts *facts,
                    const char        *from,
                    DivertPacket      *packet)
{
  const DivertLink *link;
  DivertPrefix address;

  if (facts == NULL)
    return FALSE;
  if (divert_address_parse (from, &address, NULL))
    return find_by_address (facts, &address, packet);
  link = divert_facts_find_link (facts, from);
  if (link == NULL)
    return FALSE;
  return come_from (link, find_any (link, packet->destination.family, &address) ? &address : NULL, packet);
}
