/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables that belong to a socket: nobody else can change them, and "nft flush ruleset" leaves them alone.
 */
#pragma once

#include "nft-batch.h"
#include "nftables-read.h"

G_BEGIN_DECLS

/* The port that our tables are to belong to: @nft's, or 0 if this kernel can't let a table outlive its owner.  Asks the
 * kernel once in a process (again if it gives no answer), and changes nothing there.  For the main thread. */
guint32  divert_nft_owner_get (DivertNft *nft);

/* May @nft write to @table ("inet nm-divert"), as it was read?  The error (DIVERT_BACKEND_ERROR_FOREIGN) names the
 * program that the table belongs to instead. */
gboolean divert_nft_owner_permits (DivertNft *nft, const DivertNftState *state, const char *table, GError **error);
/* Commits @batch, if there is anything in it, to @table as it was read at @generation, which then becomes the next.
 * @point: as for divert_nft_batch_commit_at(). */
gboolean divert_nft_owner_commit (DivertNftBatch *batch, DivertNft *nft, const DivertNftState *state, const char *table,
                                  const char *point, guint32 *generation, gboolean *ret_wrote, GError **error);

G_END_DECLS
