/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the list of default gateways, and the clock that they share.
 *
 * We forget the answers whenever the link may lead to another network now: the carrier is gone, or
 * was gone for a moment (the kernel counts that, although it may tell us late or never, K4.1), an
 * address or a default route was removed, an address of another network arrived, a host appeared in
 * another one's place, or somebody tells us to.
 *
 * Each time, an epoch of the link ends, and with it whatever was proven through the link.  An epoch
 * also ends when a gateway that had answered falls silent, shows another address or is no longer a
 * gateway.  Its answers may still be known then, but nothing else reveals a network swapped without
 * carrier loss.  The number of an epoch is never reused, because a recreated link may have the
 * number and the name of one that is gone.
 */
#include "gateway.h"

#include "gateway-resolution.h"
#include "link-addresses.h"
#include "neighbours.h"

/* More than any real machine has.  Further gateways stay UNKNOWN, which proves nothing. */
#define MAX_GATEWAYS 256

struct DivertGateways
{
  DivertNetlink       *netlink;
  DivertLookAgain      changed;
  gpointer             user_data;
  GPtrArray           *list;     /* DivertResolution */
  GHashTable          *seen;     /* ifindex → DivertLinkState, when last seen */
  GHashTable          *epochs;   /* ifindex → the number of its epoch */
  guint                epoch;    /* the number of the epoch that began for all links */
  guint                n_epochs; /* the highest number so far */
  DivertLinkAddresses *addresses;
  DivertNeighbours    *neighbours;
  GSource             *timer;
};

static void
set_timer (DivertGateways *gateways)
{
  gint64 next = G_MAXINT64;

  for (guint i = 0; i < gateways->list->len; i++)
    next = MIN (next, divert_resolution_next_tick (gateways->list->pdata[i]));
  g_source_set_ready_time (gateways->timer, next == G_MAXINT64 ? -1 : next);
}

static void
begin_epoch (DivertGateways *gateways,
             guint           ifindex)
{
  gateways->n_epochs++;
  if (ifindex == 0)
    gateways->epoch = gateways->n_epochs;
  else
    g_hash_table_insert (gateways->epochs, GUINT_TO_POINTER (ifindex), GUINT_TO_POINTER (gateways->n_epochs));
}

static void
take_doubt (DivertGateways   *gateways,
            DivertResolution *resolution)
{
  if (divert_resolution_take_doubt (resolution))
    begin_epoch (gateways, resolution->ifindex);
}

static gboolean
dispatch (GSource     *source,
          GSourceFunc  callback,
          gpointer     user_data)
{
  return callback (user_data);
}

static gboolean
on_timer (gpointer user_data)
{
  DivertGateways *gateways = user_data;
  gint64 now = g_get_monotonic_time ();
  gboolean changed = FALSE, asked = FALSE;

  for (guint i = 0; i < gateways->list->len; i++)
    {
      changed |= divert_resolution_tick (gateways->list->pdata[i], gateways->netlink, now);
      asked |= ((const DivertResolution *) gateways->list->pdata[i])->asked_at == now;
      take_doubt (gateways, gateways->list->pdata[i]);
    }
  /* A laptop has one gateway in each family, so ask both in one wake-up per second. */
  for (guint i = 0; i < gateways->list->len && asked; i++)
    {
      changed |= divert_resolution_join (gateways->list->pdata[i], gateways->netlink, now);
      take_doubt (gateways, gateways->list->pdata[i]);
    }
  set_timer (gateways);
  if (changed)
    gateways->changed (gateways->user_data);
  return G_SOURCE_CONTINUE;
}

