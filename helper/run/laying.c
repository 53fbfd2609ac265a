/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the backend, the routes, the fence, the guard and the table for frames, and the order in which they are
 * written.
 *
 * The fence needs no lock.  So when something is revoked, the fence closes first, whatever happens to the rest.  It
 * also opens last, once the rules are in place.  While it is open, the tripwire (routing/tripwire.h) may close it, and
 * then wakes the main loop.  The guard (filter/guard.h) comes between, behind the rules: whoever writes nftables waits
 * for those who do.  What holds frames (filter/wire.h) closes before the rules and opens after them.
 */
#include "laying-private.h"

#include "core/place/problem.h"
#include "core/ruleset/fence.h"
#include "rehearsal.h"

DivertLaying *
divert_laying_new (DivertBackend    *backend,
                   DivertLookAgain   retry,
                   gpointer          user_data,
                   GError          **error)
{
  g_autoptr(DivertRoutes) routes = divert_routes_new (error);
  DivertFences *fences = routes != NULL ? divert_fences_new (error) : NULL;
  DivertLaying *laying;

  if (fences == NULL)
    {
      divert_backend_free (backend);
      return NULL;
    }
  laying = g_new0 (DivertLaying, 1);
  divert_failures_init (&laying->failures, retry, user_data);
  laying->backend = backend;
  laying->guard = divert_guard_new (divert_laying_get_lifetime ());
  laying->wire = divert_wire_new ();
  laying->routes = g_steal_pointer (&routes);
  laying->fences = fences;
  laying->packets = divert_waiting_packets_new ();
  return laying;
}

void
divert_laying_free (DivertLaying *laying)
{
  if (laying == NULL)
    return;
  divert_failures_forget (&laying->failures);
  g_clear_pointer (&laying->laid, divert_ruleset_unref);
  divert_fence_free (laying->fence);
  divert_fences_free (laying->fences);
  divert_waiting_packets_free (laying->packets);
  divert_routes_free (laying->routes);
  divert_wire_free (laying->wire);
  divert_guard_free (laying->guard);
  divert_backend_free (laying->backend);
  g_free (laying);
}

gboolean
divert_laying_find_rules (DivertLaying *laying)
{
  gboolean any;

  /* If we can't read the rules, there may be some. */
  return !laying->backend->klass->inspect (laying->backend, &any, NULL) || any;
}

static void
fail (DivertLaying *laying,
      const GError *error,
      GPtrArray    *problems)
{
  divert_failures_tell (problems, error);
  divert_failures_schedule (&laying->failures, error);
}

/* If no rules can be installed now, nothing that an earlier helper made direct may stay direct.  @told: the failure has
 * been reported already. */
static DivertLaid
withdraw (DivertLaying *laying,
          gboolean      told,
          GPtrArray    *problems)
{
  g_autoptr(GError) error = NULL, guard_error = NULL, wire_error = NULL;
  const gboolean ok = laying->backend->klass->withdraw (laying->backend, &error);

  laying->wants_guard = FALSE;
  g_clear_pointer (&laying->laid, divert_ruleset_unref);
  if (!divert_guard_withdraw (laying->guard, &guard_error))
    fail (laying, guard_error, problems);
  if (!divert_wire_withdraw (laying->wire, &wire_error))
    fail (laying, wire_error, problems);
  if (ok)
    return DIVERT_LAID_NONE;
  if (!told)
    divert_failures_tell (problems, error);
  divert_failures_schedule (&laying->failures, error);
  /* Without tables there are no rules in them. */
  return g_error_matches (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_UNAVAILABLE) ? DIVERT_LAID_NONE
                                                                                          : DIVERT_LAID_NOT;
}

gboolean
divert_laying_withdraw_fence (DivertLaying  *laying,
                              GError       **error)
{
  return divert_fences_withdraw (laying->fences, error);
}

gboolean
divert_laying_withdraw_filters (DivertLaying  *laying,
                                GError       **error)
{
  gboolean ok = laying->backend->klass->withdraw (laying->backend, error);

  ok = divert_guard_withdraw (laying->guard, ok ? error : NULL) && ok;
  return divert_wire_withdraw (laying->wire, ok ? error : NULL) && ok &&
         divert_fences_withdraw_outer (laying->fences, error);
}

/* Whatever became of the rules: a layer of its own.  FALSE: it couldn't be written. */
static gboolean
lay_guard (DivertLaying        *laying,
           const DivertRuleset *ruleset,
           GPtrArray           *problems,
           DivertApplied       *applied)
{
  g_autoptr(DivertRuleset) nothing = divert_ruleset_new_empty ();
  g_autoptr(GError) error = NULL;
  gboolean wrote, ok;

  laying->wants_guard = divert_laying_wants_guard (laying->backend) && !divert_ruleset_is_empty (ruleset);
  ok = divert_guard_apply (laying->guard, laying->wants_guard ? ruleset : nothing, laying->backend->klass->wants_guard,
                           &wrote, &error);
  if (!ok)
    fail (laying, error, problems);
  divert_applied_add (applied, wrote);
  /* A backend in nftables hears of that by itself. */
  if (laying->backend->klass->wants_guard && laying->wants_guard)
    divert_guard_watch (laying->guard, laying->touched, laying->touched_data);
  else
    divert_guard_watch (laying->guard, NULL, NULL);
  return ok;
}

