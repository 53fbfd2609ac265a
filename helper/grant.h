/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the helper's unit may do beyond what it says itself.
 */
#pragma once

#include "core/config/config.h"

G_BEGIN_DECLS

/* As a generator of systemd's: lets the unit use the legacy tables, by a drop-in in @directory, if it may have to.
 * @config: NULL if there is a mistake in it. */
gboolean divert_grant_generate (const DivertConfig *config, const char *directory, GError **error);

G_END_DECLS
