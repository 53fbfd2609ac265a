/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel's nftables can do.
 */
#pragma once

#include "nft-socket.h"

G_BEGIN_DECLS

/* Would the kernel accept rules like ours?  Changes nothing.  The error is DIVERT_NETLINK_ERROR and names
 * the rule. */
gboolean divert_nft_probe (DivertNft *nft, GError **error);

G_END_DECLS
