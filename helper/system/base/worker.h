/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread of ordinary priority for what may take long: one job after the other, in the order in which they were given.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct DivertWorker DivertWorker;

typedef void (*DivertWork) (gpointer job);

/* @name: of the thread, 15 bytes at the most.  All calls are the main loop's. */
DivertWorker *divert_worker_new (const char *name);
/* Waits for nothing: what is under way goes on, but nobody hears of it, and what was not begun is not done. */
void          divert_worker_free (DivertWorker *worker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertWorker, divert_worker_free)

/* Takes @job.  The thread calls @work, then the main loop @done (optional); @destroy frees it in any case. */
void          divert_worker_add (DivertWorker *worker, DivertWork work, DivertWork done, gpointer job,
                                 GDestroyNotify destroy);

G_END_DECLS
