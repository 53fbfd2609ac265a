/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "Look again": any number of events, one run.
 */
#pragma once

#include "system/base/look-again.h"
#include "system/base/turns.h"

G_BEGIN_DECLS

typedef struct
{
  DivertLookAgain  run;
  gpointer         user_data;
  DivertTurns      turns;
  guint            id;    /* of the source; 0: no run is asked for */
  const char      *event; /* what asked for the last run, or for the next; static */
  gint64           time;  /* when, monotonic */
} DivertRunRequest;

/* Calls @run in the main loop, once for any number of requests. */
void     divert_run_request_init (DivertRunRequest *request, DivertLookAgain run, gpointer user_data);
void     divert_run_request_clear (DivertRunRequest *request);

/* Repeated calls before the run cause only one.  @event is for the log; static. */
void     divert_run_request_put (DivertRunRequest *request, const char *event);
/* Notes what causes the run that comes now, whether or not another one is asked for. */
void     divert_run_request_begin (DivertRunRequest *request, const char *event);
/* Has the main loop not come to the run for too long? */
gboolean divert_run_request_is_overdue (const DivertRunRequest *request);

G_END_DECLS
