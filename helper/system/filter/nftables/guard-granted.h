/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which devices' grants live, in the kernel.
 */
#pragma once

#include "guard-table.h"
#include "nft-batch.h"

G_BEGIN_DECLS

/* The messages by which exactly @set's devices are granted, for the whole of its lifetime from then on. */
void     divert_guard_put_granted (DivertNftBatch *batch, const DivertNftSet *set);
/* Do exactly the devices of @wanted live? */
gboolean divert_guard_read_granted (DivertNft *nft, const DivertNftSet *wanted, gboolean *ret_same, GError **error);

/* Takes one of the messages that reading consists of.  @user_data: GPtrArray of char *. */
void     divert_guard_see_granted (struct nlmsghdr *header, gpointer user_data);

G_END_DECLS
