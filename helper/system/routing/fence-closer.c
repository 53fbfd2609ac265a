/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the datagrams that close the gates.
 *
 * They are made when the gates are opened, so that nothing remains to be read or decided when they must close.  The
 * kernel carries out each message whether or not the ones before it failed, so a gate that is gone already does not
 * keep the others open.
 */
#include "fence-closer.h"

#include "fence-writer.h"

#include <string.h>

/* The number of messages in one datagram.  The socket has room for a refusal of each. */
#define MESSAGES 64

struct DivertFenceCloser
{
  DivertFence *fence;     /* NULL: none; without its panels */
  GPtrArray   *datagrams; /* GByteArray */
};

DivertFenceCloser *
divert_fence_closer_new (void)
{
  DivertFenceCloser *closer = g_new0 (DivertFenceCloser, 1);

  closer->datagrams = g_ptr_array_new_with_free_func ((GDestroyNotify) g_byte_array_unref);
  return closer;
}

void
divert_fence_closer_free (DivertFenceCloser *closer)
{
  if (closer == NULL)
    return;
  divert_fence_free (closer->fence);
  g_ptr_array_unref (closer->datagrams);
  g_free (closer);
}

static gboolean
is_set (const DivertFenceCloser *closer,
        const DivertFence       *fence)
{
  const DivertFence *set = closer->fence;

  return set != NULL && set->table == fence->table && set->mark == fence->mark && set->mask == fence->mask &&
         memcmp (set->priorities, fence->priorities, sizeof set->priorities) == 0 &&
         divert_prefixes_equal (set->gates, fence->gates);
}

static void
add (DivertFenceCloser *closer,
     struct nlmsghdr   *header,
     guint32            sequence,
     gboolean           last)
{
  GByteArray *datagram = closer->datagrams->pdata[closer->datagrams->len - 1];

  header->nlmsg_seq = sequence;
  header->nlmsg_flags |= NLM_F_REQUEST | (last ? NLM_F_ACK : 0);
  g_byte_array_append (datagram, (const guint8 *) header, header->nlmsg_len);
  g_byte_array_set_size (datagram, NLMSG_ALIGN (datagram->len));
}

static void
pack (DivertFenceCloser *closer,
      DivertNetlink     *netlink,
      const GPtrArray   *msgs)
{
  const guint32 first = divert_netlink_number (netlink, msgs->len);

  g_ptr_array_set_size (closer->datagrams, 0);
  for (guint i = 0; i < msgs->len; i++)
    {
      if (i % MESSAGES == 0)
        g_ptr_array_add (closer->datagrams, g_byte_array_new ());
      add (closer, nlmsg_hdr (msgs->pdata[i]), first + i, i % MESSAGES == MESSAGES - 1 || i == msgs->len - 1);
    }
}

void
divert_fence_closer_set (DivertFenceCloser *closer,
                         DivertNetlink     *netlink,
                         const DivertFence *fence)
{
  g_autoptr(GPtrArray) msgs = g_ptr_array_new_with_free_func ((GDestroyNotify) nlmsg_free);
  DivertFenceWriter w = { .netlink = netlink, .fence = fence, .msgs = msgs };

  if (is_set (closer, fence))
    return;
  divert_fence_writer_shut (&w);
  pack (closer, netlink, msgs);
  divert_fence_free (closer->fence);
  closer->fence = divert_fence_new_empty ();
  closer->fence->table = fence->table;
  closer->fence->mark = fence->mark;
  closer->fence->mask = fence->mask;
  memcpy (closer->fence->priorities, fence->priorities, sizeof fence->priorities);
  g_array_append_vals (closer->fence->gates, fence->gates->data, fence->gates->len);
}

/* The one message that asks for an acknowledgement is the last. */
static gboolean
take_last (struct nlmsghdr *header,
           gpointer         user_data)
{
  const struct nlmsghdr *last = user_data;

  return header->nlmsg_type == NLMSG_ERROR && header->nlmsg_seq == last->nlmsg_seq;
}

static const struct nlmsghdr *
find_last (const GByteArray *datagram)
{
  const struct nlmsghdr *header = (const struct nlmsghdr *) datagram->data;

  for (guint used = NLMSG_ALIGN (header->nlmsg_len); used < datagram->len; used += NLMSG_ALIGN (header->nlmsg_len))
    header = (const struct nlmsghdr *) (datagram->data + used);
  return header;
}

void
divert_fence_closer_send (DivertFenceCloser *closer,
                          DivertNetlink     *netlink)
{
  for (guint i = 0; i < closer->datagrams->len; i++)
    {
      const GByteArray *datagram = closer->datagrams->pdata[i];

      divert_netlink_converse (netlink, datagram->data, datagram->len, take_last,
                               (gpointer) find_last (datagram), NULL);
    }
}
