/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which link-layer addresses the hosts on a proven link have shown.
 *
 * Theory of operation.  When a network is swapped without carrier loss, it takes seconds until the
 * gateway turns out to be silent.  But a stranger with the NAS's address who asks for anything with
 * ARP or neighbour discovery enters the kernel's table at once, in the NAS's place.  The kernel
 * reports that, and it is reason enough to ask the gateway before anything else goes direct.
 *
 * The same happens at home when an address moves to another device, or when a NAS answers from two
 * network cards in turn.  So each host may have several addresses.  Each one is a surprise only
 * once, provided that the network is then quickly proven to be the same.  Hosts that this machine
 * is not talking to do not count.
 *
 * A stranger who shows many hosts must not make us forget the NAS.  To make room, we forget the
 * host that we have not heard from for the longest time, preferring hosts that this machine does
 * not talk to.  Having to forget one that it does talk to is a surprise as well.
 */
#include "neighbours.h"

#include <linux/neighbour.h>
#include <string.h>

/* More than any household has, and more than the kernel's own table takes. */
#define MAX_HOSTS 4096
#define MAX_MACS  4
/* How long the gateway has to answer if the network is the same. */
#define SAME_US   (500 * G_TIME_SPAN_MILLISECOND)

#define NUD_IN_USE (NUD_REACHABLE | NUD_DELAY | NUD_PROBE)
#define NUD_SHOWN  (NUD_IN_USE | NUD_STALE)

typedef struct
{
  guint        ifindex;
  DivertPrefix address;
  gboolean     in_use;
  GArray      *known;    /* DivertMac, oldest first */
  DivertMac    shown;    /* the last one */
  gint64       surprise; /* when it showed @mac; 0: nothing pending */
  DivertMac    mac;
  GList        heard;    /* in DivertNeighbours.heard */
} Host;

struct DivertNeighbours
{
  GHashTable *hosts;   /* Host, which is its own key */
  GQueue      heard;   /* the same hosts, beginning with the one not heard from for the longest time */
  GArray     *trusted; /* ifindex */
};

static guint
host_hash (gconstpointer key)
{
  const Host *host = key;
  guint hash = host->ifindex;

  for (guint i = 0; i < sizeof host->address.bytes; i++)
    hash = hash * 31 + host->address.bytes[i];
  return hash;
}

static gboolean
host_equal (gconstpointer a,
            gconstpointer b)
{
  const Host *x = a, *y = b;

  return x->ifindex == y->ifindex && divert_prefix_equal (&x->address, &y->address);
}

static void
host_free (Host *host)
{
  g_array_unref (host->known);
  g_free (host);
}

DivertNeighbours *
divert_neighbours_new (void)
{
  DivertNeighbours *neighbours = g_new0 (DivertNeighbours, 1);

  neighbours->hosts = g_hash_table_new_full (host_hash, host_equal, NULL, (GDestroyNotify) host_free);
  neighbours->trusted = g_array_new (FALSE, FALSE, sizeof (guint));
  return neighbours;
}

void
divert_neighbours_free (DivertNeighbours *neighbours)
{
  if (neighbours == NULL)
    return;
  g_hash_table_unref (neighbours->hosts);
  g_array_unref (neighbours->trusted);
  g_free (neighbours);
}

static gboolean
is_trusted (const GArray *ifindexes,
            guint         ifindex)
{
  for (guint i = 0; i < ifindexes->len; i++)
    if (g_array_index (ifindexes, guint, i) == ifindex)
      return TRUE;
  return FALSE;
}

/* Until somebody says again that the link is to be trusted. */
static void
distrust (GArray *ifindexes,
          guint   ifindex)
{
  for (guint i = ifindexes->len; i > 0; i--)
    if (g_array_index (ifindexes, guint, i - 1) == ifindex)
      g_array_remove_index_fast (ifindexes, i - 1);
}

static void
learn (Host            *host,
       const DivertMac *mac)
{
  if (divert_macs_contain (host->known, mac))
    return;
  if (host->known->len == MAX_MACS)
    g_array_remove_index (host->known, 0);
  g_array_append_vals (host->known, mac, 1);
}

