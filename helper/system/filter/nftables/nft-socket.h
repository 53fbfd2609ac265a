/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The conversation with nftables: its generation, and what it holds.  What is written goes by nft-batch.h.
 *
 * All tables here are of the family inet: one for both.
 */
#pragma once

#include "system/netlink/netlink.h"

#include <linux/netfilter/nf_tables.h>

G_BEGIN_DECLS

typedef struct DivertNft DivertNft;

/* Keep it open: the kernel lets nobody close one at once through which something was written (5 to 23 ms).  Errors are
 * DIVERT_NETLINK_ERROR everywhere here; the first question, not this call, finds that there is no nftables. */
DivertNft     *divert_nft_new (GError **error);
void           divert_nft_free (DivertNft *nft);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertNft, divert_nft_free)

/* The socket below, for batches; its port tells our own writes among the kernel's notifications. */
DivertNetlink *divert_nft_get_netlink (DivertNft *nft);

/* A number that is another, and never 0, as soon as anybody has changed anything in this network namespace's
 * nftables; 2 µs. */
gboolean       divert_nft_get_generation (DivertNft *nft, guint32 *ret_generation, GError **error);
/* The one that a transaction leaves behind which was carried out on @generation. */
guint32        divert_nft_next_generation (guint32 generation);

/* Asks for one thing: @type is NFT_MSG_GETTABLE, …CHAIN or …SET; @name is the chain's or set's, NULL for a table.
 * ENOENT: it is not there. */
gboolean       divert_nft_get (DivertNft *nft, guint8 type, const char *table, const char *name,
                               DivertNetlinkVisit visit, gpointer user_data, GError **error);
/* Lists what @table has: NFT_MSG_GETCHAIN, …RULE, …SET, or …SETELEM of the set @name; rules in their order.  @visit
 * gets what libnftnl's nftnl_…_nlmsg_parse() take apart.  EINTR: something has changed meanwhile, so that the list may
 * be wrong. */
gboolean       divert_nft_list (DivertNft *nft, guint8 type, const char *table, const char *name,
                                DivertNetlinkVisit visit, gpointer user_data, GError **error);

/* Reads, compares and writes. */
typedef gboolean (*DivertNftAttempt) (DivertNft *nft, gpointer user_data, GError **error);
/* Calls @attempt again if it comes to nothing only because somebody else has written in the midst of it, or because an
 * answer was lost; not for ever. */
gboolean       divert_nft_try (DivertNft *nft, DivertNftAttempt attempt, gpointer user_data, GError **error);

G_END_DECLS
