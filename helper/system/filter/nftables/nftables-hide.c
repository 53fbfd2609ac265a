/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: HIDE and UNHIDE in the kernel's terms: copies of two bytes within a packet.
 */
#include "nftables-hide.h"

#include "nftables-expressions-private.h"

#include <string.h>

/* The layout of the headers.  An ICMP error has eight bytes before the quoted IP header, which is 20 bytes
 * long.  A datagram with IP options is dropped: behind a longer header, other bytes would be exchanged, and the error
 * would reach another program's socket. */
enum
{
  IP_ID = 4,
  IP_CHECKSUM = 10,
  IP_DESTINATION = 16,
  UDP_LENGTH = 4,
  UDP_CHECKSUM = 6,
  QUOTE = 8,
  QUOTED_UDP = QUOTE + 20,
};

typedef struct
{
  guint32 base;     /* NFT_PAYLOAD_x */
  guint32 offset;
  guint32 checksum; /* where in the same header; 0: leave it */
} Field;

/* What the register holds goes to @field. */
static void
store (struct nftnl_rule *rule,
       const Field       *field,
       guint32            length,
       guint32            flags)
{
  struct nftnl_expr *expr = divert_nft_add_expr (rule, "payload");

  nftnl_expr_set_u32 (expr, NFTNL_EXPR_PAYLOAD_SREG, DIVERT_NFT_REGISTER);
  nftnl_expr_set_u32 (expr, NFTNL_EXPR_PAYLOAD_BASE, field->base);
  nftnl_expr_set_u32 (expr, NFTNL_EXPR_PAYLOAD_OFFSET, field->offset);
  nftnl_expr_set_u32 (expr, NFTNL_EXPR_PAYLOAD_LEN, length);
  nftnl_expr_set_u32 (expr, NFTNL_EXPR_PAYLOAD_CSUM_TYPE,
                      field->checksum != 0 ? NFT_PAYLOAD_CSUM_INET : NFT_PAYLOAD_CSUM_NONE);
  nftnl_expr_set_u32 (expr, NFTNL_EXPR_PAYLOAD_CSUM_OFFSET, field->checksum);
  nftnl_expr_set_u32 (expr, NFTNL_EXPR_PAYLOAD_FLAGS, flags);
}

static void
copy (struct nftnl_rule *rule,
      const Field       *to,
      const Field       *from)
{
  divert_nft_load_payload (rule, from->base, from->offset, 2);
  store (rule, to, 2, 0);
}

/* @bytes: 2 or 4 */
static void
store_bytes (struct nftnl_rule *rule,
             const Field       *to,
             const guint8      *bytes,
             guint              length,
             guint32            flags)
{
  DivertNftData data = { .length = length };

  memcpy (data.bytes, bytes, length);
  divert_nft_add_immediate (rule, &data);
  store (rule, to, length, flags);
}

/* The rule ends if the IPv4 header there has options. */
static void
require_plain_header (struct nftnl_rule *rule,
                      guint32            base,
                      guint32            offset)
{
  static const guint8 plain = 0x45;
  struct nftnl_expr *comparison;

  divert_nft_load_payload (rule, base, offset, 1);
  comparison = divert_nft_add_expr (rule, "cmp");
  nftnl_expr_set_u32 (comparison, NFTNL_EXPR_CMP_SREG, DIVERT_NFT_REGISTER);
  nftnl_expr_set_u32 (comparison, NFTNL_EXPR_CMP_OP, NFT_CMP_EQ);
  nftnl_expr_set (comparison, NFTNL_EXPR_CMP_DATA, &plain, sizeof plain);
}

static const guint8 hidden[] = DIVERT_NFT_HIDDEN;

static void
hide (struct nftnl_rule *rule)
{
  static const Field destination = { NFT_PAYLOAD_NETWORK_HEADER, IP_DESTINATION, IP_CHECKSUM },
                     rest = { NFT_PAYLOAD_NETWORK_HEADER, IP_DESTINATION + 2, IP_CHECKSUM },
                     id = { NFT_PAYLOAD_NETWORK_HEADER, IP_ID, IP_CHECKSUM },
                     length = { NFT_PAYLOAD_TRANSPORT_HEADER, UDP_LENGTH, UDP_CHECKSUM };

  require_plain_header (rule, NFT_PAYLOAD_NETWORK_HEADER, 0);
  copy (rule, &id, &destination);
  copy (rule, &length, &rest);
  /* The kernel refuses nothing whose checksum is wrong, and UDP's covers the addresses. */
  store_bytes (rule, &destination, hidden, sizeof hidden, NFT_PAYLOAD_L4CSUM_PSEUDOHDR);
}

static void
unhide (struct nftnl_rule *rule)
{
  static const Field destination = { NFT_PAYLOAD_TRANSPORT_HEADER, QUOTE + IP_DESTINATION, 0 },
                     rest = { NFT_PAYLOAD_TRANSPORT_HEADER, QUOTE + IP_DESTINATION + 2, 0 },
                     id = { NFT_PAYLOAD_TRANSPORT_HEADER, QUOTE + IP_ID, 0 },
                     length = { NFT_PAYLOAD_TRANSPORT_HEADER, QUOTED_UDP + UDP_LENGTH, 0 };

  require_plain_header (rule, NFT_PAYLOAD_TRANSPORT_HEADER, QUOTE);
  copy (rule, &destination, &id);
  copy (rule, &rest, &length);
  store_bytes (rule, &id, hidden, 2, 0);
  store_bytes (rule, &length, hidden + 2, 2, 0);
}

void
divert_nft_add_hide (struct nftnl_rule   *rule,
                     const DivertNftExpr *expr)
{
  if (expr->kind == DIVERT_NFT_HIDE)
    hide (rule);
  else
    unhide (rule);
}
