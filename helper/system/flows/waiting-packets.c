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

#include "system/netlink/netlink-batch.h"

struct DivertWaitingPackets
{
  DivertNetlink *netlink; /* NULL: could not be opened */
};

typedef struct
{
  guint   ifindex;
  GArray *found; /* DivertPrefix */
  GError *error; /* of the first that could not be deleted */
} Drop;

DivertWaitingPackets *
divert_waiting_packets_new (void)
{
  DivertWaitingPackets *waiting = g_new0 (DivertWaitingPackets, 1);

  /* Now, because nothing may be in the way when a link is lost.  If that fails, the attempt then tells why. */
  waiting->netlink = divert_netlink_new (NETLINK_ROUTE, NULL);
  return waiting;
}

void
divert_waiting_packets_free (DivertWaitingPackets *waiting)
{
  if (waiting == NULL)
    return;
  divert_netlink_free (waiting->netlink);
  g_free (waiting);
}

static void
visit (struct nlmsghdr *header,
       gpointer         user_data)
{
  Drop *drop = user_data;
  struct nlattr *attributes[NDA_MAX + 1];
  const struct ndmsg *neighbour;
  DivertPrefix address;

  if (nlmsg_parse (header, sizeof *neighbour, attributes, NDA_MAX, NULL) < 0)
    return;
  neighbour = nlmsg_data (header);
  if ((guint) neighbour->ndm_ifindex == drop->ifindex && (neighbour->ndm_state & NUD_INCOMPLETE) != 0 &&
      divert_netlink_get_address (attributes[NDA_DST], neighbour->ndm_family, &address))
    divert_prefixes_add (drop->found, &address);
}

static void
on_refused (const struct nlmsghdr *request,
            const GError          *error,
            gpointer               user_data)
{
  Drop *drop = user_data;

  /* ENOENT: the kernel gave up on it by itself. */
  if (drop->error == NULL && error->code != ENOENT)
    drop->error = g_error_copy (error);
}

static gboolean
delete_all (DivertNetlink  *netlink,
            Drop           *drop,
            GError        **error)
{
  g_autoptr(DivertNetlinkBatch) deletions = divert_netlink_batch_new ();

  for (guint i = 0; i < drop->found->len; i++)
    {
      const DivertPrefix *address = divert_prefixes_index (drop->found, i);
      const struct ndmsg header = { .ndm_family = divert_netlink_family (address->family),
                                    .ndm_ifindex = drop->ifindex };

      divert_netlink_batch_begin (deletions, RTM_DELNEIGH, 0, &header, sizeof header);
      divert_netlink_batch_put (deletions, NDA_DST, address->bytes, divert_family_bytes (address->family));
    }
  if (!divert_netlink_batch_send (deletions, netlink, on_refused, drop, error))
    {
      g_clear_error (&drop->error);
      return FALSE;
    }
  if (drop->error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&drop->error));
  return FALSE;
}

gboolean
divert_waiting_packets_drop (DivertWaitingPackets  *waiting,
                             guint                  ifindex,
                             guint                 *ret_dropped,
                             GError               **error)
{
  /* Of both families. */
  const struct ndmsg header = { .ndm_family = AF_UNSPEC };
  g_autoptr(DivertNetlinkMessage) dump = divert_netlink_message_new (RTM_GETNEIGH, 0, &header, sizeof header);
  g_autoptr(GArray) found = divert_prefixes_new ();
  Drop drop = { ifindex, found, NULL };

  if (waiting->netlink == NULL)
    waiting->netlink = divert_netlink_new (NETLINK_ROUTE, error);
  nla_put_u32 (dump, NDA_IFINDEX, ifindex);
  if (waiting->netlink == NULL || !divert_netlink_dump (waiting->netlink, dump, visit, &drop, NULL, error) ||
      !delete_all (waiting->netlink, &drop, error))
    return FALSE;
  *ret_dropped = found->len;
  return TRUE;
}
