/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The apply stage installs a ruleset in the kernel, in a safe order.
 */
#pragma once

#include "core/ruleset/ruleset.h"
#include "system/filter/backend.h"
#include "system/routing/routing.h"

G_BEGIN_DECLS

/* Installs @ruleset in the kernel.  @applied is set even on failure, because what was written stays (apply.c says why
 * that is safe). */
gboolean divert_apply (DivertBackend *backend, DivertRoutes *routes, DivertRuleset *ruleset, DivertApplied *applied,
                       GError **error);

G_END_DECLS