DivertGateways *
divert_gateways_new (DivertNetlink   *netlink,
                     DivertLookAgain  changed,
                     gpointer         user_data)
{
  static GSourceFuncs funcs = { .dispatch = dispatch };
  DivertGateways *gateways = g_new0 (DivertGateways, 1);

  gateways->netlink = netlink;
  gateways->changed = changed;
  gateways->user_data = user_data;
  gateways->list = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_resolution_free);
  gateways->seen = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  gateways->addresses = divert_link_addresses_new ();
  gateways->neighbours = divert_neighbours_new ();
  gateways->epochs = g_hash_table_new (NULL, NULL);
  gateways->timer = g_source_new (&funcs, sizeof (GSource));
  g_source_set_name (gateways->timer, "gateways");
  /* A silent gateway is as urgent as a message from the kernel. */
  g_source_set_priority (gateways->timer, G_PRIORITY_HIGH);
  g_source_set_callback (gateways->timer, on_timer, gateways, NULL);
  g_source_attach (gateways->timer, NULL);
  return gateways;
}

void
divert_gateways_free (DivertGateways *gateways)
{
  if (gateways == NULL)
    return;
  g_source_destroy (gateways->timer);
  g_source_unref (gateways->timer);
  g_hash_table_unref (gateways->seen);
  divert_link_addresses_free (gateways->addresses);
  divert_neighbours_free (gateways->neighbours);
  g_hash_table_unref (gateways->epochs);
  g_ptr_array_unref (gateways->list);
  g_free (gateways);
}

static DivertResolution *
find (const GPtrArray    *list,
      guint               ifindex,
      const DivertPrefix *address,
      guint              *ret_position)
{
  for (guint i = 0; i < list->len; i++)
    {
      DivertResolution *resolution = list->pdata[i];

      if (resolution->ifindex != ifindex || !divert_prefix_equal (&resolution->address, address))
        continue;
      if (ret_position != NULL)
        *ret_position = i;
      return resolution;
    }
  return NULL;
}

void
divert_gateways_ask (DivertGateways *gateways,
                     guint           ifindex)
{
  gint64 now = g_get_monotonic_time ();
  gboolean changed = FALSE;

  for (guint i = 0; i < gateways->list->len; i++)
    {
      DivertResolution *resolution = gateways->list->pdata[i];

      if (resolution->ifindex == ifindex)
        changed |= divert_resolution_ask (resolution, gateways->netlink, now);
    }
  set_timer (gateways);
  if (changed)
    gateways->changed (gateways->user_data);
}

gboolean
divert_gateways_are_asked (const DivertGateways *gateways)
{
  for (guint i = 0; i < gateways->list->len; i++)
    {
      const DivertResolution *resolution = gateways->list->pdata[i];

      if (resolution->asked)
        return TRUE;
    }
  return FALSE;
}

guint
divert_gateways_get_epoch (const DivertGateways *gateways,
                           guint                 ifindex)
{
  guint epoch = GPOINTER_TO_UINT (g_hash_table_lookup (gateways->epochs, GUINT_TO_POINTER (ifindex)));

  return MAX (epoch, gateways->epoch);
}

void
divert_gateways_forget (DivertGateways *gateways,
                        guint           ifindex,
                        DivertFamilies  families)
{
  begin_epoch (gateways, ifindex);
  for (guint i = 0; i < gateways->list->len; i++)
    {
      DivertResolution *resolution = gateways->list->pdata[i];

      if ((ifindex == 0 || resolution->ifindex == ifindex) && families & (1 << resolution->address.family))
        divert_resolution_forget (resolution);
    }
  set_timer (gateways);
}

void
divert_gateways_forget_for_address (DivertGateways *gateways,
                                    guint           ifindex,
                                    DivertFamily    family)
{
  divert_gateways_forget (gateways, ifindex, family == DIVERT_FAMILY_IPV4 ? DIVERT_FAMILIES_BOTH : 1 << family);
}

/* Is it the same link, plugged in all the time?  Do not compare the MAC address, because a bridge's
 * depends on its ports. */
static gboolean
is_same (const DivertLinkState *a,
         const DivertLinkState *b)
{
  return a->carrier == b->carrier && a->carrier_changes == b->carrier_changes && g_str_equal (a->name, b->name);
}

