/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel's nftables can do.
 */
#pragma once

#include "nft-socket.h"

G_BEGIN_DECLS

/* The kernel modules that our rules need (char *), loaded or not; free it. */
GPtrArray *divert_nft_list_modules (void);
/* Does the kernel speak @family?  The error is DIVERT_BACKEND_ERROR. */
gboolean divert_nft_has_family (DivertFamily family, GError **error);
/* Would the kernel accept rules like ours?  Changes nothing.  The error is DIVERT_BACKEND_ERROR, and
 * names the rule that was refused, the kernel's reason, and the module that the kernel lacks. */
gboolean divert_nft_probe (DivertNft *nft, gboolean cgroups, GError **error);

G_END_DECLS
