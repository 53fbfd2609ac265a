/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From our table's value to libnftnl's objects, which write themselves into messages.
 */
#pragma once

#include "nftables-table.h"

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

/* What an object of ours carries in its user data: we know it again by that, and whether it is still what we want.
 * Nobody else's tools can give it. */
typedef guint64 DivertNftDigest;

DivertNftDigest     divert_nft_digest_chain (guint chain);
DivertNftDigest     divert_nft_digest_rule (const DivertNftRule *rule);
/* 0: there is none. */
DivertNftDigest     divert_nft_digest_find (gconstpointer user_data, guint32 length);

/* All of the table of that name, in the family inet. */
struct nftnl_table *divert_nft_encode_table (const char *table);
struct nftnl_chain *divert_nft_encode_chain (const char *table, guint chain);
struct nftnl_rule  *divert_nft_encode_rule (const char *table, const DivertNftRule *rule);
/* With all its elements; @id is another for each set of a batch. */
struct nftnl_set   *divert_nft_encode_set (const char *table, const DivertNftSet *set, guint32 id);

/* nftables-expressions.c: @expr at the end of @rule. */
void                divert_nft_encode_expr (struct nftnl_rule *rule, const DivertNftExpr *expr);

G_END_DECLS
