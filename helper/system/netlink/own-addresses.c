/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: reading the addresses, and looking one up quickly among many.
 */
#include "own-addresses.h"

#include "kernel-parse.h"
#include "netlink.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

struct DivertOwnAddresses
{
  GHashTable *table; /* DivertPrefix of full length */
};

static guint
hash (gconstpointer key)
{
  const DivertPrefix *address = key;
  guint value = address->family;

  for (guint i = 0; i < divert_family_bytes (address->family); i++)
    value = value * 31 + address->bytes[i];
  return value;
}

static gboolean
equal (gconstpointer a,
       gconstpointer b)
{
  return divert_prefix_equal (a, b);
}

static void
see_address (struct nlmsghdr *header,
             gpointer         user_data)
{
  DivertOwnAddresses *own = user_data;
  DivertLinkAddress address;

  /* Include tentative ones: nobody else may use them. */
  if (!divert_kernel_parse_address (header, &address))
    return;
  address.address.length = divert_family_bits (address.address.family);
  g_hash_table_add (own->table, g_memdup2 (&address.address, sizeof address.address));
}

DivertOwnAddresses *
divert_own_addresses_read (GError **error)
{
  const struct ifaddrmsg any = { .ifa_family = AF_UNSPEC };
  g_autoptr(DivertNetlinkMessage) msg = divert_netlink_message_new (RTM_GETADDR, 0, &any, sizeof any);
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_ROUTE, error);
  g_autoptr(DivertOwnAddresses) own = g_new0 (DivertOwnAddresses, 1);

  own->table = g_hash_table_new_full (hash, equal, g_free, NULL);
  if (netlink == NULL || !divert_netlink_dump (netlink, msg, see_address, own, NULL, error))
    return NULL;
  return g_steal_pointer (&own);
}

void
divert_own_addresses_free (DivertOwnAddresses *own)
{
  if (own == NULL)
    return;
  g_hash_table_unref (own->table);
  g_free (own);
}

gboolean
divert_own_addresses_contain (const DivertOwnAddresses *own,
                              const DivertPrefix       *address)
{
  if (address->family == DIVERT_FAMILY_IPV4 && address->bytes[0] == 127)
    return TRUE;
  return g_hash_table_contains (own->table, address);
}

GArray *
divert_own_addresses_list (const DivertOwnAddresses *own)
{
  GArray *addresses = divert_prefixes_new ();
  GHashTableIter iter;
  DivertPrefix loopback;
  gpointer address;

  g_assert (divert_prefix_parse ("127.0.0.0/8", &loopback, NULL));
  divert_prefixes_add (addresses, &loopback);
  g_hash_table_iter_init (&iter, own->table);
  while (g_hash_table_iter_next (&iter, &address, NULL))
    divert_prefixes_add (addresses, address);
  return addresses;
}