/* Whatever becomes of the rules, as the fence is. */
static void
lay_wire (DivertLaying        *laying,
          const DivertRuleset *ruleset,
          gboolean             closing,
          GPtrArray           *problems,
          DivertApplied       *applied)
{
  g_autoptr(GError) error = NULL;
  gboolean wrote;

  if (!divert_wire_apply (laying->wire, ruleset, closing, &wrote, &error))
    fail (laying, error, problems);
  divert_applied_add (applied, wrote);
}

/* The families of @wanted for which rules can be installed.  A family without tables must not leave the other one open.
 * If the kernel doesn't support a family at all, that is no gap.  If it was only too busy to say so, while it has the
 * other one, the rules that are there must not be taken away: we try. */
static DivertFamilies
probe (DivertLaying   *laying,
       DivertFamilies  wanted,
       GPtrArray      *problems)
{
  DivertFamilies busy = DIVERT_FAMILIES_NONE;

  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      g_autoptr(GError) error = NULL;

      if ((wanted & (1 << family)) == 0 || (laying->probed & (1 << family)) != 0)
        continue;
      if (laying->backend->klass->probe (laying->backend, family, &error))
        {
          laying->probed |= 1 << family;
          continue;
        }
      if (g_error_matches (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_NO_FAMILY))
        continue;
      if (g_error_matches (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_BUSY))
        busy |= 1 << family;
      fail (laying, error, problems);
    }
  if ((laying->probed & wanted) == 0)
    return DIVERT_FAMILIES_NONE;
  return (laying->probed | busy) & wanted;
}

static void
keep_laid (DivertLaying  *laying,
           DivertRuleset *ruleset)
{
  g_clear_pointer (&laying->laid, divert_ruleset_unref);
  laying->laid = divert_ruleset_ref (ruleset);
}

/* The whole ruleset could not be written, for @reason.  Emptying GRANTS is a smaller write, which may succeed, and it
 * takes back what was granted at the place that we have left.  If somebody holds the lock, it would only wait again. */
static void
take_back (DivertLaying         *laying,
           const DivertDecision *decision,
           const GError         *reason)
{
  if (decision->place == DIVERT_PLACE_SITE ||
      g_error_matches (reason, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_BUSY))
    return;
  if (laying->backend->klass->withdraw (laying->backend, NULL))
    g_clear_pointer (&laying->laid, divert_ruleset_unref);
}

/* @ruleset is for all families, and left with those for which there are rules. */
static DivertLaid
lay_rules (DivertLaying         *laying,
           DivertRuleset        *ruleset,
           const guint32        *gid,
           const DivertDecision *decision,
           GPtrArray            *problems,
           DivertApplied        *applied)
{
  DivertApplied by_rules = { 0, 0, FALSE };
  g_autoptr(GError) error = NULL;
  gboolean guard_first, ok;

  /* Without the group we can't tell the proxy's own packets from others, and they would loop. */
  if (decision->place != DIVERT_PLACE_OFF && gid == NULL)
    return withdraw (laying, FALSE, problems);

  if (!divert_ruleset_is_empty (ruleset))
    {
      divert_ruleset_restrict (ruleset, probe (laying, ruleset->routing.families, problems));
      if (divert_ruleset_is_empty (ruleset))
        return withdraw (laying, TRUE, problems);
    }

  /* These grants lapse with the guard, so it comes before the rules that let go, and without it there are none.  The
   * fence opens last, and then not at all. */
  guard_first = decision->place == DIVERT_PLACE_SITE && (decision->internet || decision->dns);
  if (guard_first && !lay_guard (laying, ruleset, problems, applied) && divert_laying_get_lifetime () > 0)
    {
      withdraw (laying, TRUE, problems);
      return DIVERT_LAID_NOT;
    }
  ok = divert_apply (laying->backend, laying->routes, ruleset, &by_rules, &error);
  applied->writes += by_rules.writes;
  applied->last_write = MAX (applied->last_write, by_rules.last_write);
  if (ok)
    keep_laid (laying, ruleset);
  else
    {
      fail (laying, error, problems);
      take_back (laying, decision, error);
    }
  if (!guard_first)
    lay_guard (laying, ruleset, problems, applied);
  return ok ? DIVERT_LAID : DIVERT_LAID_NOT;
}

typedef gboolean (*WriteFence) (DivertFences *fences, const DivertFence *fence, gboolean *ret_wrote, GError **error);

static gboolean
write_fence (DivertLaying       *laying,
             WriteFence          write,
             const DivertFence  *fence,
             GPtrArray          *problems,
             DivertApplied      *applied)
{
  g_autoptr(GError) error = NULL;
  gboolean wrote = FALSE;
  const gboolean ok = write (laying->fences, fence, &wrote, &error);

  if (!ok)
    fail (laying, error, problems);
  divert_applied_add (applied, wrote);
  return ok;
}

