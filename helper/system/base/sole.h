/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Only one helper at a time.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Makes this process the only helper that uses @run_dir, for as long as it lives.  If another one is just
 * ending, waits a few seconds for it.  FALSE: another one keeps running, or @run_dir cannot be used. */
gboolean divert_sole_become (const char *run_dir, GError **error);
/* Removes the lock's file.  Only who holds the lock may do that. */
void     divert_sole_remove (const char *run_dir);

G_END_DECLS
