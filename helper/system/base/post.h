/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From one thread to another's main loop.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* @func (which returns G_SOURCE_REMOVE) is called once in @context's loop (NULL: the process's main loop), behind what
 * was posted there before, and never here and now, as g_main_context_invoke() may.  @destroy frees @data in any
 * case. */
void divert_post (GMainContext *context, GSourceFunc func, gpointer data, GDestroyNotify destroy);

G_END_DECLS
