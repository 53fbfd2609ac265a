/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the order in which packet filter and policy routing are written.
 *
 * Theory of operation.  There is no way to change both at once.  The order makes every state in between away or
 * blocked:
 *
 *   laying    the filter first: what is marked but has no route to lo yet is dropped by its guard, DNS
 *             goes to the proxy or is dropped as well; then the routes and the rule (diversion works)
 *   removing  the same backwards: without the routes what is marked is dropped, until the filter goes
 *
 * The filter's own steps are the backend's (backend.h).  A revocation is all in it, and so comes first.
 *
 * If the filter fails, the routing is left undone, which is blocked, not direct; the pipeline tries again.  But if only
 * its redirection of DNS cannot be had, what is marked gets its way to the proxy all the same.  A step of the routing
 * that fails in one family is still taken in the other.
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
