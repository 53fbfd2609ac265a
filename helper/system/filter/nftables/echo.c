/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the table that listens for a question.
 *
 * Theory of operation.  Connection tracking knows where a packet was for before it was redirected (K3.17), so what was
 * sent to the DNS port on purpose doesn't count.  The name is compared as bytes of the datagram: only who was asked
 * knows it.  What matches is counted and dropped, so the question doesn't go round.
 *
 * The table belongs to the socket, so the kernel removes it if the helper dies (K1.15).  The socket stays open, because
 * closing it after a write holds nftables' lock for some milliseconds.  Whoever writes holds that lock, too, so it is
 * the main loop that does: a thread of ordinary priority might have to wait, with the lock, for anybody's programs.
 */
#include "system/filter/echo.h"

#include "core/words/protocol.h"
#include "nft-batch.h"
#include "nft-failure.h"
#include "nftables-expressions-private.h"
#include "nftables-read.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <netinet/in.h>

#define TABLE "nm-divert-echo"
#define CHAIN "heard"
/* Behind everything else: what gets here is given to the resolver. */
#define PRIORITY 300
#define UDP_BYTES 8
/* As much as a register holds. */
#define PART_BYTES 16
G_STATIC_ASSERT (DIVERT_QUESTION_DIGITS % PART_BYTES == 0);

struct DivertEcho
{
  DivertNft *nft;     /* NULL: not yet */
  gboolean   lacking; /* the kernel can't */
};

DivertEcho *
divert_echo_new (void)
{
  return g_new0 (DivertEcho, 1);
}

void
divert_echo_free (DivertEcho *echo)
{
  if (echo == NULL)
    return;
  divert_nft_free (echo->nft);
  g_free (echo);
}

static void
add_equal (nftnl_rule    *rule,
           gconstpointer  bytes,
           guint          length)
{
  struct nftnl_expr *expr = divert_nft_add_expr (rule, "cmp");

  nftnl_expr_set_u32 (expr, NFTNL_EXPR_CMP_SREG, DIVERT_NFT_REGISTER);
  nftnl_expr_set_u32 (expr, NFTNL_EXPR_CMP_OP, NFT_CMP_EQ);
  nftnl_expr_set (expr, NFTNL_EXPR_CMP_DATA, bytes, length);
}

static void
add_port (nftnl_rule *rule,
          guint16     port)
{
  const guint16 bytes = g_htons (port);

  add_equal (rule, &bytes, sizeof bytes);
}

static void
load_original_port (nftnl_rule *rule)
{
  struct nftnl_expr *expr = divert_nft_add_expr (rule, "ct");

  nftnl_expr_set_u32 (expr, NFTNL_EXPR_CT_KEY, NFT_CT_PROTO_DST);
  nftnl_expr_set_u32 (expr, NFTNL_EXPR_CT_DREG, DIVERT_NFT_REGISTER);
  nftnl_expr_set_u8 (expr, NFTNL_EXPR_CT_DIR, IP_CT_DIR_ORIGINAL);
}

