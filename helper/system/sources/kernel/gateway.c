/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the list of default gateways, and when their answers are forgotten.
 *
 * The routers that a site names are asked and forgotten in the same way.  But a link stands or falls with its default
 * gateways: a router that falls silent ends no epoch, and its answer vouches for nothing else.
 *
 * We forget the answers whenever the link may lead to another network now: the carrier is gone, or
 * was gone for a moment (the kernel counts that, although it may tell us late or never, K4.1), an
 * address or a default route was removed, an address of another network arrived, a host appeared in
 * another one's place, or somebody tells us to (notifications were lost that may have said so, for
 * example).
 *
 * Each time, an epoch of the link ends, and with it whatever was proven through the link.  An epoch
 * also ends when a gateway that had answered falls silent, shows another address or is no longer a
 * gateway.  Its answers may still be known then, but nothing else reveals a network swapped without
 * carrier loss.
 */
#include "gateway-private.h"

/* More than any real machine has.  Further gateways stay UNKNOWN, which proves nothing. */
#define MAX_GATEWAYS 256

DivertGateways *
divert_gateways_new (DivertNetlink   *netlink,
                     DivertLookAgain  changed,
                     DivertQuieten    be_quiet,
                     gpointer         user_data)
{
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
  divert_gateways_start_timer (gateways);
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
  divert_gateways_go_on (gateways, changed);
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
  divert_gateways_drop_answers (gateways, ifindex, families);
  divert_gateways_go_on (gateways, FALSE);
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
  g_autoptr(GArray) above = NULL;

  if (!divert_link_epochs_see (gateways->epochs, link))
    return FALSE;
  /* A bridge keeps its carrier while it has another port. */
  above = divert_link_epochs_list_above (gateways->epochs, link);
  for (guint i = 0; i < above->len; i++)
    divert_gateways_drop_answers (gateways, g_array_index (above, guint, i), DIVERT_FAMILIES_BOTH);
  divert_gateways_go_on (gateways, FALSE);
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

/* If an address arrived after a gateway's last answer, get its next answer soon.  Who waits for whose is decided
 * elsewhere (core/facts/freshness.c). */
static void
see_arrivals (DivertGateways *gateways,
              DivertLink     *link,
              gint64          now)
{
  const gint64 arrival = divert_link_addresses_get_arrival (gateways->addresses, link->ifindex);

  divert_link_addresses_fill (gateways->addresses, link);
  for (guint i = 0; link->arrivals->len > 0 && i < gateways->list->len; i++)
    {
      DivertResolution *resolution = gateways->list->pdata[i];

      if (resolution->ifindex == link->ifindex && !resolution->router && resolution->last_answer <= arrival)
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

      if (!resolution->router && resolution->state == DIVERT_GATEWAY_RESOLVED &&
          divert_link_epochs_knows (gateways->epochs, resolution->ifindex))
        divert_link_epochs_begin (gateways->epochs, resolution->ifindex);
    }
}

/* Moves what is known of @list (DivertGateway) from @old. */
static void
keep (DivertGateways   *gateways,
      GPtrArray        *old,
      const DivertLink *link,
      const GPtrArray  *list)
{
  for (guint i = 0; i < list->len && gateways->list->len < MAX_GATEWAYS; i++)
    {
      DivertGateway *gateway = list->pdata[i];
      DivertResolution *resolution;
      guint position = 0;

      if (divert_gateways_find (old, link->ifindex, &gateway->address, &position) != NULL)
        resolution = g_ptr_array_steal_index_fast (old, position);
      else
        resolution = divert_resolution_new (link->ifindex, &gateway->address);
      resolution->router = list == link->routers;
      g_ptr_array_add (gateways->list, resolution);
      divert_resolution_fill (resolution, gateway);
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

      keep (gateways, old, link, link->gateways);
      keep (gateways, old, link, link->routers);
      see_arrivals (gateways, link, now);
    }
  miss (gateways, old);
  divert_gateways_go_on (gateways, FALSE);
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
  changed = divert_gateways_see (gateways, &neighbour);
  divert_gateways_go_on (gateways, FALSE);
  return changed;
}
