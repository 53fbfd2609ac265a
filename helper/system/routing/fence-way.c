/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: asking the kernel which route a packet would take.
 */
#include "fence-way.h"

#include <linux/rtnetlink.h>

static void
see_route (struct nlmsghdr *header,
           gpointer         user_data)
{
  DivertFenceWay *way = user_data;
  const struct rtmsg *route = nlmsg_data (header);
  struct nlattr *attributes[RTA_MAX + 1];

  if (header->nlmsg_type != RTM_NEWROUTE || nlmsg_parse (header, sizeof *route, attributes, RTA_MAX, NULL) < 0)
    return;
  *way = (DivertFenceWay) { TRUE, route->rtm_type, route->rtm_dst_len,
                            divert_netlink_get_u32 (attributes[RTA_OIF], 0) };
}

DivertFenceWay
divert_fence_ask_way (DivertNetlink      *netlink,
                      const DivertPrefix *address,
                      guint32             mark,
                      guint               flags)
{
  const struct rtmsg question = {
    .rtm_family = divert_netlink_family (address->family),
    .rtm_dst_len = address->length,
    .rtm_flags = flags,
  };
  g_autoptr(DivertNetlinkMessage) msg = divert_netlink_message_new (RTM_GETROUTE, 0, &question, sizeof question);
  DivertFenceWay way = { 0 };

  nla_put_u32 (msg, RTA_MARK, mark);
  nla_put (msg, RTA_DST, divert_family_bytes (address->family), address->bytes);
  divert_netlink_request (netlink, msg, see_route, &way, NULL);
  return way;
}

gboolean
divert_fence_is_routable (DivertNetlink      *netlink,
                          const DivertFence  *fence,
                          const DivertPrefix *prefix,
                          gboolean           *ret_default)
{
  DivertPrefix address = divert_prefix_host (prefix);
  DivertFenceWay way;

  /* The first address of a network does not belong to a host. */
  if (prefix->length < divert_family_bits (prefix->family))
    address.bytes[divert_family_bytes (prefix->family) - 1] |= 1;
  /* Nor are the first ones of IPv6 on any network; ::1 is this machine's own. */
  if (prefix->length <= 1 && prefix->family == DIVERT_FAMILY_IPV6)
    address.bytes[0] |= 0x20;
  way = divert_fence_ask_way (netlink, &address, fence->mark, RTM_F_FIB_MATCH);
  *ret_default = way.found && way.length == 0;
  return way.found;
}