static void
add_drop (nftnl_rule *rule)
{
  struct nftnl_expr *expr = divert_nft_add_expr (rule, "immediate");

  nftnl_expr_set_u32 (expr, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
  nftnl_expr_set_u32 (expr, NFTNL_EXPR_IMM_VERDICT, NF_DROP);
}

static nftnl_rule *
make_rule (guint16               port,
           const DivertQuestion *question)
{
  static const guint8 udp = IPPROTO_UDP;
  const guint8 *digits = question->message + DIVERT_QUESTION_OFFSET;
  nftnl_rule *rule = nftnl_rule_alloc ();

  nftnl_rule_set_u32 (rule, NFTNL_RULE_FAMILY, NFPROTO_INET);
  nftnl_rule_set_str (rule, NFTNL_RULE_TABLE, TABLE);
  nftnl_rule_set_str (rule, NFTNL_RULE_CHAIN, CHAIN);
  divert_nft_load_meta (rule, NFT_META_L4PROTO);
  add_equal (rule, &udp, sizeof udp);
  divert_nft_load_payload (rule, NFT_PAYLOAD_TRANSPORT_HEADER, 2, sizeof port);
  add_port (rule, port);
  for (guint i = 0; i < DIVERT_QUESTION_DIGITS; i += PART_BYTES)
    {
      divert_nft_load_payload (rule, NFT_PAYLOAD_TRANSPORT_HEADER, UDP_BYTES + DIVERT_QUESTION_OFFSET + i, PART_BYTES);
      add_equal (rule, digits + i, PART_BYTES);
    }
  load_original_port (rule);
  add_port (rule, DIVERT_DNS_PORT);
  divert_nft_add_expr (rule, "counter");
  add_drop (rule);
  return rule;
}

static nftnl_chain *
make_chain (void)
{
  nftnl_chain *chain = nftnl_chain_alloc ();

  nftnl_chain_set_u32 (chain, NFTNL_CHAIN_FAMILY, NFPROTO_INET);
  nftnl_chain_set_str (chain, NFTNL_CHAIN_TABLE, TABLE);
  nftnl_chain_set_str (chain, NFTNL_CHAIN_NAME, CHAIN);
  nftnl_chain_set_str (chain, NFTNL_CHAIN_TYPE, "filter");
  nftnl_chain_set_u32 (chain, NFTNL_CHAIN_HOOKNUM, NF_INET_LOCAL_IN);
  nftnl_chain_set_s32 (chain, NFTNL_CHAIN_PRIO, PRIORITY);
  nftnl_chain_set_u32 (chain, NFTNL_CHAIN_POLICY, NF_ACCEPT);
  return chain;
}

gboolean
divert_echo_begin (DivertEcho            *echo,
                   guint16                port,
                   const DivertQuestion  *question,
                   GError               **error)
{
  g_autoptr(DivertNftBatch) batch = divert_nft_batch_new ();
  g_autoptr(nftnl_table) table = divert_nft_encode_table (TABLE, NFT_TABLE_F_OWNER);
  g_autoptr(nftnl_chain) chain = make_chain ();
  g_autoptr(nftnl_rule) rule = make_rule (port, question);
  g_autoptr(GError) failure = NULL;

  if (echo->lacking)
    return FALSE;
  if (echo->nft == NULL)
    echo->nft = divert_nft_new (error);
  if (echo->nft == NULL)
    return FALSE;
  nftnl_table_nlmsg_build_payload (divert_nft_batch_add (batch, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, TABLE),
                                   table);
  nftnl_chain_nlmsg_build_payload (divert_nft_batch_add (batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE, CHAIN), chain);
  nftnl_rule_nlmsg_build_payload (divert_nft_batch_add (batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, CHAIN),
                                  rule);
  if (divert_nft_batch_commit (batch, echo->nft, 0, &failure))
    return TRUE;
  /* To refuse it, the kernel waits for all of its processors, so it isn't asked again. */
  echo->lacking = divert_nft_is_absent (failure, FALSE);
  /* It may have been made all the same, and ends with the socket. */
  g_clear_pointer (&echo->nft, divert_nft_free);
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static void
see_rule (struct nlmsghdr *header,
          gpointer         user_data)
{
  *(guint64 *) user_data += divert_nft_rule_count (header);
}

gboolean
divert_echo_end (DivertEcho  *echo,
                 guint64     *ret_heard,
                 GError     **error)
{
  g_autoptr(DivertNftBatch) batch = divert_nft_batch_new ();
  g_autoptr(nftnl_table) table = divert_nft_encode_table (TABLE, 0);
  guint64 heard = 0;
  gboolean counted;

  counted = divert_nft_list (echo->nft, NFT_MSG_GETRULE, TABLE, NULL, see_rule, &heard, error);
  nftnl_table_nlmsg_build_payload (divert_nft_batch_add (batch, NFT_MSG_DELTABLE, 0, TABLE), table);
  if (!divert_nft_batch_commit (batch, echo->nft, 0, counted ? error : NULL))
    {
      /* The table goes with it. */
      g_clear_pointer (&echo->nft, divert_nft_free);
      return FALSE;
    }
  if (counted)
    *ret_heard = heard;
  return counted;
}
