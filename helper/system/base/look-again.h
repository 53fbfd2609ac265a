/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an event means to us: look again.  It carries no facts, because they may be stale by the
 * time it is handled.  Whoever receives it gathers them anew.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef void (*DivertLookAgain) (gpointer user_data);

G_END_DECLS
