/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A site's further routers, and the subnets behind them (router=).
 */
#pragma once

#include "decision.h"

G_BEGIN_DECLS

/* Is @part behind a router of @site's that has this address? */
gboolean divert_routers_lead (const DivertSite *site, const DivertPrefix *address, const DivertPrefix *part);
/* The addresses of all sites' routers: a new list, sorted, each once. */
GArray  *divert_routers_list (const DivertConfig *config);
/* What is behind routers of @site's and can't be reached through @link by a proven one; a new list.  If @forced, a
 * person vouches for the network, and only the routes count. */
GArray  *divert_routers_get_closed (const DivertSite *site, const DivertLink *link, const DivertFacts *facts,
                                    gboolean forced);
/* Adds a problem for each router behind which a subnet is closed at the place. */
void     divert_routers_add_problems (const DivertConfig *config, const DivertDecision *decision,
                                      const DivertFacts *facts, GPtrArray *problems);

G_END_DECLS
