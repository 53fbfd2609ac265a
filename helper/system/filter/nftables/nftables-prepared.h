/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of the last rulesets.
 */
#pragma once

#include "nftables-read.h"
#include "nftables-table.h"

G_BEGIN_DECLS

/* A ruleset and what was made of it.  Reference-counted. */
typedef struct
{
  DivertRuleset  *ruleset;
  DivertNftTable *table;  /* points into the ruleset */
  DivertNftState  left;   /* what reading would find right after the table was written; empty: it wasn't */
  guint32         owner;  /* for whom it was */
} DivertNftPrepared;

/* @prepared may be NULL. */
void     divert_nft_prepared_unref (DivertNftPrepared *prepared);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertNftPrepared, divert_nft_prepared_unref)
/* Fills @left in, unless it is known. */
void     divert_nft_prepared_suppose (DivertNftPrepared *prepared, guint32 owner);

/* Home, a link in doubt, away, and home again. */
#define DIVERT_NFT_PREPARATIONS 3

/* The latest comes first.  Zeroed is empty. */
typedef struct
{
  DivertNftPrepared *latest[DIVERT_NFT_PREPARATIONS];
} DivertNftPreparations;

void     divert_nft_preparations_clear (DivertNftPreparations *preparations);
/* A new reference to what there is of @ruleset, or what is made of it now.  @ruleset must no longer change. */
DivertNftPrepared *divert_nft_preparations_get (DivertNftPreparations *preparations, DivertRuleset *ruleset);

G_END_DECLS
