/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In place of divert_nft_owner_get(), for the helper of some tests: our tables belong to nobody.
 */
#include "system/filter/nftables/nft-owner.h"

guint32 __wrap_divert_nft_owner_get (DivertNft *nft);

guint32
__wrap_divert_nft_owner_get (DivertNft *nft)
{
  return 0;
}
