/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the backend, the routes, the fence and the guard, and the order in which they are written.
 *
 * The fence needs no lock.  So when something is revoked, the fence closes first, whatever happens to the rest.  It
 * also opens last, once the rules are in place.  While it is open, the tripwire (routing/tripwire.h) may close it, and
 * then wakes the main loop.  The guard (filter/guard.h) comes between, behind the rules: whoever writes nftables waits
 * for those who do.
 */
#include "laying.h"

#include "core/ruleset/fence.h"
#include "failures.h"
#include "rehearsal.h"
#include "system/filter/guard.h"
#include "system/flows/waiting-packets.h"
#include "system/routing/fence.h"
#include "system/routing/loss.h"

struct DivertLaying
{
  DivertFailures   failures;
  DivertBackend   *backend;
  DivertGuard     *guard;
  DivertRoutes    *routes;
  DivertFences    *fences;
  DivertFence     *fence;  /* the one that was closed; NULL: it was opened too */
  DivertFamilies   probed; /* families for which the backend works here */
  gboolean         wants_guard;
  DivertTouched    touched;
  gpointer         touched_data;
  guint            n_known; /* problems that there were before the fence was closed */
};

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
  laying->routes = g_steal_pointer (&routes);
  laying->fences = fences;
  return laying;
}

void
divert_laying_free (DivertLaying *laying)
{
  if (laying == NULL)
    return;
  divert_failures_forget (&laying->failures);
  divert_fence_free (laying->fence);
  divert_fences_free (laying->fences);
  divert_routes_free (laying->routes);
  divert_guard_free (laying->guard);
  divert_backend_free (laying->backend);
  g_free (laying);
}

void
divert_laying_watch (DivertLaying  *laying,
                     DivertTouched  touched,
                     gpointer       user_data)
{
  laying->touched = touched;
  laying->touched_data = user_data;
  laying->backend->klass->watch (laying->backend, touched, user_data);
}

DivertParts
divert_laying_find_drift (DivertLaying *laying,
                          gboolean      thorough)
{
  return laying->backend->klass->find_drift (laying->backend, thorough) |
         (divert_guard_find_drift (laying->guard) ? 1u << DIVERT_PART_GUARD : 0);
}

/* In the tripwire's thread. */
static void
drop_waiting (guint ifindex)
{
  guint dropped;

  divert_waiting_packets_drop (ifindex, &dropped, NULL);
}

void
divert_laying_set_tripwire (DivertLaying    *laying,
                            DivertLookAgain  tripped,
                            gpointer         user_data)
{
  g_autoptr(GError) error = NULL;
  DivertTripwire *wire = divert_tripwire_new (&divert_tripwire_limits, drop_waiting, tripped, user_data, &error);

  if (wire == NULL)
    g_warning ("the main loop alone closes the fence: %s", error->message);
  divert_fences_set_tripwire (laying->fences, wire);
}

void
divert_laying_settle (DivertLaying *laying)
{
  divert_fences_settle (laying->fences);
}

guint32
divert_laying_get_port (const DivertLaying *laying)
{
  return divert_fences_get_port (laying->fences);
}

guint32
divert_laying_get_wire_port (const DivertLaying *laying)
{
  return divert_fences_get_wire_port (laying->fences);
}

DivertParts
divert_laying_take_drift (DivertLaying *laying)
{
  return divert_routes_take_drift (laying->routes) | divert_fences_take_drift (laying->fences);
}

gboolean
divert_laying_is_loss (const DivertLaying *laying,
                       struct nlmsghdr    *header)
{
  return header->nlmsg_pid != divert_routes_get_port (laying->routes) &&
         header->nlmsg_pid != divert_fences_get_port (laying->fences) &&
         header->nlmsg_pid != divert_fences_get_wire_port (laying->fences) && divert_loss_is_ours (header);
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
  g_autoptr(GError) error = NULL, guard_error = NULL;
  const gboolean ok = laying->backend->klass->withdraw (laying->backend, &error);

  laying->wants_guard = FALSE;
  if (!divert_guard_withdraw (laying->guard, &guard_error))
    fail (laying, guard_error, problems);
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
  const gboolean ok = laying->backend->klass->withdraw (laying->backend, error);

  return divert_guard_withdraw (laying->guard, ok ? error : NULL) && ok;
}

