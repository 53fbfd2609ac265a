/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One helper at a time.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Makes this process the only helper that uses @run_dir, until it ends. Waits for one that is just ending, for a few
 * seconds. FALSE: another one goes on, or @run_dir cannot be used. */
gboolean divert_sole_become (const char *run_dir, GError **error);
/* Removes what a helper that has ended has left of it. */
void     divert_sole_clean (const char *run_dir);

G_END_DECLS
