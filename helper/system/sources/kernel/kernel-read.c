/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the dumps, and putting their answers together.
 *
 * There are four dumps, and they ask for no more than we need: links without statistics, and only
 * the main table's routes.
 */
#include "kernel-read.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

typedef struct
{
  DivertKernelState *state;
  GHashTable        *by_ifindex; /* DivertLink */
  guint              n_addresses;
  gboolean           torn;
} Reader;

static void
see_link (struct nlmsghdr *header,
          gpointer         user_data)
{
  Reader *reader = user_data;
  DivertLinkState state;
  DivertLink *link;

  if (!divert_kernel_parse_link (header, &state) || state.loopback)
    return;
  g_array_append_val (reader->state->link_states, state);

  link = divert_link_new ();
  link->ifindex = state.ifindex;
  link->name = g_strdup (state.name);
  link->kind = state.kind[0] != '\0' ? g_strdup (state.kind) : NULL;
  link->master = state.master;
  link->lower = state.lower;
  link->peer = state.peer;
  link->bonding = state.bonding;
  link->carrier = state.carrier;
  link->carrier_changes = state.carrier_changes;
  g_ptr_array_add (reader->state->links, link);
  g_hash_table_insert (reader->by_ifindex, GUINT_TO_POINTER (link->ifindex), link);
}

static void
see_address (struct nlmsghdr *header,
             gpointer         user_data)
{
  Reader *reader = user_data;
  DivertLinkAddress address;
  DivertLink *link;

  if (!divert_kernel_parse_address (header, &address) || !address.usable)
    return;
  link = g_hash_table_lookup (reader->by_ifindex, GUINT_TO_POINTER (address.ifindex));
  if (link != NULL && reader->n_addresses++ < DIVERT_KERNEL_MAX_ADDRESSES)
    divert_prefixes_add (link->addresses, &address.address);
}

static gboolean
has_gateway (const GPtrArray    *gateways,
             const DivertPrefix *address)
{
  for (guint i = 0; i < gateways->len; i++)
    if (divert_prefix_equal (&((const DivertGateway *) gateways->pdata[i])->address, address))
      return TRUE;
  return FALSE;
}

static void
see_hop (const DivertRoute *route,
         gpointer           user_data)
{
  Reader *reader = user_data;
  DivertLink *link;

  if (route->destination.length != 0)
    {
      /* Keep one beyond the limit, so that we notice. */
      if (reader->state->routes->len <= DIVERT_KERNEL_MAX_ROUTES)
        g_array_append_val (reader->state->routes, *route);
      return;
    }
  link = g_hash_table_lookup (reader->by_ifindex, GUINT_TO_POINTER (route->ifindex));
  if (link != NULL && route->has_gateway && link->gateways->len < DIVERT_KERNEL_MAX_GATEWAYS &&
      !has_gateway (link->gateways, &route->gateway))
    g_ptr_array_add (link->gateways, divert_gateway_new (&route->gateway));
}

static void
see_route (struct nlmsghdr *header,
           gpointer         user_data)
{
  divert_kernel_parse_route (header, see_hop, user_data);
}

static gboolean
dump (DivertNetlink         *netlink,
      DivertNetlinkMessage  *msg,
      DivertNetlinkVisit     see,
      Reader                *reader,
      GError               **error)
{
  gboolean torn = FALSE;

  if (!divert_netlink_dump (netlink, msg, see, reader, &torn, error))
    return FALSE;
  reader->torn |= torn;
  return TRUE;
}

