/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a link's addresses tell of the network behind it.
 */
#pragma once

#include "core/words/prefix.h"

G_BEGIN_DECLS

/* Is there in @now (DivertPrefix: a link's addresses with their lengths) one of @family that was
 * not in @before and tells of another network? */
gboolean divert_addresses_tell_of_another_network (const GArray *before, const GArray *now, DivertFamily family);

G_END_DECLS
