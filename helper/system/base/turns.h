/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * High priority, but not for ever: what is urgent and comes without end gives the main loop's other
 * sources their turn now and then.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  guint taken;   /* since sources of ordinary priority had their turn */
  guint idle_id;
} DivertTurns;

/* Counts one more, and gives the priority of the next: G_PRIORITY_HIGH, or G_PRIORITY_DEFAULT after
 * many in a row. */
int  divert_turns_take (DivertTurns *turns);
void divert_turns_clear (DivertTurns *turns);

G_END_DECLS
