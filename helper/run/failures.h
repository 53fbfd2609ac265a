/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules that could not be laid: what the person is told, and when to try again.
 */
#pragma once

#include "system/base/look-again.h"

G_BEGIN_DECLS

typedef struct
{
  DivertLookAgain retry;
  gpointer        user_data;
  guint           id; /* of the source; 0: no retry is due */
  guint           delay_ms;
} DivertFailures;

void divert_failures_init (DivertFailures *failures, DivertLookAgain retry, gpointer user_data);
/* All is well: nothing to retry. */
void divert_failures_forget (DivertFailures *failures);
/* Calls @retry later.  A lock is soon released.  After any other error, the retries become rarer.  Failures of runs
 * that events caused meanwhile don't count, only those of retries. */
void divert_failures_schedule (DivertFailures *failures, const GError *error);

/* Adds it to @problems (DivertProblem), but only once if both families have it. */
void divert_failures_tell (GPtrArray *problems, const GError *error);

G_END_DECLS
