/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policy routing through libnl-route-3: the ip rule "fwmark MARK/MASK lookup TABLE" and the routes
 * "local default" of TABLE, in both families.  Ours are recognised by their protocol number
 * (DIVERT_ROUTE_PROTOCOL); nothing else is touched.
 */
#pragma once

#include "core/memory/drift.h"
#include "core/ruleset/ruleset.h"

G_BEGIN_DECLS

typedef struct DivertRoutes DivertRoutes;

DivertRoutes *divert_routes_new (GError **error);
void          divert_routes_free (DivertRoutes *routes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertRoutes, divert_routes_free)

/* Makes our rule and routes for @family in the kernel exactly those of @routing.  Adds what is missing
 * (routes before the rule, so that the rule never points into an empty table), and removes what is ours
 * and unwanted (the rule first).  Does not write if nothing differs; @ret_wrote (optional) tells.  If
 * @family is not in routing->families, removes everything. */
gboolean      divert_routes_apply (DivertRoutes *routes, const DivertRouting *routing, DivertFamily family,
                                   gboolean *ret_wrote, GError **error);
/* Like divert_fences_take_drift() and divert_fences_get_port().  Of the routes, only that of lo counts, because the
 * kernel deletes the others with their devices. */
DivertParts   divert_routes_take_drift (DivertRoutes *routes);
guint32       divert_routes_get_port (const DivertRoutes *routes);

G_END_DECLS
