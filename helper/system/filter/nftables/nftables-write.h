/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From what the kernel holds to what it should hold.
 */
#pragma once

#include "nft-batch.h"
#include "nftables-read.h"

G_BEGIN_DECLS

/* The messages that make @table of @state; none if it is so already. */
void divert_nft_write (DivertNftBatch *batch, const DivertNftState *state, const DivertNftTable *table);
/* That put all of @table there, where there is none. */
void divert_nft_write_all (DivertNftBatch *batch, const DivertNftTable *table);
/* That empty @chain of the table of that name. */
void divert_nft_write_flush (DivertNftBatch *batch, const char *table, const char *chain);

G_END_DECLS
