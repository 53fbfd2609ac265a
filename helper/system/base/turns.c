/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the count.  It starts over when the main loop gets down to ordinary priority.
 */
#include "turns.h"

#define MAX_IN_A_ROW 8

static gboolean
on_idle (gpointer user_data)
{
  DivertTurns *turns = user_data;

  turns->idle_id = 0;
  turns->taken = 0;
  return G_SOURCE_REMOVE;
}

int
divert_turns_take (DivertTurns *turns)
{
  if (turns->idle_id == 0)
    turns->idle_id = g_idle_add_full (G_PRIORITY_DEFAULT, on_idle, turns, NULL);
  turns->taken++;
  return turns->taken < MAX_IN_A_ROW ? G_PRIORITY_HIGH : G_PRIORITY_DEFAULT;
}

void
divert_turns_clear (DivertTurns *turns)
{
  g_clear_handle_id (&turns->idle_id, g_source_remove);
}
