/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files that make expressions: nftables-match.c makes those that compare,
 * nftables-hide.c those that write into the packet, nftables-expressions.c all others.
 */
#pragma once

#include "nftables-encode.h"

#include <libnftnl/expr.h>
#include <linux/netfilter/nf_tables.h>

G_BEGIN_DECLS

/* The register that all of them use. */
#define DIVERT_NFT_REGISTER NFT_REG_1
#define DIVERT_NFT_REGISTER_ADDRESS NFT_REG_2

/* A register holds at most an IPv6 address or an interface's name. */
typedef struct
{
  guint8 bytes[16];
  guint  length;
} DivertNftData;

/* @value as in the register: ports in network order, other numbers in host order. */
DivertNftData      divert_nft_encode_number (DivertNftKey key, guint32 value);

struct nftnl_expr *divert_nft_add_expr (struct nftnl_rule *rule, const char *name);
/* @key: NFT_META_x */
void               divert_nft_load_meta (struct nftnl_rule *rule, guint32 key);
void               divert_nft_load_connmark (struct nftnl_rule *rule);
/* @base: NFT_PAYLOAD_x */
void               divert_nft_load_payload (struct nftnl_rule *rule, guint32 base, guint32 offset, guint32 length);
void               divert_nft_add_immediate (struct nftnl_rule *rule, const DivertNftData *data);
/* register = (register & @mask) ^ @xor */
void               divert_nft_add_bitwise (struct nftnl_rule *rule, const DivertNftData *mask,
                                           const DivertNftData *xor);

/* For the kinds that divert_nft_expr_is_match() accepts. */
void               divert_nft_add_match (struct nftnl_rule *rule, const DivertNftExpr *expr);
/* HIDE and UNHIDE. */
void               divert_nft_add_hide (struct nftnl_rule *rule, const DivertNftExpr *expr);

G_END_DECLS
