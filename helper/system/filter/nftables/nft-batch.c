/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the messages of a transaction, their numbers, and which of them an answer is about.
 *
 * The kernel answers a batch after reading all of it, and reports an error for each message that it
 * refuses.  So a single datagram tells us everything that is wrong.  If it refuses the batch as a
 * whole (the generation, memory, the commit itself), it reports that for the message that begins
 * the batch.  The last message asks for an acknowledgement, and no answer comes after that one.
 *
 * A batch without an end is checked but not carried out.  That is what nft --check sends.
 */
#include "nft-batch.h"

#include "system/base/fault.h"
#include "system/netlink/netlink-answer.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>

/* Up to this size, the system's own limits are enough. */
#define EASY_BYTES (64 * 1024)
/* The room that a refusal takes in the socket. */
#define REFUSAL_BYTES 1024

struct DivertNftBatch
{
  GByteArray      *messages; /* without the last one while that is open */
  GPtrArray       *labels;   /* char *: one for each message */
  struct nlmsghdr *open;     /* NULL, or in the scratch buffer */
  char            *scratch;
  guint8           family;   /* NFPROTO_x */
};

DivertNftBatch *
divert_nft_batch_new (void)
{
  DivertNftBatch *batch = g_new0 (DivertNftBatch, 1);

  batch->messages = g_byte_array_new ();
  batch->labels = g_ptr_array_new_with_free_func (g_free);
  batch->scratch = g_malloc (DIVERT_NFT_MESSAGE_BYTES);
  batch->family = NFPROTO_INET;
  return batch;
}

DivertNftBatch *
divert_nft_batch_new_netdev (void)
{
  DivertNftBatch *batch = divert_nft_batch_new ();

  batch->family = NFPROTO_NETDEV;
  return batch;
}

void
divert_nft_batch_free (DivertNftBatch *batch)
{
  if (batch == NULL)
    return;
  g_byte_array_unref (batch->messages);
  g_ptr_array_unref (batch->labels);
  g_free (batch->scratch);
  g_free (batch);
}

static void
append (GByteArray            *messages,
        const struct nlmsghdr *header)
{
  g_byte_array_append (messages, (const guint8 *) header, header->nlmsg_len);
  g_byte_array_set_size (messages, MNL_ALIGN (messages->len));
}

static void
close_message (DivertNftBatch *batch)
{
  if (batch->open != NULL)
    append (batch->messages, batch->open);
  batch->open = NULL;
}

struct nlmsghdr *
divert_nft_batch_add (DivertNftBatch *batch,
                      guint8          type,
                      guint16         flags,
                      const char     *what)
{
  close_message (batch);
  batch->open = nftnl_nlmsg_build_hdr (batch->scratch, type, batch->family, flags, 0);
  g_ptr_array_add (batch->labels, g_strdup (what));
  return batch->open;
}

guint
divert_nft_batch_length (const DivertNftBatch *batch)
{
  return batch->labels->len;
}

typedef struct
{
  const DivertNftBatch *batch;
  guint32               first;   /* the sequence number of the batch's beginning; those of the messages follow */
  GError               *refusal; /* the first one */
} Talk;

static void
refuse (Talk    *talk,
        guint32  i,
        GError  *refusal)
{
  if (talk->refusal != NULL)
    {
      g_error_free (refusal);
      return;
    }
  if (i > 0)
    g_prefix_error (&refusal, "%s: ", (const char *) talk->batch->labels->pdata[i - 1]);
  talk->refusal = refusal;
}

static gboolean
take (struct nlmsghdr *header,
      gpointer         user_data)
{
  Talk *talk = user_data;
  const guint32 i = header->nlmsg_seq - talk->first, count = talk->batch->labels->len;
  DivertNetlinkAnswer answer = { .sequence = header->nlmsg_seq };
  GError *refusal = NULL;

  if (i > count)
    return FALSE;
  if (!divert_netlink_answer_take (&answer, (char *) header, header->nlmsg_len, &refusal))
    refuse (talk, i, refusal);
  return answer.done && (i == 0 || i == count);
}

static void
put_begin (GByteArray *datagram,
           guint32     sequence,
           guint32     generation)
{
  char buffer[64];
  struct nlmsghdr *header = nftnl_batch_begin (buffer, sequence);

  mnl_attr_put_u32 (header, NFNL_BATCH_GENID, htonl (generation));
  append (datagram, header);
}

static void
put_messages (GByteArray           *datagram,
              const DivertNftBatch *batch,
              guint32               sequence)
{
  const guint begin = datagram->len;
  guint offset = begin, i = 0;

  g_byte_array_append (datagram, batch->messages->data, batch->messages->len);
  while (offset < datagram->len)
    {
      struct nlmsghdr *header = (struct nlmsghdr *) (datagram->data + offset);

      header->nlmsg_seq = sequence + i++;
      if (i == batch->labels->len)
        header->nlmsg_flags |= NLM_F_ACK;
      offset += MNL_ALIGN (header->nlmsg_len);
    }
}

static gboolean
send_batch (DivertNftBatch  *batch,
            DivertNft       *nft,
            guint32          generation,
            gboolean         ends,
            GError         **error)
{
  DivertNetlink *netlink = divert_nft_get_netlink (nft);
  g_autoptr(GByteArray) datagram = g_byte_array_new ();
  const guint count = batch->labels->len;
  g_autoptr(GError) lost = NULL;
  Talk talk = { .batch = batch };
  char buffer[64];

  close_message (batch);
  if (count == 0)
    return TRUE;
  talk.first = divert_netlink_number (netlink, count + 2);
  put_begin (datagram, talk.first, generation);
  put_messages (datagram, batch, talk.first + 1);
  if (ends)
    append (datagram, nftnl_batch_end (buffer, talk.first + 1 + count));
  if (MAX (datagram->len, count * REFUSAL_BYTES) > EASY_BYTES)
    divert_netlink_make_room (netlink, MAX (datagram->len, EASY_BYTES), MAX (count * REFUSAL_BYTES, EASY_BYTES));

  if (!divert_netlink_converse (netlink, datagram->data, datagram->len, take, &talk, &lost) && talk.refusal == NULL)
    talk.refusal = g_steal_pointer (&lost);
  if (talk.refusal == NULL)
    return TRUE;
  g_propagate_error (error, talk.refusal);
  return FALSE;
}

gboolean
divert_nft_batch_commit (DivertNftBatch  *batch,
                         DivertNft       *nft,
                         guint32          generation,
                         GError         **error)
{
  return send_batch (batch, nft, generation, TRUE, error);
}

gboolean
divert_nft_batch_commit_at (DivertNftBatch  *batch,
                            DivertNft       *nft,
                            guint32          generation,
                            const char      *point,
                            GError         **error)
{
  if (divert_fault_point ("%s-before", point))
    return divert_netlink_fail (error, EINVAL, NULL);
  if (!divert_nft_batch_commit (batch, nft, generation, error))
    return FALSE;
  return !divert_fault_point ("%s-after", point) || divert_netlink_fail (error, EINVAL, NULL);
}

gboolean
divert_nft_batch_check (DivertNftBatch  *batch,
                        DivertNft       *nft,
                        GError         **error)
{
  return send_batch (batch, nft, 0, FALSE, error);
}