gboolean
divert_gateways_see_link (DivertGateways        *gateways,
                          const DivertLinkState *link)
{
  gpointer key = GUINT_TO_POINTER (link->ifindex);
  const DivertLinkState *before = g_hash_table_lookup (gateways->seen, key);

  if (before != NULL && is_same (before, link))
    return FALSE;
  divert_gateways_forget (gateways, link->ifindex, DIVERT_FAMILIES_BOTH);
  g_hash_table_insert (gateways->seen, key, g_memdup2 (link, sizeof *link));
  return TRUE;
}

void
divert_gateways_lose_link (DivertGateways *gateways,
                           guint           ifindex)
{
  divert_gateways_forget (gateways, ifindex, DIVERT_FAMILIES_BOTH);
  g_hash_table_remove (gateways->seen, GUINT_TO_POINTER (ifindex));
  g_hash_table_remove (gateways->epochs, GUINT_TO_POINTER (ifindex));
}

static gboolean
is_among (const GArray *states,
          guint         ifindex)
{
  for (guint i = 0; i < states->len; i++)
    if (g_array_index (states, DivertLinkState, i).ifindex == ifindex)
      return TRUE;
  return FALSE;
}

static void
see_links (DivertGateways *gateways,
           const GArray   *states)
{
  GHashTableIter iter;
  gpointer ifindex;

  for (guint i = 0; i < states->len; i++)
    divert_gateways_see_link (gateways, &g_array_index (states, DivertLinkState, i));
  if (g_hash_table_size (gateways->seen) == states->len)
    return;
  g_hash_table_iter_init (&iter, gateways->seen);
  while (g_hash_table_iter_next (&iter, &ifindex, NULL))
    if (!is_among (states, GPOINTER_TO_UINT (ifindex)))
      {
        g_hash_table_iter_remove (&iter);
        g_hash_table_remove (gateways->epochs, ifindex);
      }
}

static void
on_strange_address (guint        ifindex,
                    DivertFamily family,
                    gpointer     user_data)
{
  divert_gateways_forget_for_address (user_data, ifindex, family);
}

/* When did a gateway on @ifindex last answer?  0 if none has. */
static gint64
last_answer (const DivertGateways *gateways,
             guint                 ifindex)
{
  gint64 last = 0;

  for (guint i = 0; i < gateways->list->len; i++)
    {
      const DivertResolution *resolution = gateways->list->pdata[i];

      if (resolution->ifindex == ifindex && resolution->state == DIVERT_GATEWAY_RESOLVED)
        last = MAX (last, resolution->last_answer);
    }
  return last;
}

/* If an address arrived after the last answer, get the next answer soon. */
static void
see_fresh (DivertGateways *gateways,
           DivertLink     *link,
           gint64          now)
{
  divert_link_addresses_fill (gateways->addresses, link, last_answer (gateways, link->ifindex));
  for (guint i = 0; link->fresh->len > 0 && i < gateways->list->len; i++)
    {
      DivertResolution *resolution = gateways->list->pdata[i];

      if (resolution->ifindex == link->ifindex)
        divert_resolution_hasten (resolution, gateways->netlink, now);
    }
}

/* When a route is replaced, the removal of the old one may not be reported. */
static void
miss (DivertGateways  *gateways,
      const GPtrArray *leftover)
{
  for (guint i = 0; i < leftover->len; i++)
    {
      const DivertResolution *resolution = leftover->pdata[i];

      if (resolution->state == DIVERT_GATEWAY_RESOLVED &&
          g_hash_table_contains (gateways->seen, GUINT_TO_POINTER (resolution->ifindex)))
        begin_epoch (gateways, resolution->ifindex);
    }
}

