/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the order in which packet filter and policy routing are written.
 *
 * Theory of operation.  Both can't be changed at once.  The order makes every state in between away or blocked:
 *
 *   laying    First comes the filter. Its guard drops marked packets, which have no route to lo yet. DNS goes to the
 *             proxy or is dropped as well. Then come the routes and the rule, and diversion works.
 *   removing  This is the reverse. Without the routes, marked packets are dropped until the filter goes.
 *
 * The backend decides about the filter's own steps (backend.h).  A revocation happens entirely in the filter, and so
 * comes first.
 *
 * If the filter fails, we don't touch the routing.  That state is blocked, not direct, and the pipeline tries again.
 * If only the DNS redirection can't be installed, marked packets still get their route to the proxy.  If a routing step
 * fails in one family, it is still done in the other.
 */
#include "apply.h"

static gboolean
apply_routing (DivertRoutes         *routes,
               const DivertRouting  *routing,
               DivertApplied        *applied,
               GError              **error)
{
  gboolean ok = TRUE;

  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      gboolean wrote = FALSE;

      if (divert_routes_apply (routes, routing, family, &wrote, ok ? error : NULL))
        divert_applied_add (applied, wrote);
      else
        ok = FALSE;
    }
  return ok;
}

gboolean
divert_apply (DivertBackend  *backend,
              DivertRoutes   *routes,
              DivertRuleset  *ruleset,
              DivertApplied  *applied,
              GError        **error)
{
  gboolean ok;

  *applied = (DivertApplied) { 0, 0, FALSE };
  if (divert_ruleset_is_empty (ruleset))
    return apply_routing (routes, &ruleset->routing, applied, error) &&
           backend->klass->apply (backend, ruleset, applied, error);

  ok = backend->klass->apply (backend, ruleset, applied, error);
  if (!applied->guarded)
    return FALSE;
  return apply_routing (routes, &ruleset->routing, applied, ok ? error : NULL) && ok;
}
