/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the RTM_…NEIGH messages.
 *
 * None of them has NLM_F_REPLACE, because with it the kernel would clear the "is a router" flag of
 * the entry, and with that remove IPv6's default route.
 */
#include "gateway-neighbour.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

gboolean
divert_neighbour_equal (const DivertNeighbour *a,
                        const DivertNeighbour *b)
{
  return a->ifindex == b->ifindex && divert_prefix_equal (&a->address, &b->address) && a->state == b->state &&
         a->has_mac == b->has_mac && (!a->has_mac || divert_mac_equal (&a->mac, &b->mac));
}

gboolean
divert_neighbour_parse (struct nlmsghdr *header,
                        DivertNeighbour *ret_neighbour)
{
  const struct ndmsg *entry = nlmsg_data (header);
  struct nlattr *attributes[NDA_MAX + 1];
  DivertNeighbour neighbour = { 0 };

  if ((header->nlmsg_type != RTM_NEWNEIGH && header->nlmsg_type != RTM_DELNEIGH) ||
      nlmsg_parse (header, sizeof *entry, attributes, NDA_MAX, NULL) < 0)
    return FALSE;
  if (entry->ndm_ifindex <= 0 || entry->ndm_flags & NTF_PROXY ||
      !divert_netlink_get_address (attributes[NDA_DST], entry->ndm_family, &neighbour.address))
    return FALSE;

  neighbour.ifindex = entry->ndm_ifindex;
  if (header->nlmsg_type == RTM_NEWNEIGH)
    {
      const struct nlattr *mac = attributes[NDA_LLADDR];

      neighbour.state = entry->ndm_state;
      /* When somebody deletes an entry, the kernel first reports that it failed, and by whom (0 is the
       * kernel itself). */
      if (neighbour.state & NUD_FAILED && header->nlmsg_pid != 0)
        neighbour.state = 0;
      neighbour.has_mac = mac != NULL && nla_len (mac) == sizeof neighbour.mac.bytes;
      if (neighbour.has_mac)
        memcpy (neighbour.mac.bytes, nla_data (mac), sizeof neighbour.mac.bytes);
    }
  *ret_neighbour = neighbour;
  return TRUE;
}

static DivertNetlinkMessage *
build (int                  type,
       int                  flags,
       guint                ifindex,
       const DivertPrefix  *address,
       const struct ndmsg  *template)
{
  struct ndmsg entry = *template;
  DivertNetlinkMessage *msg;

  entry.ndm_family = divert_netlink_family (address->family);
  entry.ndm_ifindex = ifindex;
  msg = divert_netlink_message_new (type, flags, &entry, sizeof entry);
  nla_put (msg, NDA_DST, divert_family_bytes (address->family), address->bytes);
  return msg;
}

static void
see_answer (struct nlmsghdr *header,
            gpointer         user_data)
{
  divert_neighbour_parse (header, user_data);
}

gboolean
divert_neighbour_get (DivertNetlink       *netlink,
                      guint                ifindex,
                      const DivertPrefix  *address,
                      DivertNeighbour     *ret_neighbour,
                      GError             **error)
{
  const struct ndmsg any = { 0 };
  g_autoptr(DivertNetlinkMessage) msg = build (RTM_GETNEIGH, 0, ifindex, address, &any);
  DivertNeighbour neighbour = { .ifindex = ifindex, .address = *address };
  g_autoptr(GError) local_error = NULL;

  if (!divert_netlink_request (netlink, msg, see_answer, &neighbour, &local_error) &&
      !g_error_matches (local_error, DIVERT_NETLINK_ERROR, ENOENT))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  *ret_neighbour = neighbour;
  return TRUE;
}

gboolean
divert_neighbour_probe (DivertNetlink          *netlink,
                        const DivertNeighbour  *neighbour,
                        GError                **error)
{
  const struct ndmsg probe = { .ndm_state = NUD_PROBE };
  g_autoptr(DivertNetlinkMessage) msg = build (RTM_NEWNEIGH, 0, neighbour->ifindex, &neighbour->address, &probe);

  nla_put (msg, NDA_LLADDR, sizeof neighbour->mac.bytes, neighbour->mac.bytes);
  return divert_netlink_request (netlink, msg, NULL, NULL, error);
}

gboolean
divert_neighbour_solicit (DivertNetlink       *netlink,
                          guint                ifindex,
                          const DivertPrefix  *address,
                          GError             **error)
{
  const struct ndmsg failed = { .ndm_state = NUD_FAILED }, use = { .ndm_flags = NTF_USE };
  g_autoptr(DivertNetlinkMessage) reset = build (RTM_NEWNEIGH, 0, ifindex, address, &failed);
  g_autoptr(DivertNetlinkMessage) ask = build (RTM_NEWNEIGH, NLM_F_CREATE, ifindex, address, &use);
  g_autoptr(GError) local_error = NULL;

  /* "Use" alone would make the kernel trust the address that it already has. */
  if (!divert_netlink_request (netlink, reset, NULL, NULL, &local_error) &&
      !g_error_matches (local_error, DIVERT_NETLINK_ERROR, ENOENT))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  return divert_netlink_request (netlink, ask, NULL, NULL, error);
}
