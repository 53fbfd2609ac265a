/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an event is to us: a reason to look again.  It carries no facts, for they may be old when
 * it is served; whoever hears it gathers them anew.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef void (*DivertLookAgain) (gpointer user_data);

G_END_DECLS
