/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Remembers how early other programs' ip rules were, so that ours don't follow every move.
 */
#pragma once

#include "core/facts/facts.h"

G_BEGIN_DECLS

/* So long the others must have been further behind before ours go back (µs). */
#define DIVERT_PLACING_CALM_US (10 * G_TIME_SPAN_SECOND)

typedef struct
{
  guint32 first[DIVERT_N_FAMILIES];
  gint64  seen[DIVERT_N_FAMILIES]; /* monotonic: when it was last so; 0: never */
} DivertPlacing;

/* @placing: all zeros at first.  Changes the order in @facts to the remembered one while that is earlier.  Returns when
 * to look again (monotonic); 0: no need. */
gint64 divert_placing_apply (DivertPlacing *placing, DivertFacts *facts, gint64 now);

G_END_DECLS
