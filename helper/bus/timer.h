/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers of the callers' loop, which is not the process's main loop.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Calls @func after @ms in the loop of the calling thread, as g_timeout_add() does in the main loop. */
GSource *divert_timer_new (guint ms, GSourceFunc func, gpointer user_data);
/* Calls @func as soon as the loop has nothing else to do. */
GSource *divert_timer_new_idle (GSourceFunc func, gpointer user_data);
/* The timer's function is not called any more, and @timer becomes NULL.  This may also be called from within that
 * function, which then returns G_SOURCE_REMOVE. */
void     divert_timer_clear (GSource **timer);

G_END_DECLS
