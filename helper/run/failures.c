/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what the errors of backend, routes, fence and guard mean to a person, and the pace of retries.
 */
#include "failures.h"

#include "core/place/problem.h"
#include "system/filter/backend.h"

#define RETRY_FIRST_MS 50
/* A module that somebody loads by hand is found within this time. */
#define RETRY_LAST_MS 10000

void
divert_failures_init (DivertFailures  *failures,
                      DivertLookAgain  retry,
                      gpointer         user_data)
{
  *failures = (DivertFailures){ .retry = retry, .user_data = user_data, .delay_ms = RETRY_FIRST_MS };
}

void
divert_failures_forget (DivertFailures *failures)
{
  g_clear_handle_id (&failures->id, g_source_remove);
  failures->delay_ms = RETRY_FIRST_MS;
}

static gboolean
on_retry (gpointer user_data)
{
  DivertFailures *failures = user_data;

  failures->id = 0;
  failures->retry (failures->user_data);
  return G_SOURCE_REMOVE;
}

void
divert_failures_schedule (DivertFailures *failures,
                          const GError   *error)
{
  if (g_error_matches (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_BUSY))
    divert_failures_forget (failures);
  if (failures->id != 0)
    return;
  failures->id = g_timeout_add (failures->delay_ms, on_retry, failures);
  failures->delay_ms = MIN (failures->delay_ms * 2, RETRY_LAST_MS);
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

void
divert_failures_tell (GPtrArray    *problems,
                      const GError *error)
{
  const DivertProblem *last = problems->len > 0 ? problems->pdata[problems->len - 1] : NULL;

  if (last == NULL || last->code != classify (error) || !g_str_equal (last->detail, error->message))
    g_ptr_array_add (problems, divert_problem_new (classify (error), error->message));
}
