/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: interpreting rtnetlink's messages.
 */
#include "kernel-parse.h"

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* No link has such an index. */
#define OF_PORT 0x80000000u

/* "Lower up" is what the driver says at this moment.  The operational state (802.1X, a Wi-Fi that is not
 * authenticated yet, a VLAN's lower link) comes from the supplicant or the kernel, later (K4.2).  Both
 * must agree. */
static gboolean
has_carrier (guint flags,
             guint operstate)
{
  switch (operstate)
    {
    case IF_OPER_NOTPRESENT:
    case IF_OPER_DOWN:
    case IF_OPER_LOWERLAYERDOWN:
    case IF_OPER_DORMANT:
      return FALSE;
    }
  return (flags & IFF_UP) != 0 && (flags & IFF_LOWER_UP) != 0;
}

static gboolean
is_bond (struct nlattr *kind)
{
  char name[DIVERT_LINK_KIND_MAX] = "";

  if (kind != NULL && nla_len (kind) > 0)
    nla_strlcpy (name, kind, sizeof name);
  return g_str_equal (name, "bond");
}

/* A tun device carries either packets or Ethernet frames; only the latter belongs to a virtual machine. */
static void
read_kind (struct nlattr          *linkinfo,
           const struct ifinfomsg *info,
           DivertLinkState        *link)
{
  struct nlattr *attributes[IFLA_INFO_MAX + 1];

  if (linkinfo == NULL || nla_parse_nested (attributes, IFLA_INFO_MAX, linkinfo, NULL) < 0 ||
      attributes[IFLA_INFO_KIND] == NULL || nla_len (attributes[IFLA_INFO_KIND]) < 1)
    return;
  nla_strlcpy (link->kind, attributes[IFLA_INFO_KIND], sizeof link->kind);
  if (g_str_equal (link->kind, "tun") && info->ifi_type == ARPHRD_ETHER)
    g_strlcpy (link->kind, "tap", sizeof link->kind);
}

/* A bond takes another port at its own time, and no carrier changes then (K4.15).  It names its active port if its mode
 * has one.  In every mode, each port tells whether it is in use. */
static guint32
read_bonding (struct nlattr *linkinfo)
{
  struct nlattr *info[IFLA_INFO_MAX + 1], *bond[IFLA_BOND_MAX + 1], *port[IFLA_BOND_SLAVE_MAX + 1];

  if (linkinfo == NULL || nla_parse_nested (info, IFLA_INFO_MAX, linkinfo, NULL) < 0)
    return 0;
  if (is_bond (info[IFLA_INFO_KIND]) && info[IFLA_INFO_DATA] != NULL &&
      nla_parse_nested (bond, IFLA_BOND_MAX, info[IFLA_INFO_DATA], NULL) == 0)
    return divert_netlink_get_u32 (bond[IFLA_BOND_ACTIVE_SLAVE], 0);
  if (is_bond (info[IFLA_INFO_SLAVE_KIND]) && info[IFLA_INFO_SLAVE_DATA] != NULL &&
      nla_parse_nested (port, IFLA_BOND_SLAVE_MAX, info[IFLA_INFO_SLAVE_DATA], NULL) == 0)
    return OF_PORT | divert_netlink_get_u8 (port[IFLA_BOND_SLAVE_STATE], 0) << 8 |
           divert_netlink_get_u8 (port[IFLA_BOND_SLAVE_MII_STATUS], 0);
  return 0;
}

/* IFLA_LINK is the link that carries this one, but with a veth it is the other end.  The number of a link in another
 * namespace means nothing here. */
static void
read_other (struct nlattr   **attributes,
            DivertLinkState  *link)
{
  static const char *const kinds[] = { "vlan", "macvlan", "ipvlan", NULL };

  if (attributes[IFLA_LINK_NETNSID] != NULL)
    return;
  if (g_strv_contains (kinds, link->kind))
    link->lower = divert_netlink_get_u32 (attributes[IFLA_LINK], 0);
  else if (g_str_equal (link->kind, "veth"))
    link->peer = divert_netlink_get_u32 (attributes[IFLA_LINK], 0);
}

