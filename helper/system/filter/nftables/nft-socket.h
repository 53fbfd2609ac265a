/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The conversation with nftables: its generation, and what it holds.  nft-batch.h is for writing.
 *
 * A conversation is about tables of one family: inet, which is for both IPv4 and IPv6, or netdev.
 */
#pragma once

#include "system/netlink/netlink.h"

#include <linux/netfilter/nf_tables.h>

G_BEGIN_DECLS

typedef struct DivertNft DivertNft;

/* About tables of the family inet.  Keep it open: after something was written through a socket, closing it takes 5 to
 * 23 ms.  All errors here are DIVERT_NETLINK_ERROR.  If there is no nftables, the first question fails, not this
 * call. */
DivertNft     *divert_nft_new (GError **error);
/* … of the family netdev. */
DivertNft     *divert_nft_new_netdev (GError **error);
void           divert_nft_free (DivertNft *nft);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertNft, divert_nft_free)

/* The underlying socket, for batches.  Its port identifies our own writes in the kernel's notifications. */
DivertNetlink *divert_nft_get_netlink (DivertNft *nft);

/* A number, never 0, that changes whenever anybody changes anything in this network namespace's nftables.
 * Takes 2 µs. */
gboolean       divert_nft_get_generation (DivertNft *nft, guint32 *ret_generation, GError **error);
/* The generation after a transaction that was carried out on @generation. */
guint32        divert_nft_next_generation (guint32 generation);

/* Asks for one thing.  @type is NFT_MSG_GETTABLE, …CHAIN or …SET; @name is the chain's or set's, NULL for
 * a table.  ENOENT: it does not exist. */
gboolean       divert_nft_get (DivertNft *nft, guint8 type, const char *table, const char *name,
                               DivertNetlinkVisit visit, gpointer user_data, GError **error);
/* Lists what @table has: NFT_MSG_GETCHAIN, …RULE, …SET, or …SETELEM of the set @name; rules in order.
 * EINTR: something has changed meanwhile, so
 * the list may be wrong. */
gboolean       divert_nft_list (DivertNft *nft, guint8 type, const char *table, const char *name,
                                DivertNetlinkVisit visit, gpointer user_data, GError **error);

/* Reads, compares and writes. */
typedef gboolean (*DivertNftAttempt) (DivertNft *nft, gpointer user_data, GError **error);
/* Calls @attempt again if it fails only because somebody else wrote meanwhile or because an answer was
 * lost, but not forever. */
gboolean       divert_nft_try (DivertNft *nft, DivertNftAttempt attempt, gpointer user_data, GError **error);

G_END_DECLS
