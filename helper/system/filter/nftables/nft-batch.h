/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One transaction of nftables: all of it is carried out, at one moment, or nothing.
 *
 *   nftnl_rule_nlmsg_build_payload (divert_nft_batch_add (batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
 *                                                         "the rule that …"), rule);
 */
#pragma once

#include "nft-socket.h"

G_BEGIN_DECLS

typedef struct DivertNftBatch DivertNftBatch;

DivertNftBatch  *divert_nft_batch_new (void);
void             divert_nft_batch_free (DivertNftBatch *batch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertNftBatch, divert_nft_batch_free)

/* Begins a message of @type (NFT_MSG_…), whose attributes the caller puts behind the header that he gets; it is good
 * until the next call.  There is room for DIVERT_NFT_MESSAGE_BYTES.  @what says in an error which one was refused. */
#define DIVERT_NFT_MESSAGE_BYTES (128 * 1024)
struct nlmsghdr *divert_nft_batch_add (DivertNftBatch *batch, guint8 type, guint16 flags, const char *what);
guint            divert_nft_batch_length (const DivertNftBatch *batch);

/* Has it carried out.  @generation: that of nftables on which it was made, and if there is another by now, nothing is
 * done: ERESTART; 0: be it as it may.  An error is the first message's that was refused, named, with the kernel's
 * reason.  Without any message nothing is written.
 *
 * Behind a time-out or ENOBUFS it is not known whether it was carried out. */
gboolean         divert_nft_batch_commit (DivertNftBatch *batch, DivertNft *nft, guint32 generation, GError **error);
/* Would the kernel?  Nothing is left behind. */
gboolean         divert_nft_batch_check (DivertNftBatch *batch, DivertNft *nft, GError **error);

G_END_DECLS