static gboolean
read_mac (struct nlattr *attribute,
          DivertMac     *ret_mac)
{
  if (attribute == NULL || nla_len (attribute) != sizeof ret_mac->bytes)
    return FALSE;
  memcpy (ret_mac->bytes, nla_data (attribute), sizeof ret_mac->bytes);
  return TRUE;
}

/* What "bridge fdb" calls "self permanent": the kernel puts an address into a device's list of unicast addresses when
 * something that sends by the device is brought up (K4.12).  Multicast addresses are in the same dump. */
gboolean
divert_kernel_parse_unicast (struct nlmsghdr *header,
                             guint           *ret_ifindex,
                             DivertMac       *ret_mac)
{
  const struct ndmsg *info = nlmsg_data (header);
  struct nlattr *attributes[NDA_MAX + 1];
  DivertMac mac;

  if (header->nlmsg_type != RTM_NEWNEIGH || nlmsg_parse (header, sizeof *info, attributes, NDA_MAX, NULL) < 0)
    return FALSE;
  if (info->ndm_family != AF_BRIDGE || (info->ndm_flags & NTF_SELF) == 0 || info->ndm_ifindex <= 0 ||
      !read_mac (attributes[NDA_LLADDR], &mac) || (mac.bytes[0] & 1) != 0)
    return FALSE;
  *ret_ifindex = info->ndm_ifindex;
  *ret_mac = mac;
  return TRUE;
}

gboolean
divert_kernel_parse_link (struct nlmsghdr *header,
                          DivertLinkState *ret_link)
{
  const struct ifinfomsg *info = nlmsg_data (header);
  struct nlattr *attributes[IFLA_MAX + 1];
  DivertLinkState link = { 0 };

  if ((header->nlmsg_type != RTM_NEWLINK && header->nlmsg_type != RTM_DELLINK) ||
      nlmsg_parse (header, sizeof *info, attributes, IFLA_MAX, NULL) < 0)
    return FALSE;
  if (info->ifi_family != AF_UNSPEC || info->ifi_index <= 0 || attributes[IFLA_WIRELESS] != NULL ||
      attributes[IFLA_IFNAME] == NULL || nla_len (attributes[IFLA_IFNAME]) < 1)
    return FALSE;

  link.ifindex = info->ifi_index;
  nla_strlcpy (link.name, attributes[IFLA_IFNAME], sizeof link.name);
  read_kind (attributes[IFLA_LINKINFO], info, &link);
  link.bonding = read_bonding (attributes[IFLA_LINKINFO]);
  link.master = divert_netlink_get_u32 (attributes[IFLA_MASTER], 0);
  read_other (attributes, &link);
  link.has_mac = info->ifi_type == ARPHRD_ETHER && read_mac (attributes[IFLA_ADDRESS], &link.mac);
  link.loopback = (info->ifi_flags & IFF_LOOPBACK) != 0;
  link.carrier = header->nlmsg_type == RTM_NEWLINK &&
                 has_carrier (info->ifi_flags, divert_netlink_get_u8 (attributes[IFLA_OPERSTATE], IF_OPER_UNKNOWN));
  link.carrier_changes = divert_netlink_get_u32 (attributes[IFLA_CARRIER_CHANGES], 0);
  *ret_link = link;
  return TRUE;
}

gboolean
divert_kernel_parse_address (struct nlmsghdr   *header,
                             DivertLinkAddress *ret_address)
{
  const struct ifaddrmsg *info = nlmsg_data (header);
  struct nlattr *attributes[IFA_MAX + 1];
  DivertLinkAddress address = { 0 };
  DivertPrefix peer;
  guint32 flags;

  if ((header->nlmsg_type != RTM_NEWADDR && header->nlmsg_type != RTM_DELADDR) ||
      nlmsg_parse (header, sizeof *info, attributes, IFA_MAX, NULL) < 0)
    return FALSE;
  /* On a point-to-point link, IFA_ADDRESS is the peer's and IFA_LOCAL is ours.  IPv6 gives IFA_LOCAL only there. */
  if (!divert_netlink_get_address (attributes[IFA_ADDRESS], info->ifa_family, &peer))
    return FALSE;
  if (!divert_netlink_get_address (attributes[IFA_LOCAL], info->ifa_family, &address.address))
    address.address = peer;
  /* On a point-to-point link the prefix belongs to the peer as well. */
  if (divert_prefix_equal (&address.address, &peer))
    address.address.length = MIN (info->ifa_prefixlen, address.address.length);

  flags = divert_netlink_get_u32 (attributes[IFA_FLAGS], info->ifa_flags);
  address.ifindex = info->ifa_index;
  address.usable = (flags & IFA_F_DADFAILED) == 0 &&
                   ((flags & IFA_F_TENTATIVE) == 0 || (flags & IFA_F_OPTIMISTIC) != 0);
  *ret_address = address;
  return TRUE;
}