static gboolean
dump_links (DivertNetlink  *netlink,
            Reader         *reader,
            GError        **error)
{
  const struct ifinfomsg any = { .ifi_family = AF_UNSPEC };
  g_autoptr(DivertNetlinkMessage) msg = divert_netlink_message_new (RTM_GETLINK, 0, &any, sizeof any);

  nla_put_u32 (msg, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  return dump (netlink, msg, see_link, reader, error);
}

static gboolean
dump_addresses (DivertNetlink  *netlink,
                Reader         *reader,
                GError        **error)
{
  const struct ifaddrmsg any = { .ifa_family = AF_UNSPEC };
  g_autoptr(DivertNetlinkMessage) msg = divert_netlink_message_new (RTM_GETADDR, 0, &any, sizeof any);

  return dump (netlink, msg, see_address, reader, error);
}

static gboolean
dump_routes (DivertNetlink  *netlink,
             DivertFamily    family,
             Reader         *reader,
             GError        **error)
{
  const struct rtmsg main_table = { .rtm_family = divert_netlink_family (family), .rtm_table = RT_TABLE_MAIN };
  g_autoptr(DivertNetlinkMessage) msg = divert_netlink_message_new (RTM_GETROUTE, 0, &main_table, sizeof main_table);

  return dump (netlink, msg, see_route, reader, error);
}

static gboolean
read_once (DivertNetlink  *netlink,
           Reader         *reader,
           GError        **error)
{
  if (!dump_links (netlink, reader, error) || !dump_addresses (netlink, reader, error))
    return FALSE;
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      if (!dump_routes (netlink, family, reader, error))
        return FALSE;
    }
  if (reader->state->routes->len <= DIVERT_KERNEL_MAX_ROUTES && reader->n_addresses <= DIVERT_KERNEL_MAX_ADDRESSES)
    return TRUE;
  g_set_error (error, DIVERT_NETLINK_ERROR, E2BIG, _("more than %d routes or addresses"), DIVERT_KERNEL_MAX_ROUTES);
  return FALSE;
}

static int
compare_links (gconstpointer a,
               gconstpointer b)
{
  guint left = (*(const DivertLink *const *) a)->ifindex, right = (*(const DivertLink *const *) b)->ifindex;

  return left < right ? -1 : left > right;
}

static DivertKernelState *
state_new (void)
{
  DivertKernelState *state = g_new0 (DivertKernelState, 1);

  state->link_states = g_array_new (FALSE, FALSE, sizeof (DivertLinkState));
  state->links = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_link_free);
  state->routes = g_array_new (FALSE, TRUE, sizeof (DivertRoute));
  return state;
}

DivertKernelState *
divert_kernel_state_read (DivertNetlink  *netlink,
                          GError        **error)
{
  g_autoptr(DivertKernelState) state = NULL;
  g_autoptr(GHashTable) by_ifindex = g_hash_table_new (NULL, NULL);
  gboolean torn = TRUE;

  for (guint i = 0; i < DIVERT_NETLINK_TORN_TRIES && torn; i++)
    {
      Reader reader = { .by_ifindex = by_ifindex };

      g_hash_table_remove_all (by_ifindex);
      divert_kernel_state_free (state);
      state = reader.state = state_new ();
      if (!read_once (netlink, &reader, error))
        {
          g_prefix_error (error, _("cannot read the kernel's network state: "));
          return NULL;
        }
      torn = reader.torn;
    }
  g_ptr_array_sort (state->links, compare_links);
  return g_steal_pointer (&state);
}

GArray *
divert_kernel_links_read (DivertNetlink  *netlink,
                          GError        **error)
{
  g_autoptr(GHashTable) by_ifindex = g_hash_table_new (NULL, NULL);
  g_autoptr(DivertKernelState) state = state_new ();
  Reader reader = { .state = state, .by_ifindex = by_ifindex };

  if (!dump_links (netlink, &reader, error))
    return NULL;
  return g_steal_pointer (&state->link_states);
}

static DivertLink *
find_link (const DivertKernelState *state,
           guint                    ifindex)
{
  for (guint i = 0; i < state->links->len; i++)
    {
      DivertLink *link = state->links->pdata[i];

      if (link->ifindex == ifindex)
        return link;
    }
  return NULL;
}

void
divert_kernel_state_add_routers (DivertKernelState *state,
                                 const GArray      *addresses)
{
  for (guint i = 0; addresses->len > 0 && i < state->routes->len; i++)
    {
      const DivertRoute *route = &g_array_index (state->routes, DivertRoute, i);
      DivertLink *link;

      if (!route->has_gateway || !divert_prefixes_contain (addresses, &route->gateway))
        continue;
      link = find_link (state, route->ifindex);
      if (link != NULL && !has_gateway (link->gateways, &route->gateway) &&
          !has_gateway (link->routers, &route->gateway))
        g_ptr_array_add (link->routers, divert_gateway_new (&route->gateway));
    }
}

void
divert_kernel_state_free (DivertKernelState *state)
{
  if (state == NULL)
    return;
  g_clear_pointer (&state->link_states, g_array_unref);
  g_clear_pointer (&state->links, g_ptr_array_unref);
  g_clear_pointer (&state->routes, g_array_unref);
  g_free (state);
}
