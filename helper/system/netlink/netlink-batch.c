/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the messages of a batch, and which of them an answer is about.
 *
 * All of them are in one piece of memory, ready to be sent.  There may be thousands, and as many small pieces would
 * leave holes between whatever else is allocated meanwhile, so the memory would not go back to the system.
 *
 * Only the last message of each datagram asks for an acknowledgement.  Refusals arrive anyway.
 */
#include "netlink-batch.h"

#include "netlink-answer.h"

#include <string.h>

/* The number of messages in one datagram.  The socket has room for a refusal of each. */
#define DATAGRAM_MESSAGES 64

struct DivertNetlinkBatch
{
  GByteArray *bytes;  /* the messages, each a multiple of NLMSG_ALIGNTO */
  guint       length; /* how many */
  guint       last;   /* where the last one begins */
};

typedef struct
{
  const GByteArray     *bytes;   /* the batch's */
  guint                 begin;   /* where it begins there */
  guint                 size;
  guint                 count;   /* of its messages */
  DivertNetlinkRefused  refused; /* NULL: nobody wants to know */
  gpointer              user_data;
} Datagram;

DivertNetlinkBatch *
divert_netlink_batch_new (void)
{
  DivertNetlinkBatch *batch = g_new0 (DivertNetlinkBatch, 1);

  batch->bytes = g_byte_array_new ();
  return batch;
}

void
divert_netlink_batch_free (DivertNetlinkBatch *batch)
{
  if (batch == NULL)
    return;
  g_byte_array_unref (batch->bytes);
  g_free (batch);
}

static void
append (DivertNetlinkBatch *batch,
        gconstpointer       data,
        gsize               size)
{
  const guint end = batch->bytes->len, padded = NLMSG_ALIGN (size);
  guint8 *room;

  g_byte_array_set_size (batch->bytes, end + padded);
  room = batch->bytes->data + end;
  memcpy (room, data, size);
  memset (room + size, 0, padded - size);
  ((struct nlmsghdr *) (batch->bytes->data + batch->last))->nlmsg_len = batch->bytes->len - batch->last;
}

void
divert_netlink_batch_begin (DivertNetlinkBatch *batch,
                            int                 type,
                            int                 flags,
                            gconstpointer       header,
                            gsize               size)
{
  const struct nlmsghdr message = { .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags };

  batch->last = batch->bytes->len;
  batch->length++;
  append (batch, &message, sizeof message);
  append (batch, header, size);
}

void
divert_netlink_batch_put (DivertNetlinkBatch *batch,
                          int                 type,
                          gconstpointer       data,
                          gsize               size)
{
  const struct nlattr attribute = { .nla_len = NLA_HDRLEN + size, .nla_type = type };

  append (batch, &attribute, sizeof attribute);
  append (batch, data, size);
}

void
divert_netlink_batch_put_u8 (DivertNetlinkBatch *batch,
                             int                 type,
                             guint8              value)
{
  divert_netlink_batch_put (batch, type, &value, sizeof value);
}

void
divert_netlink_batch_put_u32 (DivertNetlinkBatch *batch,
                              int                 type,
                              guint32             value)
{
  divert_netlink_batch_put (batch, type, &value, sizeof value);
}

guint
divert_netlink_batch_get_length (const DivertNetlinkBatch *batch)
{
  return batch->length;
}

void
divert_netlink_batch_clear (DivertNetlinkBatch *batch)
{
  /* Whoever keeps the batch doesn't need as much again. */
  g_byte_array_unref (batch->bytes);
  batch->bytes = g_byte_array_new ();
  batch->length = 0;
}

void
divert_netlink_batch_prepare (DivertNetlinkBatch *batch,
                              DivertNetlink      *netlink)
{
  guint32 sequence = divert_netlink_number (netlink, batch->length);
  guint offset = 0;

  for (guint i = 0; i < batch->length; i++)
    {
      struct nlmsghdr *header = (struct nlmsghdr *) (batch->bytes->data + offset);
      const gboolean ends = i % DATAGRAM_MESSAGES == DATAGRAM_MESSAGES - 1 || i == batch->length - 1;

      header->nlmsg_seq = sequence++;
      header->nlmsg_pid = divert_netlink_get_port (netlink);
      header->nlmsg_flags |= ends ? NLM_F_ACK : 0;
      offset += header->nlmsg_len;
    }
}

static const struct nlmsghdr *
get_message (const GByteArray *bytes,
             guint             offset)
{
  return (const struct nlmsghdr *) (bytes->data + offset);
}

/* The one after @datagram.  FALSE: that was the last one. */
static gboolean
find_next (Datagram *datagram)
{
  const struct nlmsghdr *header;

  datagram->begin += datagram->size;
  datagram->size = datagram->count = 0;
  if (datagram->begin == datagram->bytes->len)
    return FALSE;
  do
    {
      header = get_message (datagram->bytes, datagram->begin + datagram->size);
      datagram->size += header->nlmsg_len;
      datagram->count++;
    }
  while ((header->nlmsg_flags & NLM_F_ACK) == 0);
  return TRUE;
}

static const struct nlmsghdr *
find_message (const Datagram *datagram,
              guint           i)
{
  guint offset = datagram->begin;

  for (; i > 0; i--)
    offset += get_message (datagram->bytes, offset)->nlmsg_len;
  return get_message (datagram->bytes, offset);
}

static gboolean
take (struct nlmsghdr *header,
      gpointer         user_data)
{
  const Datagram *datagram = user_data;
  const guint32 i = header->nlmsg_seq - find_message (datagram, 0)->nlmsg_seq;
  DivertNetlinkAnswer answer = { .sequence = header->nlmsg_seq };
  g_autoptr(GError) refusal = NULL;

  if (i >= datagram->count)
    return FALSE;
  if (datagram->refused != NULL &&
      !divert_netlink_answer_take (&answer, (char *) header, header->nlmsg_len, &refusal))
    datagram->refused (find_message (datagram, i), refusal, datagram->user_data);
  return header->nlmsg_type == NLMSG_ERROR && i == datagram->count - 1;
}

static gboolean
send_one (Datagram       *datagram,
          DivertNetlink  *netlink,
          GError        **error)
{
  return divert_netlink_converse (netlink, find_message (datagram, 0), datagram->size, take, datagram, error);
}

gboolean
divert_netlink_batch_send (DivertNetlinkBatch    *batch,
                           DivertNetlink         *netlink,
                           DivertNetlinkRefused   refused,
                           gpointer               user_data,
                           GError               **error)
{
  Datagram datagram = { .bytes = batch->bytes, .refused = refused, .user_data = user_data };

  divert_netlink_batch_prepare (batch, netlink);
  while (find_next (&datagram))
    if (!send_one (&datagram, netlink, error))
      return FALSE;
  return TRUE;
}

void
divert_netlink_batch_send_prepared (const DivertNetlinkBatch *batch,
                                    DivertNetlink            *netlink)
{
  Datagram datagram = { .bytes = batch->bytes };

  while (find_next (&datagram))
    send_one (&datagram, netlink, NULL);
}
