/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an error of nftables means to those who use this room.
 */
#pragma once

#include "system/filter/backend.h"

G_BEGIN_DECLS

/* Is there no nftables, no family inet, or no expression or set of a kind?  @asked: nftables has
 * answered before, so the first of these is not the reason. */
gboolean divert_nft_is_absent (const GError *failure, gboolean asked);

/* Sets @error, a DIVERT_BACKEND_ERROR, for @failure; returns FALSE.  @refusal: what it means if the kernel refuses what
 * was asked. */
gboolean divert_nft_fail (GError **error, const GError *failure, DivertBackendError refusal);
/* The same for the first question of a conversation. */
gboolean divert_nft_fail_to_ask (GError **error, const GError *failure);

G_END_DECLS
