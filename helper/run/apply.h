/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The apply stage: a ruleset becomes the kernel's, in a safe order.
 */
#pragma once

#include "core/ruleset/ruleset.h"
#include "system/filter/backend.h"
#include "system/routing/routing.h"

G_BEGIN_DECLS

typedef struct
{
  guint  writes;     /* to the kernel; 0 if all was so already */
  gint64 last_write; /* when it ended, monotonic time; 0: none */
} DivertApplied;

/* Makes the kernel hold @ruleset.  @ret_applied (optional) is set on failure too, because what was written stays
 * (see apply.c for why that is safe). */
gboolean divert_apply (DivertBackend *backend, DivertRoutes *routes, const DivertRuleset *ruleset,
                       DivertApplied *ret_applied, GError **error);

G_END_DECLS
