/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: one RTM_GETROUTE question.
 */
#include "lookup.h"

#include <gio/gio.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/route.h>

static gboolean
fail (GError **error,
      int      result)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "no route: %s", nl_geterror (result));
  return FALSE;
}

static void
on_route (struct nl_object *object,
          void             *user_data)
{
  struct rtnl_route **ret_route = user_data;

  if (*ret_route != NULL)
    return;
  nl_object_get (object);
  *ret_route = (struct rtnl_route *) object;
}

static int
on_message (struct nl_msg *msg,
            void          *user_data)
{
  return nl_msg_parse (msg, on_route, user_data) < 0 ? NL_STOP : NL_OK;
}

static int
ask (struct nl_sock      *sock,
     const DivertPrefix  *destination,
     struct rtnl_route  **ret_route)
{
  const struct rtmsg header = {
    .rtm_family = destination->family == DIVERT_FAMILY_IPV6 ? AF_INET6 : AF_INET,
    .rtm_dst_len = divert_family_bits (destination->family),
  };
  struct nl_msg *msg = nlmsg_alloc_simple (RTM_GETROUTE, 0);
  int result;

  if (msg == NULL)
    return -NLE_NOMEM;
  nlmsg_append (msg, (void *) &header, sizeof header, NLMSG_ALIGNTO);
  nla_put (msg, RTA_DST, divert_family_bytes (destination->family), destination->bytes);
  result = nl_send_auto (sock, msg);
  nlmsg_free (msg);
  if (result < 0)
    return result;

  nl_socket_disable_auto_ack (sock);
  nl_socket_modify_cb (sock, NL_CB_VALID, NL_CB_CUSTOM, on_message, ret_route);
  result = nl_recvmsgs_default (sock);
  if (result < 0)
    return result;
  return *ret_route != NULL ? 0 : -NLE_OBJ_NOTFOUND;
}

static void
read_route (struct rtnl_route *route,
            DivertPacket      *packet)
{
  struct nl_addr *source = rtnl_route_get_pref_src (route);
  struct rtnl_nexthop *hop = rtnl_route_nexthop_n (route, 0);
  int type = rtnl_route_get_type (route);

  if (hop != NULL && if_indextoname (rtnl_route_nh_get_ifindex (hop), packet->out_interface) == NULL)
    packet->out_interface[0] = '\0';
  /* rtnetlink's route types are addrtype's bits. */
  if (type < 32)
    packet->destination_type = (1u << type) & (DIVERT_ADDRTYPE_LOCAL | DIVERT_ADDRTYPE_BROADCAST | DIVERT_ADDRTYPE_MULTICAST);
  if (source == NULL || nl_addr_get_len (source) != divert_family_bytes (packet->destination.family))
    return;
  packet->has_source = TRUE;
  packet->source = divert_prefix_from_bytes (packet->destination.family, nl_addr_get_binary_addr (source),
                                             divert_family_bits (packet->destination.family));
}

gboolean
divert_lookup_route (DivertPacket  *packet,
                     GError       **error)
{
  struct nl_sock *sock = nl_socket_alloc ();
  struct rtnl_route *route = NULL;
  int result;

  if (sock == NULL)
    return fail (error, -NLE_NOMEM);
  result = nl_connect (sock, NETLINK_ROUTE);
  if (result >= 0)
    result = ask (sock, &packet->destination, &route);
  nl_socket_free (sock);
  if (result < 0)
    return fail (error, result);
  read_route (route, packet);
  rtnl_route_put (route);
  return TRUE;
}
