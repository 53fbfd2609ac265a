/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/ruleset/fence.h"

G_BEGIN_DECLS

/* Is all of @fence in place, and does the kernel obey it when it is asked for a route to each panel and each gate?  If
 * not, @error says what is wrong first: something is missing, or somebody else's rule comes before ours. */
gboolean check_fence (const DivertFence *fence, GError **error);

G_END_DECLS
