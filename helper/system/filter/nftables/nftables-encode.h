/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns our table's value into libnftnl's objects, which write themselves into messages.
 */
#pragma once

#include "nftables-digest.h"

#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>

G_BEGIN_DECLS

typedef struct nftnl_table nftnl_table;
typedef struct nftnl_chain nftnl_chain;
typedef struct nftnl_rule nftnl_rule;
typedef struct nftnl_set nftnl_set;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (nftnl_table, nftnl_table_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (nftnl_chain, nftnl_chain_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (nftnl_rule, nftnl_rule_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (nftnl_set, nftnl_set_free)

/* The digest in an object's user data; 0: none. */
DivertNftDigest     divert_nft_digest_find (gconstpointer user_data, guint32 length);
/* Also if it has no digest: nft saves and restores the comment, but nothing else that is ours. */
gboolean            divert_nft_is_our_table (gconstpointer user_data, guint32 length);

/* The flags "owner" and "persist" of a table (nft-owner.h); older headers lack the second one. */
#define DIVERT_NFT_OWNED (NFT_TABLE_F_OWNER | DIVERT_NFT_PERSISTS)
#define DIVERT_NFT_PERSISTS 0x4
/* The table of that name; @flags: DIVERT_NFT_OWNED or 0.  Its family, like that of everything in it, is in the header
 * of a message. */
struct nftnl_table *divert_nft_encode_table (const char *table, guint32 flags);
struct nftnl_chain *divert_nft_encode_chain (const DivertNftTable *table, guint chain);
struct nftnl_rule  *divert_nft_encode_rule (const char *table, DivertNftRule *rule);
/* With its elements.  Of prefixes, there may be thousands, and each takes 300 bytes here or twice that.  So there are
 * only as many as this, beginning with number @first.  Each set in a batch needs its own @id. */
#define DIVERT_NFT_PREFIXES_AT_ONCE 256
struct nftnl_set   *divert_nft_encode_set (const char *table, const DivertNftSet *set, guint first, guint32 id);

/* Appends @expr to @rule (nftables-expressions.c). */
void                divert_nft_encode_expr (struct nftnl_rule *rule, const DivertNftExpr *expr);

G_END_DECLS
