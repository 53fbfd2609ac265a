/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls from one thread into another thread's main loop.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Calls @func (which returns G_SOURCE_REMOVE) once in the loop of @context (NULL: the process's main
 * loop), after everything posted there before.  Unlike g_main_context_invoke() it never calls it right
 * away.  @destroy frees @data in any case. */
void divert_post (GMainContext *context, GSourceFunc func, gpointer data, GDestroyNotify destroy);

G_END_DECLS