void
divert_neighbours_trust (DivertNeighbours *neighbours,
                         const GArray     *ifindexes,
                         gint64            now)
{
  GHashTableIter iter;
  Host *host;

  g_hash_table_iter_init (&iter, neighbours->hosts);
  while (g_hash_table_iter_next (&iter, (gpointer *) &host, NULL))
    {
      if (host->surprise == 0 || !is_trusted (ifindexes, host->ifindex))
        continue;
      if (now - host->surprise < SAME_US)
        learn (host, &host->mac);
      host->surprise = 0;
    }
  g_array_set_size (neighbours->trusted, 0);
  g_array_append_vals (neighbours->trusted, ifindexes->data, ifindexes->len);
}

/* Makes room for one.  Returns whether it had to forget a host that this machine talks to. */
static gboolean
forget_one (DivertNeighbours *neighbours)
{
  GList *oldest = neighbours->heard.head;
  gboolean in_use;

  while (oldest != NULL && ((const Host *) oldest->data)->in_use)
    oldest = oldest->next;
  in_use = oldest == NULL;
  if (in_use)
    oldest = neighbours->heard.head;
  g_queue_unlink (&neighbours->heard, oldest);
  g_hash_table_remove (neighbours->hosts, oldest->data);
  return in_use;
}

static Host *
add (DivertNeighbours      *neighbours,
     const DivertNeighbour *neighbour)
{
  Host *host = g_new0 (Host, 1);

  host->ifindex = neighbour->ifindex;
  host->address = neighbour->address;
  host->known = g_array_new (FALSE, FALSE, sizeof (DivertMac));
  host->heard.data = host;
  g_hash_table_add (neighbours->hosts, host);
  g_queue_push_tail_link (&neighbours->heard, &host->heard);
  return host;
}

gboolean
divert_neighbours_see (DivertNeighbours      *neighbours,
                       const DivertNeighbour *neighbour,
                       gint64                 now)
{
  const Host key = { .ifindex = neighbour->ifindex, .address = neighbour->address };
  Host *host = g_hash_table_lookup (neighbours->hosts, &key);
  gboolean trusted = is_trusted (neighbours->trusted, neighbour->ifindex);
  gboolean surprise = FALSE, forgotten = FALSE;

  /* On a link that nobody trusts there is nothing to learn. */
  if ((neighbour->state & NUD_SHOWN) == 0 || !neighbour->has_mac || (host == NULL && !trusted))
    return FALSE;
  if (host == NULL)
    {
      forgotten = g_hash_table_size (neighbours->hosts) >= MAX_HOSTS && forget_one (neighbours);
      host = add (neighbours, neighbour);
    }
  if (trusted)
    {
      surprise = host->in_use && host->known->len > 0 && !divert_macs_contain (host->known, &neighbour->mac);
      if (!surprise)
        learn (host, &neighbour->mac);
    }
  if (surprise)
    {
      host->surprise = now;
      host->mac = neighbour->mac;
    }
  host->in_use = (neighbour->state & NUD_IN_USE) != 0;
  host->shown = neighbour->mac;
  g_queue_unlink (&neighbours->heard, &host->heard);
  g_queue_push_tail_link (&neighbours->heard, &host->heard);
  if (surprise || forgotten)
    distrust (neighbours->trusted, neighbour->ifindex);
  return surprise || forgotten;
}

void
divert_neighbours_add_quiet (const DivertNeighbours *neighbours,
                             GArray                 *quiet,
                             guint                   max)
{
  const GList *link = neighbours->heard.tail;

  for (guint i = 0; link != NULL && i < max; i++, link = link->prev)
    {
      const Host *host = link->data;
      const DivertNeighbour entry = { .ifindex = host->ifindex,
                                      .address = host->address,
                                      .state = NUD_SHOWN,
                                      .has_mac = TRUE,
                                      .mac = host->shown };

      if (is_trusted (neighbours->trusted, host->ifindex) && divert_macs_contain (host->known, &host->shown))
        g_array_append_val (quiet, entry);
    }
}
