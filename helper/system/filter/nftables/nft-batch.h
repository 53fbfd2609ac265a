/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One nftables transaction: it is carried out completely, at one moment, or not at all.
 *
 *   nftnl_rule_nlmsg_build_payload (divert_nft_batch_add (batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
 *                                                         "the rule that …"), rule);
 */
#pragma once

#include "nft-socket.h"

G_BEGIN_DECLS

typedef struct DivertNftBatch DivertNftBatch;

/* For tables of the family inet. */
DivertNftBatch  *divert_nft_batch_new (void);
/* … netdev. */
DivertNftBatch  *divert_nft_batch_new_netdev (void);
void             divert_nft_batch_free (DivertNftBatch *batch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertNftBatch, divert_nft_batch_free)

/* Begins a message of @type (NFT_MSG_…).  The caller puts the attributes after the returned header, which
 * is valid until the next call and has room for DIVERT_NFT_MESSAGE_BYTES: one list, which has 64 kB at the
 * most, because no attribute can be larger, and some names.  @what names the message in an error. */
#define DIVERT_NFT_MESSAGE_BYTES (96 * 1024)
struct nlmsghdr *divert_nft_batch_add (DivertNftBatch *batch, guint8 type, guint16 flags, const char *what);
guint            divert_nft_batch_length (const DivertNftBatch *batch);

/* Has it carried out.  @generation: the generation of nftables that it was made for; if there is a new
 * one by now, nothing is done (ERESTART); 0: any generation.  An error is that of the first refused
 * message, with its name and the kernel's reason.  Without any message nothing is written.
 *
 * After a time-out or ENOBUFS, we do not know whether it was carried out. */
gboolean         divert_nft_batch_commit (DivertNftBatch *batch, DivertNft *nft, guint32 generation, GError **error);
/* The same between the fault points @point-before and @point-after. */
gboolean         divert_nft_batch_commit_at (DivertNftBatch *batch, DivertNft *nft, guint32 generation,
                                             const char *point, GError **error);
/* Would the kernel carry it out?  Changes nothing. */
gboolean         divert_nft_batch_check (DivertNftBatch *batch, DivertNft *nft, GError **error);

G_END_DECLS
