/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: finding a tunnel that takes everything by the main table, as OpenVPN's does.
 *
 * Such a tunnel sets no mark.  It reaches its own server by a route for that host alone.
 */
#include "survey-private.h"

#include <linux/rtnetlink.h>
#include <net/if.h>

#include "system/netlink/kernel-parse.h"

typedef struct
{
  DivertSurvey *survey;
  guint         ifindex; /* the tunnel's */
} Reading;

/* By the main table only: a tunnel that needs a table of its own has a mark to leave it. */
static void
see_way (struct nlmsghdr *header,
         gpointer         user_data)
{
  const struct rtmsg *route = nlmsg_data (header);
  struct nlattr *attributes[RTA_MAX + 1];
  guint *ifindex = user_data;

  if (header->nlmsg_type == RTM_NEWROUTE && nlmsg_parse (header, sizeof *route, attributes, RTA_MAX, NULL) >= 0 &&
      divert_netlink_get_u32 (attributes[RTA_TABLE], route->rtm_table) == RT_TABLE_MAIN)
    *ifindex = divert_netlink_get_u32 (attributes[RTA_OIF], 0);
}

static guint
ask_way (DivertNetlink *netlink)
{
  const struct rtmsg question = { .rtm_family = AF_INET, .rtm_dst_len = 32, .rtm_flags = RTM_F_LOOKUP_TABLE };
  g_autoptr(DivertNetlinkMessage) msg = divert_netlink_message_new (RTM_GETROUTE, 0, &question, sizeof question);
  DivertPrefix internet;
  guint ifindex = 0;

  divert_address_parse (DIVERT_SURVEY_INTERNET, &internet, NULL);
  nla_put (msg, RTA_DST, divert_family_bytes (internet.family), internet.bytes);
  divert_netlink_request (netlink, msg, see_way, &ifindex, NULL);
  return ifindex;
}

static void
see_link (struct nlmsghdr *header,
          gpointer         user_data)
{
  DivertLinkState link;

  if (divert_kernel_parse_link (header, &link) && g_str_equal (link.kind, "tun"))
    g_strlcpy (user_data, link.name, IFNAMSIZ);
}

static void
see_hop (const DivertRoute *route,
         gpointer           user_data)
{
  Reading *reading = user_data;

  if (route->has_gateway && route->ifindex != reading->ifindex &&
      route->destination.length == divert_family_bits (route->destination.family))
    divert_prefixes_add (reading->survey->tunnel.past, &route->destination);
}

static void
see_route (struct nlmsghdr *header,
           gpointer         user_data)
{
  divert_kernel_parse_route (header, see_hop, user_data);
}

void
divert_survey_read_tunnel (DivertSurvey *survey)
{
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_ROUTE, NULL);
  const guint ifindex = netlink != NULL ? ask_way (netlink) : 0;
  const struct ifinfomsg which = { .ifi_family = AF_UNSPEC, .ifi_index = (int) ifindex };
  const struct rtmsg main_table = { .rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN };
  g_autoptr(DivertNetlinkMessage) link = divert_netlink_message_new (RTM_GETLINK, 0, &which, sizeof which);
  g_autoptr(DivertNetlinkMessage) routes = divert_netlink_message_new (RTM_GETROUTE, 0, &main_table,
                                                                       sizeof main_table);
  Reading reading = { survey, ifindex };

  if (ifindex != 0)
    divert_netlink_request (netlink, link, see_link, survey->tunnel.device, NULL);
  if (survey->tunnel.device[0] != '\0')
    divert_netlink_dump (netlink, routes, see_route, &reading, NULL, NULL);
}
