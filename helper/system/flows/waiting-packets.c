/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: dropping packets that wait in the kernel's neighbour table.
 *
 * Theory of operation.  When the carrier is lost, the kernel forgets the link's neighbours at once,
 * but tells us a moment later.  A packet that a program sends to the NAS in that moment passes the
 * rules of home and finds no neighbour.  It waits in the table for up to three seconds while the
 * kernel asks for the NAS's address.  If the link comes up in another network in that time, the
 * stranger at that address answers and gets the packet: one per flow, long after the rules have
 * changed (K4.4; in the lab, 950 ms after).  Deleting the entry drops the packets that wait in it.
 *
 * We drop those of the whole link, not only those for an intranet, because a packet to an intranet
 * behind the gateway waits for the gateway.  Other packets are lost with them, which is normal when
 * the carrier is lost.
 */
#include "waiting-packets.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "system/netlink/netlink.h"

typedef struct
{
  guint   ifindex;
  GArray *found; /* DivertPrefix */
} Search;

static void
visit (struct nlmsghdr *header,
       gpointer         user_data)
{
  Search *search = user_data;
  struct nlattr *attributes[NDA_MAX + 1];
  const struct ndmsg *neighbour;
  DivertPrefix address;

  if (nlmsg_parse (header, sizeof *neighbour, attributes, NDA_MAX, NULL) < 0)
    return;
  neighbour = nlmsg_data (header);
  if ((guint) neighbour->ndm_ifindex == search->ifindex && (neighbour->ndm_state & NUD_INCOMPLETE) != 0 &&
      divert_netlink_get_address (attributes[NDA_DST], neighbour->ndm_family, &address))
    divert_prefixes_add (search->found, &address);
}

static gboolean
delete (DivertNetlink       *netlink,
        guint                ifindex,
        const DivertPrefix  *address,
        GError             **error)
{
  const struct ndmsg header = { .ndm_family = divert_netlink_family (address->family), .ndm_ifindex = ifindex };
  g_autoptr(DivertNetlinkMessage) msg = divert_netlink_message_new (RTM_DELNEIGH, 0, &header, sizeof header);
  g_autoptr(GError) local_error = NULL;

  nla_put (msg, NDA_DST, divert_family_bytes (address->family), address->bytes);
  /* ENOENT: the kernel gave up on it by itself. */
  if (divert_netlink_request (netlink, msg, NULL, NULL, &local_error) ||
      g_error_matches (local_error, DIVERT_NETLINK_ERROR, ENOENT))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

gboolean
divert_waiting_packets_drop (guint    ifindex,
                             guint   *ret_dropped,
                             GError **error)
{
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_ROUTE, error);
  g_autoptr(GArray) found = divert_prefixes_new ();
  Search search = { ifindex, found };

  if (netlink == NULL)
    return FALSE;
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      const struct ndmsg header = { .ndm_family = divert_netlink_family (family) };
      g_autoptr(DivertNetlinkMessage) dump = divert_netlink_message_new (RTM_GETNEIGH, 0, &header, sizeof header);

      if (!divert_netlink_dump (netlink, dump, visit, &search, NULL, error))
        return FALSE;
    }
  for (guint i = 0; i < found->len; i++)
    if (!delete (netlink, ifindex, divert_prefixes_index (found, i), error))
      return FALSE;
  *ret_dropped = found->len;
  return TRUE;
}
