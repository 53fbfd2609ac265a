/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the end of a grant whose helper has ended.
 *
 * A grant is only valid while somebody watches for the moment when its network is left.  The unit runs this whenever
 * its helper has ended, whether it was stopped, killed or crashed.  All other rules stay, so the machine is away and
 * everything that should be diverted is.  The fence is closed first, because it needs no lock.
 */
#include "withdraw.h"

#include <stdlib.h>

#include "insist.h"
#include "run/laying.h"
#include "system/filter/choice.h"
#include "system/filter/guard.h"
#include "system/routing/fence.h"

typedef struct
{
  DivertBackend *backend;
  DivertGuard   *guard;
} Filters;

/* Each whatever became of the other. */
static gboolean
attempt (gpointer   user_data,
         GError   **error)
{
  const Filters *filters = user_data;
  const gboolean ok = filters->backend->klass->withdraw (filters->backend, error);

  return divert_guard_withdraw (filters->guard, ok ? error : NULL) && ok;
}

static gboolean
close_fence (GError **error)
{
  g_autoptr(DivertFences) fences = divert_fences_new (error);

  return fences != NULL && divert_fences_withdraw (fences, error);
}

int
divert_withdraw (void)
{
  g_autoptr(DivertBackend) backend = divert_choice_new ();
  g_autoptr(DivertGuard) guard = divert_guard_new (DIVERT_GRANT_LIFETIME_MS);
  Filters filters = { backend, guard };
  g_autoptr(GError) error = NULL;
  const gboolean closed = close_fence (&error);

  if (divert_insist (attempt, &filters, closed ? &error : NULL) && closed)
    return EXIT_SUCCESS;
  g_critical ("cannot take back what goes straight: %s", error->message);
  return EXIT_FAILURE;
}
