/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns what the kernel holds into what it should hold.
 */
#pragma once

#include "nft-batch.h"
#include "nftables-read.h"

G_BEGIN_DECLS

/* The messages that turn @state into @table, which belongs to @owner then (nft-owner.h; 0: to nobody); none if it is
 * already right. */
void divert_nft_write (DivertNftBatch *batch, const DivertNftState *state, const DivertNftTable *table, guint32 owner);
/* The messages that create all of @table where there is none. */
void divert_nft_write_all (DivertNftBatch *batch, const DivertNftTable *table, guint32 owner);
/* The messages that take the grants out of our table of that name, as @state says; none if there are none. */
void divert_nft_write_withdraw (DivertNftBatch *batch, const DivertNftState *state, const char *table);

G_END_DECLS
