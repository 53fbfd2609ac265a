/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the order of the kernel writes.
 *
 * Theory of operation.  There are up to four tables (mangle and nat, IPv4 and
 * IPv6) and the policy routing, and no way to change them all at once.  The order
 * makes every state in between away or blocked:
 *
 *   laying    mangle first: what is marked but has no route to lo yet is dropped
 *             by DIVERT_GUARD, and so is DNS that nat does not redirect yet;
 *             then the routes and the rule (diversion works), then nat (DNS works)
 *   removing  the same backwards
 *
 * A change of place differs in mangle alone, one commit a family: each family is
 * wholly at the old place or wholly at the new one.  A step that fails in one family is
 * still taken in the other, which else might stay at a place that was left; the later
 * steps are left undone, which is blocked, not direct; the pipeline tries again.
 */
#include "apply.h"

typedef struct
{
  DivertBackend       *backend;
  DivertRoutes        *routes;
  const DivertRuleset *ruleset;
  DivertApplied        applied;
} Apply;

typedef gboolean (*Step) (Apply *apply, DivertFamily family, GError **error);

static void
count_write (Apply    *apply,
             gboolean  wrote)
{
  if (!wrote)
    return;
  apply->applied.writes++;
  apply->applied.last_write = g_get_monotonic_time ();
}

static gboolean
apply_table (Apply         *apply,
             DivertTable    table,
             DivertFamily   family,
             GError       **error)
{
  gboolean wrote = FALSE;

  if (!apply->backend->klass->apply (apply->backend, apply->ruleset, table, family, &wrote, error))
    return FALSE;
  count_write (apply, wrote);
  return TRUE;
}

static gboolean
apply_mangle (Apply         *apply,
              DivertFamily   family,
              GError       **error)
{
  return apply_table (apply, DIVERT_TABLE_MANGLE, family, error);
}

static gboolean
apply_nat (Apply         *apply,
           DivertFamily   family,
           GError       **error)
{
  return apply_table (apply, DIVERT_TABLE_NAT, family, error);
}

static gboolean
apply_routing (Apply         *apply,
               DivertFamily   family,
               GError       **error)
{
  gboolean wrote = FALSE;

  if (!divert_routes_apply (apply->routes, &apply->ruleset->routing, family, &wrote, error))
    return FALSE;
  count_write (apply, wrote);
  return TRUE;
}

gboolean
divert_apply (DivertBackend       *backend,
              DivertRoutes        *routes,
              const DivertRuleset *ruleset,
              DivertApplied       *ret_applied,
              GError             **error)
{
  static const Step laying[] = { apply_mangle, apply_routing, apply_nat };
  static const Step removing[] = { apply_nat, apply_routing, apply_mangle };
  const Step *steps = divert_ruleset_is_empty (ruleset) ? removing : laying;
  Apply apply = { backend, routes, ruleset, { 0, 0 } };
  gboolean ok = TRUE;

  for (guint i = 0; i < G_N_ELEMENTS (laying) && ok; i++)
    for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
      if (!steps[i](&apply, family, ok ? error : NULL))
        ok = FALSE;

  if (ret_applied != NULL)
    *ret_applied = apply.applied;
  return ok;
}
