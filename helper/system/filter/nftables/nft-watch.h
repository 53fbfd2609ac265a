/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hears who writes to nftables.
 */
#pragma once

#include "system/base/touched.h"

G_BEGIN_DECLS

typedef struct DivertNftWatch DivertNftWatch;

/* In the default main context, from now until free, @touched is called when another process has changed anything in
 * this network namespace's nftables.  NULL: there is no nftables. */
DivertNftWatch *divert_nft_watch_new (DivertTouched touched, gpointer user_data);
void            divert_nft_watch_free (DivertNftWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertNftWatch, divert_nft_watch_free)

G_END_DECLS
