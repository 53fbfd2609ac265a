/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tunnel as a site's way.
 */
#pragma once

#include "core/config/config.h"
#include "core/facts/facts.h"

G_BEGIN_DECLS

/* Is @connection a tunnel, and does @site name it? */
gboolean divert_tunnel_is_named (const DivertSite *site, const DivertConnection *connection);
/* The part of @site's intranet whose routes use @link, a tunnel's, and no other device. */
GArray  *divert_tunnel_get_routed (const DivertSite *site, const DivertLink *link, const DivertFacts *facts);

G_END_DECLS
