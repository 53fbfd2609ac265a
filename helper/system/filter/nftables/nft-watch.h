/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hears who writes to nftables.
 */
#pragma once

#include "system/base/touched.h"

#include <linux/netlink.h>

G_BEGIN_DECLS

typedef struct DivertNftWatch DivertNftWatch;

/* From now on, until it is freed, calls @touched in the default main context when another process has
 * changed anything in this network namespace's nftables.  NULL: there is no nftables. */
DivertNftWatch *divert_nft_watch_new (DivertTouched touched, gpointer user_data);
void            divert_nft_watch_free (DivertNftWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertNftWatch, divert_nft_watch_free)

/* Who made the generation that @header announces; with number 0 if unknown.  FALSE: it announces none. */
gboolean        divert_nft_watch_parse (struct nlmsghdr *header, DivertProgram *ret_program);

G_END_DECLS
