/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread of ordinary priority for slow work.  It does one job after the other, in the order
 * given.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct DivertWorker DivertWorker;

typedef void (*DivertWork) (gpointer job);

/* @name: the thread's, at most 15 bytes.  Call all of these functions from the main loop. */
DivertWorker *divert_worker_new (const char *name);
/* Does not wait.  A running job goes on, but nobody hears of its end; jobs that have not begun are dropped. */
void          divert_worker_free (DivertWorker *worker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertWorker, divert_worker_free)

/* Takes @job.  The thread calls @work, then the main loop calls @done (optional); @destroy frees it in any case. */
void          divert_worker_add (DivertWorker *worker, DivertWork work, DivertWork done, gpointer job,
                                 GDestroyNotify destroy);

G_END_DECLS
