/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by what makes expressions: nftables-match.c those that compare, nftables-expressions.c all others.
 */
#pragma once

#include "nftables-encode.h"

#include <libnftnl/expr.h>
#include <linux/netfilter/nf_tables.h>

G_BEGIN_DECLS

/* The one that all go by. */
#define DIVERT_NFT_REGISTER NFT_REG_1

/* What a register holds: at most an IPv6 address or an interface's name. */
typedef struct
{
  guint8 bytes[16];
  guint  length;
} DivertNftData;

/* @value as the register holds it: ports in network order, other numbers in the machine's. */
DivertNftData      divert_nft_encode_number (DivertNftKey key, guint32 value);

struct nftnl_expr *divert_nft_add_expr (struct nftnl_rule *rule, const char *name);
/* @key: NFT_META_x */
void               divert_nft_load_meta (struct nftnl_rule *rule, guint32 key);
void               divert_nft_load_connmark (struct nftnl_rule *rule);
/* register = (register & @mask) ^ @xor */
void               divert_nft_add_bitwise (struct nftnl_rule *rule, const DivertNftData *mask,
                                           const DivertNftData *xor);

/* Of the kinds that divert_nft_expr_is_match(). */
void               divert_nft_add_match (struct nftnl_rule *rule, const DivertNftExpr *expr);

G_END_DECLS
