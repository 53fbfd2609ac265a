/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: recognising what is ours in a notification.
 */
#include "loss.h"

#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "core/ruleset/fence.h"
#include "core/ruleset/ruleset.h"
#include "system/netlink/netlink.h"

static gboolean
is_our_rule (struct nlmsghdr *header)
{
  struct nlattr *attributes[FRA_MAX + 1];

  return nlmsg_parse (header, sizeof (struct fib_rule_hdr), attributes, FRA_MAX, NULL) == 0 &&
         divert_netlink_get_u8 (attributes[FRA_PROTOCOL], 0) == DIVERT_ROUTE_PROTOCOL;
}

static gboolean
is_our_route (struct nlmsghdr *header)
{
  return nlmsg_valid_hdr (header, sizeof (struct rtmsg)) &&
         ((const struct rtmsg *) nlmsg_data (header))->rtm_protocol == DIVERT_ROUTE_PROTOCOL;
}

static gboolean
is_our_device (struct nlmsghdr *header)
{
  struct nlattr *attributes[IFLA_MAX + 1];

  return nlmsg_parse (header, sizeof (struct ifinfomsg), attributes, IFLA_MAX, NULL) == 0 &&
         attributes[IFLA_IFNAME] != NULL && nla_strcmp (attributes[IFLA_IFNAME], DIVERT_FENCE_DEVICE) == 0;
}

static gboolean
is_down (struct nlmsghdr *header)
{
  return nlmsg_valid_hdr (header, sizeof (struct ifinfomsg)) &&
         (((const struct ifinfomsg *) nlmsg_data (header))->ifi_flags & IFF_UP) == 0;
}

gboolean
divert_loss_is_ours (struct nlmsghdr *header)
{
  switch (header->nlmsg_type)
    {
    case RTM_DELRULE:
      return is_our_rule (header);
    case RTM_DELROUTE:
      return is_our_route (header);
    case RTM_DELLINK:
      return is_our_device (header);
    case RTM_NEWLINK:
      return is_down (header) && is_our_device (header);
    }
  return FALSE;
}
