/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of the last two rulesets.
 */
#pragma once

#include "nftables-read.h"
#include "nftables-table.h"

G_BEGIN_DECLS

/* A ruleset and what was made of it.  Reference-counted. */
typedef struct
{
  DivertRuleset  *ruleset;
  DivertNftTable *table;  /* it points into the ruleset */
  DivertNftState  left;   /* what reading would find right after that was written … */
  guint32         owner;  /* … for this one; empty if it wasn't */
} DivertNftPrepared;

void     divert_nft_prepared_unref (DivertNftPrepared *prepared);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertNftPrepared, divert_nft_prepared_unref)
/* From now on @left is known. */
void     divert_nft_prepared_suppose (DivertNftPrepared *prepared, guint32 owner);

/* The latest comes first.  Zeroed is empty. */
typedef struct
{
  DivertNftPrepared *latest[2];
} DivertNftPreparations;

void     divert_nft_preparations_clear (DivertNftPreparations *preparations);
/* A new reference to what there is of @ruleset, or what is made of it now. */
DivertNftPrepared *divert_nft_preparations_get (DivertNftPreparations *preparations, DivertRuleset *ruleset);

G_END_DECLS
