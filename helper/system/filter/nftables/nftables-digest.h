/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells the chains and rules of our tables apart.
 */
#pragma once

#include "nftables-table.h"

G_BEGIN_DECLS

/* What our objects carry in their user data.  It lets us recognise them, and tells whether they are still
 * what we want.  Other people's tools cannot produce it.  Never 0. */
typedef guint64 DivertNftDigest;

DivertNftDigest  divert_nft_digest_text (const char *text);
DivertNftDigest  divert_nft_digest_chain (const DivertNftTable *table, guint chain);
DivertNftDigest  divert_nft_digest_rule (DivertNftRule *rule);

/* Is it the same rule, so that both have the same digest?  Much faster than making that. */
gboolean         divert_nft_rule_equal (const DivertNftRule *a, const DivertNftRule *b);

G_END_DECLS
