/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unowned.h"

#include "system/filter/nftables/nft-owner.h"

gboolean test_unowned;

guint32 __real_divert_nft_owner_get (DivertNft *nft);
guint32 __wrap_divert_nft_owner_get (DivertNft *nft);

guint32
__wrap_divert_nft_owner_get (DivertNft *nft)
{
  return test_unowned ? 0 : __real_divert_nft_owner_get (nft);
}
