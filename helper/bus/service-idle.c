/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: when the helper may go: nobody has called for a while, no change waits, and
 * there are no rules to keep.
 */
#include "service-private.h"

#define IDLE_MS 30000

static gboolean
on_idle_timeout (gpointer user_data)
{
  DivertService *service = user_data;

  if (service->changes > 0 || divert_pipeline_is_needed (service->pipeline))
    return G_SOURCE_CONTINUE;
  service->idle_id = 0;
  service->idle (service->user_data);
  return G_SOURCE_REMOVE;
}

void
divert_service_stay (DivertService *service)
{
  g_clear_handle_id (&service->idle_id, g_source_remove);
  service->idle_id = g_timeout_add (IDLE_MS, on_idle_timeout, service);
}
