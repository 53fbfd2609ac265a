/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long a helper that has just been started waits before its first run.
 */
#pragma once

#include "core/place/decision.h"

G_BEGIN_DECLS

typedef struct
{
  gboolean over;
  gint64   until; /* monotonic time (µs): not longer than this */
} DivertStartup;

/* @has_rules: the kernel holds rules of an earlier helper. */
DivertStartup divert_startup_begin (gboolean has_rules, gint64 now);
/* When to look again; 0: the run is to go on.  @ready: NetworkManager has been read; @decision:
 * NULL while there is none. */
gint64        divert_startup_wait (DivertStartup *startup, gboolean ready, const DivertDecision *decision, gint64 now);
/* The first run is over. */
void          divert_startup_end (DivertStartup *startup);

G_END_DECLS