void
divert_gateways_update (DivertGateways          *gateways,
                        const DivertKernelState *state)
{
  gint64 now = g_get_monotonic_time ();
  g_autoptr(GPtrArray) old = NULL;

  see_links (gateways, state->link_states);
  divert_link_addresses_see (gateways->addresses, state->links, now, on_strange_address, gateways);
  old = g_steal_pointer (&gateways->list);
  gateways->list = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_resolution_free);
  for (guint i = 0; i < state->links->len; i++)
    {
      DivertLink *link = state->links->pdata[i];

      for (guint j = 0; j < link->gateways->len && gateways->list->len < MAX_GATEWAYS; j++)
        {
          DivertGateway *gateway = link->gateways->pdata[j];
          guint position = 0;

          if (find (old, link->ifindex, &gateway->address, &position) != NULL)
            g_ptr_array_add (gateways->list, g_ptr_array_steal_index_fast (old, position));
          else
            g_ptr_array_add (gateways->list, divert_resolution_new (link->ifindex, &gateway->address));
          divert_resolution_fill (gateways->list->pdata[gateways->list->len - 1], gateway);
        }
      see_fresh (gateways, link, now);
    }
  miss (gateways, old);
  set_timer (gateways);
}

/* Is this answer of @resolution the first since something new appeared on the link?  Then it vouches for
 * that: an address, or another gateway that answered (core/memory/anchors.c). */
static gboolean
vouches (const DivertGateways   *gateways,
         const DivertResolution *resolution,
         gint64                  answer_before)
{
  gint64 arrival = divert_link_addresses_get_arrival (gateways->addresses, resolution->ifindex);

  if (answer_before <= arrival && arrival < resolution->last_answer)
    return TRUE;
  for (guint i = 0; i < gateways->list->len; i++)
    {
      const DivertResolution *other = gateways->list->pdata[i];

      if (other != resolution && other->ifindex == resolution->ifindex && other->state == DIVERT_GATEWAY_RESOLVED &&
          answer_before <= other->first_answer && other->first_answer < resolution->last_answer)
        return TRUE;
    }
  return FALSE;
}

void
divert_gateways_trust_neighbours (DivertGateways *gateways,
                                  const GArray   *ifindexes)
{
  divert_neighbours_trust (gateways->neighbours, ifindexes, g_get_monotonic_time ());
}

/* A host appeared in another one's place.  This may be another network, so ask the gateway. */
static gboolean
see_host (DivertGateways        *gateways,
          const DivertNeighbour *neighbour)
{
  if (!divert_neighbours_see (gateways->neighbours, neighbour, g_get_monotonic_time ()))
    return FALSE;
  divert_gateways_forget (gateways, neighbour->ifindex, DIVERT_FAMILIES_BOTH);
  return TRUE;
}

gboolean
divert_gateways_see_neighbour (DivertGateways  *gateways,
                               struct nlmsghdr *header)
{
  DivertNeighbour neighbour;
  DivertResolution *resolution;
  gint64 answer_before;
  gboolean changed;

  /* The kernel also reports our own changes to an entry. */
  if (header->nlmsg_pid == divert_netlink_get_port (gateways->netlink) || gateways->list->len == 0 ||
      !divert_neighbour_parse (header, &neighbour))
    return FALSE;
  resolution = find (gateways->list, neighbour.ifindex, &neighbour.address, NULL);
  if (resolution == NULL)
    return see_host (gateways, &neighbour);

  answer_before = resolution->last_answer;
  changed = divert_resolution_see (resolution, gateways->netlink, &neighbour, g_get_monotonic_time ());
  changed = vouches (gateways, resolution, answer_before) || changed;
  take_doubt (gateways, resolution);
  set_timer (gateways);
  return changed;
}

void
divert_gateways_resync (DivertGateways *gateways)
{
  gint64 now = g_get_monotonic_time ();

  for (guint i = 0; i < gateways->list->len; i++)
    {
      DivertResolution *resolution = gateways->list->pdata[i];
      DivertNeighbour neighbour;

      /* The entry was not NUD_REACHABLE when we asked.  If it is now, that is the answer. */
      if (resolution->asked &&
          divert_neighbour_get (gateways->netlink, resolution->ifindex, &resolution->address, &neighbour, NULL))
        divert_resolution_see (resolution, gateways->netlink, &neighbour, now);
      take_doubt (gateways, resolution);
    }
  set_timer (gateways);
}
