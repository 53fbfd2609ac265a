/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: how many packets the guard has dropped, for any thread that wants to know.
 */
#include "system/filter/guard.h"

#include "guard-table.h"
#include "nftables-read.h"

gboolean
divert_guard_count_dropped (guint64 *ret_packets)
{
  g_autoptr(DivertNft) nft = divert_nft_new (NULL);

  return nft != NULL && divert_nft_count_dropped (nft, DIVERT_GUARD_TABLE, ret_packets);
}
