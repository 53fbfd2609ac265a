/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policy routing through libnl-route-3: the ip rule "fwmark MARK/MASK lookup
 * TABLE" and the routes "local default" of TABLE, in both families.  Ours are
 * known by their protocol number (DIVERT_ROUTE_PROTOCOL); nothing else is
 * touched.
 */
#pragma once

#include "core/ruleset/ruleset.h"

G_BEGIN_DECLS

typedef struct DivertRoutes DivertRoutes;

DivertRoutes *divert_routes_new (GError **error);
void          divert_routes_free (DivertRoutes *routes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertRoutes, divert_routes_free)

/* Makes the kernel hold exactly @routing's rule and routes of ours for @family: adds what is missing
 * (routes before the rule, so that the rule never points into an empty table),
 * removes what is ours and not wanted (the rule first).  No write if nothing
 * differs; @ret_wrote (optional) tells.  routing->families without @family: removes all. */
gboolean      divert_routes_apply (DivertRoutes *routes, const DivertRouting *routing, DivertFamily family,
                                   gboolean *ret_wrote, GError **error);

G_END_DECLS
