/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often callers may make the pipeline run.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* All zeros at first. */
typedef struct
{
  gint64 spent_until; /* µs, monotonic: when the allowance is whole again */
} DivertPace;

/* May the pipeline be made to run @now?  Returns 0 for yes, and spends the allowance; otherwise when to ask again.
 * @cost: what a run takes (µs). */
gint64 divert_pace_spend (DivertPace *pace, gint64 now, gint64 cost);

G_END_DECLS
