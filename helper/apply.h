/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The apply stage: a ruleset becomes the kernel's, in a safe order.
 */
#pragma once

#include "core/ruleset.h"
#include "system/backend.h"
#include "system/routing.h"

G_BEGIN_DECLS

/* Makes the kernel hold @ruleset.  @ret_writes (optional) counts the writes: 0 if all was so already; it is set on
 * failure too, because what was written stays (see apply.c for why that is safe). */
gboolean divert_apply (DivertBackend *backend, DivertRoutes *routes, const DivertRuleset *ruleset, guint *ret_writes,
                       GError **error);

G_END_DECLS
