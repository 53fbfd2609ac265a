/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * High priority, but not forever: urgent events that never stop coming let the main loop's other
 * sources have a turn now and then.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  guint taken;   /* turns since sources of ordinary priority had one */
  guint idle_id;
} DivertTurns;

/* Counts one more turn, and returns the priority of the next: G_PRIORITY_HIGH, or G_PRIORITY_DEFAULT
 * after many in a row. */
int  divert_turns_take (DivertTurns *turns);
void divert_turns_clear (DivertTurns *turns);

G_END_DECLS
