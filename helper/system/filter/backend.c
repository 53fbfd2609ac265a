/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what all backends share.
 */
#include "backend.h"

G_DEFINE_QUARK (divert-backend-error-quark, divert_backend_error)

void
divert_backend_free (DivertBackend *backend)
{
  if (backend != NULL)
    backend->klass->free (backend);
}

void
divert_applied_add (DivertApplied *applied,
                    gboolean       wrote)
{
  if (!wrote)
    return;
  applied->writes++;
  applied->last_write = g_get_monotonic_time ();
}
