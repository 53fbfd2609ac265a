/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: a single RTM_GETROUTE request.
 */
#include "route-lookup.h"

#include <linux/rtnetlink.h>
#include <net/if.h>

#include "netlink.h"

static void
read_route (struct nlmsghdr *header,
            gpointer         user_data)
{
  DivertPacket *packet = user_data;
  const struct rtmsg *route = nlmsg_data (header);
  struct nlattr *attributes[RTA_MAX + 1];

  if (header->nlmsg_type != RTM_NEWROUTE || nlmsg_parse (header, sizeof *route, attributes, RTA_MAX, NULL) < 0)
    return;
  if (if_indextoname (divert_netlink_get_u32 (attributes[RTA_OIF], 0), packet->out_interface) == NULL)
    packet->out_interface[0] = '\0';
  /* rtnetlink's route types have the same numbers as addrtype's bits. */
  if (route->rtm_type < 32)
    packet->destination_type = (1u << route->rtm_type) &
                               (DIVERT_ADDRTYPE_LOCAL | DIVERT_ADDRTYPE_BROADCAST | DIVERT_ADDRTYPE_MULTICAST);
  packet->has_source = divert_netlink_get_address (attributes[RTA_PREFSRC], route->rtm_family, &packet->source);
}

gboolean
divert_lookup_route (DivertPacket *packet,
                     guint32       mark)
{
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_ROUTE, NULL);
  g_autoptr(DivertNetlinkMessage) msg = NULL;
  const struct rtmsg question = {
    .rtm_family = divert_netlink_family (packet->destination.family),
    .rtm_dst_len = divert_family_bits (packet->destination.family),
  };

  if (netlink == NULL)
    return FALSE;
  msg = divert_netlink_message_new (RTM_GETROUTE, 0, &question, sizeof question);
  nla_put (msg, RTA_DST, divert_family_bytes (packet->destination.family), packet->destination.bytes);
  nla_put_u32 (msg, RTA_MARK, mark);
  return divert_netlink_request (netlink, msg, read_route, packet, NULL);
}
