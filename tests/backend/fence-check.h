/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/ruleset/fence.h"

G_BEGIN_DECLS

/* Does everything of @fence stand, and does the kernel, asked for a route to each panel and each gate, obey it?  If
 * not, @error says what is the matter first: something is missing, or a rule of somebody else's comes before ours. */
gboolean check_fence (const DivertFence *fence, GError **error);

G_END_DECLS
