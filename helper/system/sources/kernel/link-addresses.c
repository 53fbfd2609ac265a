/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the links' addresses as last seen.
 */
#include "link-addresses.h"

#include "core/facts/addresses.h"

#include <string.h>

typedef struct
{
  GArray *addresses; /* DivertPrefix */
  GArray *arrivals;  /* gint64, one for each address */
} Seen;

struct DivertLinkAddresses
{
  GHashTable *links; /* ifindex → Seen */
};

static void
seen_free (Seen *seen)
{
  g_array_unref (seen->addresses);
  g_array_unref (seen->arrivals);
  g_free (seen);
}

static GHashTable *
make_table (void)
{
  return g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) seen_free);
}

DivertLinkAddresses *
divert_link_addresses_new (void)
{
  DivertLinkAddresses *addresses = g_new0 (DivertLinkAddresses, 1);

  addresses->links = make_table ();
  return addresses;
}

void
divert_link_addresses_free (DivertLinkAddresses *addresses)
{
  if (addresses == NULL)
    return;
  g_hash_table_unref (addresses->links);
  g_free (addresses);
}

static const Seen *
find (const DivertLinkAddresses *addresses,
      guint                      ifindex)
{
  return g_hash_table_lookup (addresses->links, GUINT_TO_POINTER (ifindex));
}

static gint64
find_arrival (const Seen         *seen,
              const DivertPrefix *address,
              gint64              otherwise)
{
  for (guint i = 0; seen != NULL && i < seen->addresses->len; i++)
    {
      const DivertPrefix *known = divert_prefixes_index (seen->addresses, i);

      if (known->family == address->family && memcmp (known->bytes, address->bytes, sizeof known->bytes) == 0)
        return g_array_index (seen->arrivals, gint64, i);
    }
  return otherwise;
}

static Seen *
look (const Seen       *before,
      const DivertLink *link,
      gint64            now)
{
  Seen *seen = g_new (Seen, 1);

  seen->addresses = divert_prefixes_copy (link->addresses);
  seen->arrivals = g_array_new (FALSE, FALSE, sizeof (gint64));
  for (guint i = 0; i < link->addresses->len; i++)
    {
      gint64 arrival = find_arrival (before, divert_prefixes_index (link->addresses, i), now);

      g_array_append_val (seen->arrivals, arrival);
    }
  return seen;
}

void
divert_link_addresses_see (DivertLinkAddresses  *addresses,
                           const GPtrArray      *links,
                           gint64                now,
                           DivertStrangeAddress  strange,
                           gpointer              user_data)
{
  g_autoptr(GHashTable) before = g_steal_pointer (&addresses->links);

  addresses->links = make_table ();
  for (guint i = 0; i < links->len; i++)
    {
      const DivertLink *link = links->pdata[i];
      gpointer key = GUINT_TO_POINTER (link->ifindex);
      const Seen *old = g_hash_table_lookup (before, key);

      for (guint family = 0; old != NULL && family < DIVERT_N_FAMILIES; family++)
        if (divert_addresses_tell_of_another_network (old->addresses, link->addresses, family))
          strange (link->ifindex, family, user_data);
      g_hash_table_insert (addresses->links, key, look (old, link, now));
    }
}

gint64
divert_link_addresses_get_arrival (const DivertLinkAddresses *addresses,
                                   guint                      ifindex)
{
  const Seen *seen = find (addresses, ifindex);
  gint64 last = 0;

  for (guint i = 0; seen != NULL && i < seen->arrivals->len; i++)
    last = MAX (last, g_array_index (seen->arrivals, gint64, i));
  return last;
}

void
divert_link_addresses_fill (const DivertLinkAddresses *addresses,
                            DivertLink                *link)
{
  const Seen *seen = find (addresses, link->ifindex);

  for (guint i = 0; seen != NULL && i < seen->addresses->len; i++)
    {
      const DivertArrival arrival = { *divert_prefixes_index (seen->addresses, i),
                                      g_array_index (seen->arrivals, gint64, i) };

      g_array_append_val (link->arrivals, arrival);
    }
}
