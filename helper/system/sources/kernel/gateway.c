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
 * carrier loss.
 */
#include "gateway.h"

#include "gateway-resolution.h"
#include "link-addresses.h"
#include "link-epochs.h"
#include "neighbour-filter.h"
#include "neighbours.h"

/* More than any real machine has.  Further gateways stay UNKNOWN, which proves nothing. */
#define MAX_GATEWAYS 256
#define MAX_QUIET_HOSTS 12

struct DivertGateways
{
  DivertNetlink       *netlink;
  DivertLookAgain      changed;
  DivertQuieten        quieten;
  gpointer             user_data;
  GPtrArray           *list;     /* DivertResolution */
  GArray              *quiet;    /* DivertNeighbour: what is not heard (neighbour-filter.h) */
  GArray              *hosts;    /* the same, of hosts that are no gateways */
  DivertLinkEpochs    *epochs;
  DivertLinkAddresses *addresses;
  DivertNeighbours    *neighbours;
  GSource             *timer;
};

static void
take_doubt (DivertGateways   *gateways,
            DivertResolution *resolution)
{
  if (divert_resolution_take_doubt (resolution))
    divert_link_epochs_begin (gateways->epochs, resolution->ifindex);
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

/* How much of the link is newer than @since: its addresses, and the other gateways that answered.  An answer of
 * @resolution vouches for what came before it (core/memory/anchors.c). */
static guint
count_newer (const DivertGateways   *gateways,
             const DivertResolution *resolution,
             gint64                  since)
{
  guint newer = divert_link_addresses_get_arrival (gateways->addresses, resolution->ifindex) >= since ? 1 : 0;

  for (guint i = 0; i < gateways->list->len; i++)
    {
      const DivertResolution *other = gateways->list->pdata[i];

      if (other != resolution && other->ifindex == resolution->ifindex && other->state == DIVERT_GATEWAY_RESOLVED &&
          other->first_answer >= since)
        newer++;
    }
  return newer;
}

/* Returns whether what the kernel says changes anything. */
static gboolean
hear (DivertGateways        *gateways,
      DivertResolution      *resolution,
      const DivertNeighbour *neighbour)
{
  const gint64 answer_before = resolution->last_answer;
  gboolean changed = divert_resolution_see (resolution, gateways->netlink, neighbour, g_get_monotonic_time ());

  take_doubt (gateways, resolution);
  return changed || count_newer (gateways, resolution, answer_before) >
                        count_newer (gateways, resolution, resolution->last_answer);
}

/* The entry was not NUD_REACHABLE when we asked.  If it is now, that is the answer. */
static gboolean
look (DivertGateways   *gateways,
      DivertResolution *resolution)
{
  DivertNeighbour neighbour;

  return resolution->asked &&
         divert_neighbour_get (gateways->netlink, resolution->ifindex, &resolution->address, &neighbour, NULL) &&
         hear (gateways, resolution, &neighbour);
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

static gboolean
see (DivertGateways        *gateways,
     const DivertNeighbour *neighbour)
{
  DivertResolution *resolution = find (gateways->list, neighbour->ifindex, &neighbour->address, NULL);

  return resolution != NULL ? hear (gateways, resolution, neighbour) : see_host (gateways, neighbour);
}

static gboolean
is_among_quiet (const GArray          *quiet,
                const DivertNeighbour *entry)
{
  for (guint i = 0; i < quiet->len; i++)
    if (divert_neighbour_equal (&g_array_index (quiet, DivertNeighbour, i), entry))
      return TRUE;
  return FALSE;
}

static gboolean
are_same_quiet (const GArray *a,
                const GArray *b)
{
  for (guint i = 0; i < a->len && a->len == b->len; i++)
    if (!is_among_quiet (b, &g_array_index (a, DivertNeighbour, i)))
      return FALSE;
  return a->len == b->len;
}

/* Says what need not be heard.  Of what must be heard from now on, we may have missed something a moment ago; it is in
 * the kernel's entry. */
static gboolean
quieten (DivertGateways *gateways)
{
  g_autoptr(GArray) before = gateways->quiet;
  DivertNeighbour entry;
  gboolean changed = FALSE;

  gateways->quiet = g_array_new (FALSE, FALSE, sizeof (DivertNeighbour));
  for (guint i = 0; i < gateways->list->len; i++)
    if (divert_resolution_get_quiet_answer (gateways->list->pdata[i], &entry))
      g_array_append_val (gateways->quiet, entry);
  /* The hosts ride along. */
  if (gateways->quiet->len > 0)
    g_array_append_vals (gateways->quiet, gateways->hosts->data, gateways->hosts->len);
  if (are_same_quiet (before, gateways->quiet))
    return FALSE;
  gateways->quieten (gateways->quiet, gateways->user_data);
  for (guint i = 0; i < before->len; i++)
    {
      const DivertNeighbour *old = &g_array_index (before, DivertNeighbour, i);

      if (!is_among_quiet (gateways->quiet, old) &&
          divert_neighbour_get (gateways->netlink, old->ifindex, &old->address, &entry, NULL))
        changed |= see (gateways, &entry);
    }
  return changed;
}

/* To be called after whatever may have changed a gateway: decides what we listen to, and when to look again. */
static void
go_on (DivertGateways *gateways,
       gboolean        changed)
{
  gint64 next = G_MAXINT64;

  changed |= quieten (gateways);
  for (guint i = 0; i < gateways->list->len; i++)
    next = MIN (next, divert_resolution_next_tick (gateways->list->pdata[i]));
  g_source_set_ready_time (gateways->timer, next == G_MAXINT64 ? -1 : next);
  if (changed)
    gateways->changed (gateways->user_data);
}

static gboolean
dispatch (GSource     *source,
          GSourceFunc  callback,
          gpointer     user_data)
{
  return callback (user_data);
}

/* What the filter hides of the hosts is whether they are in use.  The kernel would tell late (K4.8), and wake us up.
 * Which hosts these are is decided here too, once a second, so that a storm of others costs no filter each time. */
static gboolean
look_at_hosts (DivertGateways *gateways)
{
  g_autoptr(GArray) hosts = gateways->hosts;
  DivertNeighbour entry;
  gboolean changed = FALSE;

  gateways->hosts = g_array_new (FALSE, FALSE, sizeof (DivertNeighbour));
  for (guint i = 0; i < hosts->len; i++)
    {
      const DivertNeighbour *host = &g_array_index (hosts, DivertNeighbour, i);

      if (divert_neighbour_get (gateways->netlink, host->ifindex, &host->address, &entry, NULL))
        changed |= see (gateways, &entry);
    }
  divert_neighbours_add_quiet (gateways->neighbours, gateways->hosts, MAX_QUIET_HOSTS);
  return changed;
}

typedef gboolean (*Step) (DivertResolution *resolution, DivertNetlink *netlink, gint64 now);

static gboolean
take_step (DivertGateways   *gateways,
           DivertResolution *resolution,
           Step              step,
           gint64            now)
{
  const gint64 answer_before = resolution->last_answer;
  const guint newer = count_newer (gateways, resolution, answer_before);
  gboolean changed;

  resolution->awaited = newer > 0;
  changed = step (resolution, gateways->netlink, now);
  take_doubt (gateways, resolution);
  return changed || count_newer (gateways, resolution, resolution->last_answer) < newer;
}

static gboolean
on_timer (gpointer user_data)
{
  DivertGateways *gateways = user_data;
  gint64 now = g_get_monotonic_time ();
  gboolean changed = FALSE, asked = FALSE;

  for (guint i = 0; i < gateways->list->len; i++)
    {
      changed |= take_step (gateways, gateways->list->pdata[i], divert_resolution_tick, now);
      asked |= ((const DivertResolution *) gateways->list->pdata[i])->asked_at == now;
    }
  /* A laptop has one gateway in each family, so ask both in one wake-up per second. */
  for (guint i = 0; i < gateways->list->len && asked; i++)
    changed |= take_step (gateways, gateways->list->pdata[i], divert_resolution_join, now);
  changed |= look_at_hosts (gateways);
  go_on (gateways, changed);
  return G_SOURCE_CONTINUE;
}

DivertGateways *
divert_gateways_new (DivertNetlink   *netlink,
                     DivertLookAgain  changed,
                     DivertQuieten    be_quiet,
                     gpointer         user_data)
{
  static GSourceFuncs funcs = { .dispatch = dispatch };
  DivertGateways *gateways = g_new0 (DivertGateways, 1);

  gateways->netlink = netlink;
  gateways->changed = changed;
  gateways->quieten = be_quiet;
  gateways->quiet = g_array_new (FALSE, FALSE, sizeof (DivertNeighbour));
  gateways->hosts = g_array_new (FALSE, FALSE, sizeof (DivertNeighbour));
  gateways->user_data = user_data;
  gateways->list = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_resolution_free);
  gateways->addresses = divert_link_addresses_new ();
  gateways->neighbours = divert_neighbours_new ();
  gateways->epochs = divert_link_epochs_new ();
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
  divert_link_addresses_free (gateways->addresses);
  divert_neighbours_free (gateways->neighbours);
  divert_link_epochs_free (gateways->epochs);
  g_ptr_array_unref (gateways->list);
  g_array_unref (gateways->quiet);
  g_array_unref (gateways->hosts);
  g_free (gateways);
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
  go_on (gateways, changed);
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
  return divert_link_epochs_get (gateways->epochs, ifindex);
}

void
divert_gateways_forget (DivertGateways *gateways,
                        guint           ifindex,
                        DivertFamilies  families)
{
  divert_link_epochs_begin (gateways->epochs, ifindex);
  for (guint i = 0; i < gateways->list->len; i++)
    {
      DivertResolution *resolution = gateways->list->pdata[i];

      if ((ifindex == 0 || resolution->ifindex == ifindex) && families & (1 << resolution->address.family))
        divert_resolution_forget (resolution);
    }
  go_on (gateways, FALSE);
}

void
divert_gateways_forget_for_address (DivertGateways *gateways,
                                    guint           ifindex,
                                    DivertFamily    family)
{
  divert_gateways_forget (gateways, ifindex, family == DIVERT_FAMILY_IPV4 ? DIVERT_FAMILIES_BOTH : 1 << family);
}

gboolean
divert_gateways_see_link (DivertGateways        *gateways,
                          const DivertLinkState *link)
{
  if (!divert_link_epochs_see (gateways->epochs, link))
    return FALSE;
  divert_gateways_forget (gateways, link->ifindex, DIVERT_FAMILIES_BOTH);
  return TRUE;
}

void
divert_gateways_lose_link (DivertGateways *gateways,
                           guint           ifindex)
{
  divert_gateways_forget (gateways, ifindex, DIVERT_FAMILIES_BOTH);
  divert_link_epochs_lose (gateways->epochs, ifindex);
}

static void
see_links (DivertGateways *gateways,
           const GArray   *states)
{
  for (guint i = 0; i < states->len; i++)
    divert_gateways_see_link (gateways, &g_array_index (states, DivertLinkState, i));
  divert_link_epochs_keep (gateways->epochs, states);
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
          divert_link_epochs_knows (gateways->epochs, resolution->ifindex))
        divert_link_epochs_begin (gateways->epochs, resolution->ifindex);
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
  go_on (gateways, FALSE);
}

void
divert_gateways_trust_neighbours (DivertGateways *gateways,
                                  const GArray   *ifindexes)
{
  divert_neighbours_trust (gateways->neighbours, ifindexes, g_get_monotonic_time ());
}

gboolean
divert_gateways_see_neighbour (DivertGateways  *gateways,
                               struct nlmsghdr *header)
{
  DivertNeighbour neighbour;
  gboolean changed;

  /* The kernel also reports our own changes to an entry. */
  if (header->nlmsg_pid == divert_netlink_get_port (gateways->netlink) || gateways->list->len == 0 ||
      !divert_neighbour_parse (header, &neighbour))
    return FALSE;
  changed = see (gateways, &neighbour);
  go_on (gateways, FALSE);
  return changed;
}

void
divert_gateways_resync (DivertGateways *gateways)
{
  for (guint i = 0; i < gateways->list->len; i++)
    look (gateways, gateways->list->pdata[i]);
  go_on (gateways, FALSE);
}
