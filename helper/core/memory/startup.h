/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long a freshly started helper waits before its first run.
 */
#pragma once

#include "core/place/decision.h"

G_BEGIN_DECLS

typedef struct
{
  gboolean over;
  gint64   until; /* the latest end of the wait, in monotonic time (µs) */
} DivertStartup;

/* @has_rules: the kernel holds rules of an earlier helper. */
DivertStartup divert_startup_begin (gboolean has_rules, gint64 now);
/* Returns when to look again, or 0 if the run should go ahead.  @ready: NetworkManager has been read;
 * @decision: NULL if there is none yet. */
gint64        divert_startup_wait (DivertStartup *startup, gboolean ready, const DivertDecision *decision, gint64 now);
/* The first run is over. */
void          divert_startup_end (DivertStartup *startup);

G_END_DECLS
