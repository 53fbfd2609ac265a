/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the backend and the routes, what an error of theirs means to a person, and
 * when to try again.
 */
#include "laying.h"

#include "core/place/problem.h"

#define RETRY_FIRST_MS 50
/* A module that somebody loads by hand is found within this. */
#define RETRY_LAST_MS 10000

struct DivertLaying
{
  DivertLookAgain  retry;
  gpointer         user_data;
  DivertBackend   *backend;
  DivertRoutes    *routes;
  DivertFamilies   probed; /* for these the backend works here */
  guint            retry_id;
  guint            retry_ms;
};

DivertLaying *
divert_laying_new (DivertBackend    *backend,
                   DivertLookAgain   retry,
                   gpointer          user_data,
                   GError          **error)
{
  DivertRoutes *routes = divert_routes_new (error);
  DivertLaying *laying;

  if (routes == NULL)
    {
      divert_backend_free (backend);
      return NULL;
    }
  laying = g_new0 (DivertLaying, 1);
  laying->retry = retry;
  laying->user_data = user_data;
  laying->backend = backend;
  laying->routes = routes;
  laying->retry_ms = RETRY_FIRST_MS;
  return laying;
}

void
divert_laying_free (DivertLaying *laying)
{
  if (laying == NULL)
    return;
  g_clear_handle_id (&laying->retry_id, g_source_remove);
  divert_routes_free (laying->routes);
  divert_backend_free (laying->backend);
  g_free (laying);
}

gboolean
divert_laying_find_rules (DivertLaying *laying)
{
  gboolean any;

  /* What cannot be read may be there. */
  return !laying->backend->klass->inspect (laying->backend, &any, NULL) || any;
}

static gboolean
on_retry (gpointer user_data)
{
  DivertLaying *laying = user_data;

  laying->retry_id = 0;
  laying->retry (laying->user_data);
  return G_SOURCE_REMOVE;
}

/* A held lock is soon free; for anything else, less and less often.  Events that fail meanwhile do not
 * count: only what was tried again for its own sake. */
static void
schedule_retry (DivertLaying *laying,
                const GError *error)
{
  if (g_error_matches (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_BUSY))
    {
      g_clear_handle_id (&laying->retry_id, g_source_remove);
      laying->retry_ms = RETRY_FIRST_MS;
    }
  if (laying->retry_id != 0)
    return;
  laying->retry_id = g_timeout_add (laying->retry_ms, on_retry, laying);
  laying->retry_ms = MIN (laying->retry_ms * 2, RETRY_LAST_MS);
}

static DivertProblemCode
classify (const GError *error)
{
  if (error->domain != DIVERT_BACKEND_ERROR)
    return DIVERT_PROBLEM_APPLY;
  switch ((DivertBackendError) error->code)
    {
    case DIVERT_BACKEND_ERROR_UNAVAILABLE:
      return DIVERT_PROBLEM_BACKEND;
    case DIVERT_BACKEND_ERROR_PERMISSION:
      return DIVERT_PROBLEM_PERMISSION;
    case DIVERT_BACKEND_ERROR_BUSY:
      return DIVERT_PROBLEM_BUSY;
    case DIVERT_BACKEND_ERROR_FOREIGN:
      return DIVERT_PROBLEM_FOREIGN;
    case DIVERT_BACKEND_ERROR_REFUSED:
    default:
      return DIVERT_PROBLEM_APPLY;
    }
}

/* Once, even if both families have it. */
static void
add_problem (GPtrArray    *problems,
             const GError *error)
{
  const DivertProblem *last = problems->len > 0 ? problems->pdata[problems->len - 1] : NULL;

  if (last == NULL || last->code != classify (error) || !g_str_equal (last->detail, error->message))
    g_ptr_array_add (problems, divert_problem_new (classify (error), error->message));
}

/* What an earlier helper has let go straight must not outlast that no rules can be laid now.
 * @problems: NULL if what failed is told already. */
static DivertLaid
withdraw (DivertLaying *laying,
          GPtrArray    *problems)
{
  g_autoptr(GError) error = NULL;

  if (laying->backend->klass->withdraw (laying->backend, &error))
    return DIVERT_LAID_NONE;
  if (problems != NULL)
    add_problem (problems, error);
  schedule_retry (laying, error);
  /* Where there are no tables there are no rules in them. */
  return g_error_matches (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_UNAVAILABLE) ? DIVERT_LAID_NONE
                                                                                          : DIVERT_LAID_NOT;
}

/* Those of @wanted for which rules can be laid.  A family that has no tables must not leave the other one open; one
 * that the kernel does not speak is no gap. */
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
      add_problem (problems, error);
      schedule_retry (laying, error);
    }
  return laying->probed & wanted;
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
  g_autoptr(DivertRuleset) ruleset = NULL;
  g_autoptr(GError) error = NULL;
  const guint known = problems->len;

  *applied = (DivertApplied) { 0, 0, FALSE };
  /* Without the group the proxy's own packets could not be told from others: a loop. */
  if (decision->place != DIVERT_PLACE_OFF && gid == NULL)
    return withdraw (laying, problems);

  ruleset = divert_ruleset_new (config, decision, gid != NULL ? *gid : 0, facts);
  if (!divert_ruleset_is_empty (ruleset))
    {
      divert_ruleset_restrict (ruleset, probe (laying, ruleset->routing.families, problems));
      if (divert_ruleset_is_empty (ruleset))
        return withdraw (laying, NULL);
    }

  if (!divert_apply (laying->backend, laying->routes, ruleset, applied, &error))
    {
      add_problem (problems, error);
      schedule_retry (laying, error);
      return DIVERT_LAID_NOT;
    }
  /* What one family lacks may be there later: the tries go on. */
  if (problems->len > known)
    return DIVERT_LAID;
  g_clear_handle_id (&laying->retry_id, g_source_remove);
  laying->retry_ms = RETRY_FIRST_MS;
  return DIVERT_LAID;
}

const char *
divert_laying_get_backend (const DivertLaying *laying)
{
  return laying->probed != 0 ? laying->backend->klass->name : "";
}

gboolean
divert_laying_count_dropped (const DivertLaying *laying,
                             guint64            *ret_packets)
{
  return laying->backend->klass->count_dropped (laying->backend, ret_packets, NULL);
}

char *
divert_laying_to_text (const DivertLaying  *laying,
                       const DivertRuleset *ruleset)
{
  return laying->backend->klass->to_text (laying->backend, ruleset);
}

void
divert_laying_describe (const DivertLaying  *laying,
                        const DivertRuleset *ruleset,
                        const DivertRule    *rule,
                        const DivertPacket  *packet,
                        DivertRuleText      *ret_text)
{
  laying->backend->klass->describe (laying->backend, ruleset, rule, packet, ret_text);
}
