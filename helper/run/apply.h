/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The apply stage: a ruleset becomes the kernel's, in a safe order.
 */
#pragma once

#include "core/ruleset/ruleset.h"
#include "system/filter/backend.h"
#include "system/routing/routing.h"

G_BEGIN_DECLS

/* Makes the kernel hold @ruleset.  @applied is set on failure too, because what was written stays
 * (see apply.c for why that is safe). */
gboolean divert_apply (DivertBackend *backend, DivertRoutes *routes, DivertRuleset *ruleset, DivertApplied *applied,
                       GError **error);

G_END_DECLS