static void
read_gateway (struct nlattr **attributes,
              int             family,
              DivertRoute    *route)
{
  const struct rtvia *via;

  if (attributes[RTA_VIA] != NULL && nla_len (attributes[RTA_VIA]) >= (int) sizeof *via)
    {
      /* An IPv4 route through an IPv6 gateway. */
      via = nla_data (attributes[RTA_VIA]);
      if (via->rtvia_family == AF_INET6 && nla_len (attributes[RTA_VIA]) >= (int) sizeof *via + 16)
        {
          route->gateway = divert_prefix_from_bytes (DIVERT_FAMILY_IPV6, via->rtvia_addr, 128);
          route->has_gateway = TRUE;
        }
      return;
    }
  route->has_gateway = divert_netlink_get_address (attributes[RTA_GATEWAY], family, &route->gateway);
}

static void
visit_hops (struct nlattr     *multipath,
            int                family,
            const DivertRoute *template,
            DivertHopVisit     visit,
            gpointer           user_data)
{
  struct rtnexthop *hop = nla_data (multipath);
  int remaining = nla_len (multipath);

  while (remaining >= (int) sizeof *hop && hop->rtnh_len >= sizeof *hop && hop->rtnh_len <= remaining)
    {
      struct nlattr *attributes[RTA_MAX + 1];
      DivertRoute route = *template;

      if (nla_parse (attributes, RTA_MAX, (struct nlattr *) RTNH_DATA (hop), hop->rtnh_len - sizeof *hop, NULL) < 0)
        return;
      route.ifindex = hop->rtnh_ifindex;
      read_gateway (attributes, family, &route);
      visit (&route, user_data);
      remaining -= RTNH_ALIGN (hop->rtnh_len);
      hop = RTNH_NEXT (hop);
    }
}

void
divert_kernel_parse_route (struct nlmsghdr *header,
                           DivertHopVisit   visit,
                           gpointer         user_data)
{
  const struct rtmsg *info = nlmsg_data (header);
  struct nlattr *attributes[RTA_MAX + 1];
  DivertRoute route = { 0 };

  if ((header->nlmsg_type != RTM_NEWROUTE && header->nlmsg_type != RTM_DELROUTE) ||
      nlmsg_parse (header, sizeof *info, attributes, RTA_MAX, NULL) < 0)
    return;
  if (divert_netlink_get_u32 (attributes[RTA_TABLE], info->rtm_table) != RT_TABLE_MAIN ||
      info->rtm_flags & RTM_F_CLONED)
    return;

  if (!divert_netlink_get_address (attributes[RTA_DST], info->rtm_family, &route.destination))
    {
      if (info->rtm_dst_len != 0 || (info->rtm_family != AF_INET && info->rtm_family != AF_INET6))
        return;
      route.destination.family = info->rtm_family == AF_INET6 ? DIVERT_FAMILY_IPV6 : DIVERT_FAMILY_IPV4;
    }
  if (info->rtm_dst_len > divert_family_bits (route.destination.family))
    return;
  route.destination.length = info->rtm_dst_len;

  switch (info->rtm_type)
    {
    case RTN_UNICAST:
      if (attributes[RTA_MULTIPATH] != NULL)
        {
          visit_hops (attributes[RTA_MULTIPATH], info->rtm_family, &route, visit, user_data);
          return;
        }
      route.ifindex = divert_netlink_get_u32 (attributes[RTA_OIF], 0);
      read_gateway (attributes, info->rtm_family, &route);
      break;
    case RTN_UNREACHABLE:
    case RTN_BLACKHOLE:
    case RTN_PROHIBIT:
    case RTN_THROW:
      break;
    default:
      return;
    }
  visit (&route, user_data);
}
