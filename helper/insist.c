/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: how long, and how often, to retry while another program is busy with the tables.
 */
#include "insist.h"

#include "system/filter/backend.h"

#define BUSY_WAIT_US (10 * G_USEC_PER_SEC)
#define BUSY_STEP_US (20 * 1000)

gboolean
divert_insist (DivertAttempt   attempt,
               gpointer        user_data,
               GError        **error)
{
  gint64 deadline = g_get_monotonic_time () + BUSY_WAIT_US;
  g_autoptr(GError) local_error = NULL;

  while (!attempt (user_data, &local_error))
    {
      if (!g_error_matches (local_error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_BUSY) ||
          g_get_monotonic_time () >= deadline)
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }
      g_clear_error (&local_error);
      g_usleep (BUSY_STEP_US);
    }
  return TRUE;
}