void
divert_laying_close (DivertLaying         *laying,
                     const DivertConfig   *config,
                     const DivertDecision *decision,
                     const DivertFacts    *facts,
                     GPtrArray            *problems,
                     DivertApplied        *applied)
{
  divert_fence_free (laying->fence);
  laying->fence = divert_fence_new (config, decision, facts);
  laying->n_known = problems->len;
  if (laying->backend->klass->choose != NULL &&
      laying->backend->klass->choose (laying->backend, config->backend, divert_config_needs_cgroups (config)))
    laying->probed = DIVERT_FAMILIES_NONE;
  *applied = (DivertApplied) { 0, 0, FALSE };
  laying->closed = write_fence (laying, divert_fences_close, laying->fence, problems, applied);
}

DivertLaid
divert_laying_lay (DivertLaying         *laying,
                   const DivertConfig   *config,
                   const guint32        *gid,
                   const DivertDecision *decision,
                   const DivertFacts    *facts,
                   GPtrArray            *problems,
                   DivertApplied        *applied)
{
  g_autoptr(DivertFence) fence = g_steal_pointer (&laying->fence);
  g_autoptr(DivertRuleset) ruleset = divert_ruleset_new (config, decision, gid != NULL ? *gid : 0, facts);
  g_autoptr(DivertRuleset) wire = divert_ruleset_new_wire (ruleset);
  DivertLaid laid;

  if (gid != NULL)
    divert_rehearse (ruleset, config, decision, facts, *gid);
  lay_wire (laying, wire, TRUE, problems, applied);
  laid = lay_rules (laying, ruleset, gid, decision, problems, applied);
  /* Without rules nothing is granted. */
  if (laid != DIVERT_LAID_NOT)
    lay_wire (laying, wire, laid == DIVERT_LAID_NONE && !divert_ruleset_is_empty (wire), problems, applied);

  if (laid != DIVERT_LAID_NOT &&
      divert_fence_shut_unfiltered (fence, laid == DIVERT_LAID ? ruleset->routing.families : DIVERT_FAMILIES_NONE,
                                    config, decision, facts))
    laying->closed = write_fence (laying, divert_fences_close, fence, problems, applied);
  /* Also without the rules: gates that were open before and are still wanted have stayed so. */
  if (laying->closed || laid != DIVERT_LAID_NOT)
    divert_fences_arm (laying->fences, fence, decision, facts);
  if (laid != DIVERT_LAID_NOT)
    write_fence (laying, divert_fences_open, fence, problems, applied);

  /* Tables that one family lacks may appear later, so we keep trying. */
  if (laid != DIVERT_LAID || problems->len > laying->n_known)
    return laid;
  divert_failures_forget (&laying->failures);
  return laid;
}

DivertRuleset *
divert_laying_get_laid (const DivertLaying *laying)
{
  return laying->laid;
}

const char *
divert_laying_get_backend (const DivertLaying *laying)
{
  return laying->probed != 0 ? laying->backend->klass->name : "";
}

const char *
divert_laying_get_backend_why (const DivertLaying *laying)
{
  return laying->probed != 0 ? laying->backend->klass->passed_over : NULL;
}

gboolean
divert_laying_renew (DivertLaying *laying)
{
  return divert_guard_renew (laying->guard);
}

const char *
divert_laying_get_guard (const DivertLaying *laying)
{
  if (!laying->wants_guard)
    return "";
  return divert_guard_is_there (laying->guard) ? "nftables" : "none";
}

/* The devices that others send by. */
static char *
list_shared (const DivertFacts *facts)
{
  g_autoptr(GString) names = g_string_new (NULL);

  for (guint i = 0; i < facts->links->len; i++)
    {
      const DivertLink *link = g_ptr_array_index (facts->links, i);
      g_autofree char *name = divert_escape (link->name);

      if (link->own_macs->len > 0)
        g_string_append_printf (names, "%s'%s'", names->len > 0 ? ", " : "", name);
    }
  return g_string_free (g_steal_pointer (&names), FALSE);
}

/* Legacy tables mark it, but can't deliver it. */
void
divert_laying_find_undelivered (const DivertLaying *laying,
                                const DivertFacts  *facts,
                                GPtrArray          *problems)
{
  g_autofree char *shared = divert_wire_is_lacking (laying->wire) ? list_shared (facts) : NULL;

  if (shared != NULL)
    g_ptr_array_add (problems, divert_problem_new (DIVERT_PROBLEM_WIRE, shared));
  if (facts->bridge_calls && laying->laid != NULL && divert_ruleset_delivers_again (laying->laid) &&
      laying->backend->klass->wants_guard && !divert_guard_delivers (laying->guard))
    g_ptr_array_add (problems, divert_problem_new (DIVERT_PROBLEM_BRIDGE, NULL));
}
