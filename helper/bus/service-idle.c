/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: when the helper may exit. Nobody has called for a while, no change is waiting, there are no rules to maintain,
 * and no end of a mode is to come: nobody else would notice it.
 */
#include "service-private.h"

#include "timer.h"

#define IDLE_MS 30000

static gboolean
on_idle_timeout (gpointer user_data)
{
  DivertService *service = user_data;

  if (service->changes > 0 || divert_snapshot_is_needed (service->snapshot))
    return G_SOURCE_CONTINUE;
  divert_timer_clear (&service->idle_timer);
  service->idle (service->user_data);
  return G_SOURCE_REMOVE;
}

void
divert_service_stay (DivertService *service)
{
  divert_timer_clear (&service->idle_timer);
  service->idle_timer = divert_timer_new (IDLE_MS, on_idle_timeout, service);
}
