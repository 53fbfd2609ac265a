/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In place of divert_nft_batch_add(), for the helper of some tests: the kernel lacks nft_tproxy.  It gets a message
 * that no kernel knows instead of the rules that need it.
 */
#include "system/filter/nftables/nft-batch.h"

#include <string.h>

#define UNKNOWN_TYPE 0x7f

struct nlmsghdr *__real_divert_nft_batch_add (DivertNftBatch *batch, guint8 type, guint16 flags, const char *what);
struct nlmsghdr *__wrap_divert_nft_batch_add (DivertNftBatch *batch, guint8 type, guint16 flags, const char *what);

struct nlmsghdr *
__wrap_divert_nft_batch_add (DivertNftBatch *batch,
                             guint8          type,
                             guint16         flags,
                             const char     *what)
{
  return __real_divert_nft_batch_add (batch, strstr (what, "tproxy") != NULL ? UNKNOWN_TYPE : type, flags, what);
}
