/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the end of a grant whose helper has ended.
 *
 * A grant is good only while somebody watches for the moment in which its network is left.  The unit runs this whenever
 * its helper has ended, in whatever way: stopped, killed, crashed.  All other rules stay: the machine is away, and what
 * is to be diverted is diverted.  The fence is closed first: it needs no lock.
 */
#include "withdraw.h"

#include <stdlib.h>

#include "insist.h"
#include "system/filter/choice.h"
#include "system/routing/fence.h"

static gboolean
attempt (gpointer   user_data,
         GError   **error)
{
  DivertBackend *backend = user_data;

  return backend->klass->withdraw (backend, error);
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
  g_autoptr(DivertBackend) backend = divert_choice_new_backend (DIVERT_BACKEND_AUTO);
  g_autoptr(GError) error = NULL;
  const gboolean closed = close_fence (&error);

  if (divert_insist (attempt, backend, closed ? &error : NULL) && closed)
    return EXIT_SUCCESS;
  g_critical ("cannot take back what goes straight: %s", error->message);
  return EXIT_FAILURE;
}
