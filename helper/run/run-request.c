/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: when a run that was asked for takes place.
 */
#include "run-request.h"

#define OVERDUE_US G_USEC_PER_SEC

void
divert_run_request_init (DivertRunRequest *request,
                         DivertLookAgain   run,
                         gpointer          user_data)
{
  request->run = run;
  request->user_data = user_data;
}

void
divert_run_request_clear (DivertRunRequest *request)
{
  g_clear_handle_id (&request->id, g_source_remove);
  divert_turns_clear (&request->turns);
}

static gboolean
on_turn (gpointer user_data)
{
  DivertRunRequest *request = user_data;

  request->id = 0;
  request->run (request->user_data);
  return G_SOURCE_REMOVE;
}

void
divert_run_request_begin (DivertRunRequest *request,
                          const char       *event)
{
  request->event = event;
  request->time = g_get_monotonic_time ();
}

void
divert_run_request_put (DivertRunRequest *request,
                        const char       *event)
{
  if (request->id != 0)
    return;
  divert_run_request_begin (request, event);
  request->id = g_idle_add_full (divert_turns_take (&request->turns), on_turn, request, NULL);
}

gboolean
divert_run_request_is_overdue (const DivertRunRequest *request)
{
  return request->id != 0 && g_get_monotonic_time () >= request->time + OVERDUE_US;
}
