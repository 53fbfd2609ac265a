/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a link's addresses tell about the network behind it.
 */
#pragma once

#include "core/words/prefix.h"

G_BEGIN_DECLS

/* Has @now (DivertPrefix: a link's addresses with their lengths) an address of @family that was not in
 * @before and means another network? */
gboolean divert_addresses_tell_of_another_network (const GArray *before, const GArray *now, DivertFamily family);

G_END_DECLS