/* Whatever became of the rules: a layer of its own. */
static void
lay_guard (DivertLaying        *laying,
           const DivertRuleset *ruleset,
           GPtrArray           *problems,
           DivertApplied       *applied)
{
  g_autoptr(DivertRuleset) nothing = divert_ruleset_new_empty ();
  g_autoptr(GError) error = NULL;
  gboolean wrote;

  laying->wants_guard = divert_laying_wants_guard (laying->backend) && !divert_ruleset_is_empty (ruleset);
  if (!divert_guard_apply (laying->guard, laying->wants_guard ? ruleset : nothing, &wrote, &error))
    fail (laying, error, problems);
  divert_applied_add (applied, wrote);
  /* A backend in nftables hears of that by itself. */
  if (laying->backend->klass->wants_guard && laying->wants_guard)
    divert_guard_watch (laying->guard, laying->touched, laying->touched_data);
  else
    divert_guard_watch (laying->guard, NULL, NULL);
}

/* The families of @wanted for which rules can be installed.  A family without tables must not leave the other one open.
 * If the kernel doesn't support a family at all, that is no gap. */
static DivertFamilies
probe (DivertLaying   *laying,
       DivertFamilies  wanted,
       GPtrArray      *problems)
{
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
      fail (laying, error, problems);
    }
  return laying->probed & wanted;
}

static DivertLaid
lay_rules (DivertLaying         *laying,
           const DivertConfig   *config,
           const guint32        *gid,
           const DivertDecision *decision,
           const DivertFacts    *facts,
           GPtrArray            *problems,
           DivertApplied        *applied)
{
  g_autoptr(DivertRuleset) ruleset = NULL;
  DivertApplied by_rules = { 0, 0, FALSE };
  g_autoptr(GError) error = NULL;
  gboolean ok;

  /* Without the group we can't tell the proxy's own packets from others, and they would loop. */
  if (decision->place != DIVERT_PLACE_OFF && gid == NULL)
    return withdraw (laying, FALSE, problems);

  ruleset = divert_ruleset_new (config, decision, gid != NULL ? *gid : 0, facts);
  divert_rehearse (ruleset, config, decision, facts, gid != NULL ? *gid : 0);
  if (!divert_ruleset_is_empty (ruleset))
    {
      divert_ruleset_restrict (ruleset, probe (laying, ruleset->routing.families, problems));
      if (divert_ruleset_is_empty (ruleset))
        return withdraw (laying, TRUE, problems);
    }

  ok = divert_apply (laying->backend, laying->routes, ruleset, &by_rules, &error);
  applied->writes += by_rules.writes;
  applied->last_write = MAX (applied->last_write, by_rules.last_write);
  if (!ok)
    fail (laying, error, problems);
  lay_guard (laying, ruleset, problems, applied);
  return ok ? DIVERT_LAID : DIVERT_LAID_NOT;
}

typedef gboolean (*WriteFence) (DivertFences *fences, const DivertFence *fence, gboolean *ret_wrote, GError **error);

static void
write_fence (DivertLaying       *laying,
             WriteFence          write,
             const DivertFence  *fence,
             GPtrArray          *problems,
             DivertApplied      *applied)
{
  g_autoptr(GError) error = NULL;
  gboolean wrote = FALSE;

  if (!write (laying->fences, fence, &wrote, &error))
    fail (laying, error, problems);
  divert_applied_add (applied, wrote);
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
  if (laying->backend->klass->choose != NULL && laying->backend->klass->choose (laying->backend, config->backend))
    laying->probed = DIVERT_FAMILIES_NONE;
  *applied = (DivertApplied) { 0, 0, FALSE };
  write_fence (laying, divert_fences_close, laying->fence, problems, applied);
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
  const DivertLaid laid = lay_rules (laying, config, gid, decision, facts, problems, applied);

  if (laid != DIVERT_LAID_NOT)
    {
      divert_fences_arm (laying->fences, fence, decision, facts);
      write_fence (laying, divert_fences_open, fence, problems, applied);
    }

  /* Tables that one family lacks may appear later, so we keep trying. */
  if (laid != DIVERT_LAID || problems->len > laying->n_known)
    return laid;
  divert_failures_forget (&laying->failures);
  return laid;
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
