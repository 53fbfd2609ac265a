/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of groups, which an administrator may change at any time.
 */
#pragma once

#include "system/base/look-again.h"

G_BEGIN_DECLS

typedef struct DivertGroupWatch DivertGroupWatch;

/* Calls @changed, in the thread's main loop, when the file has been written or replaced.  If it can't be watched, that
 * never happens. */
DivertGroupWatch *divert_group_watch_new (DivertLookAgain changed, gpointer user_data);
void              divert_group_watch_free (DivertGroupWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertGroupWatch, divert_group_watch_free)

G_END_DECLS
