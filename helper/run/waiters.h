/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Those who wait for a run of the pipeline to end.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct DivertWaiters DivertWaiters;

typedef void (*DivertWaited) (gpointer user_data);

DivertWaiters *divert_waiters_new (void);
/* Calls nobody. */
void           divert_waiters_free (DivertWaiters *waiters);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertWaiters, divert_waiters_free)

/* @until: monotonic µs until which an unsettled result is not enough; 0: any result is. */
void           divert_waiters_add (DivertWaiters *waiters, gint64 until, DivertWaited waited, gpointer user_data);
/* There is a result. Calls and forgets everybody for whom it is enough at time @now. */
void           divert_waiters_tell (DivertWaiters *waiters, gboolean settled, gint64 now);
/* When to call divert_waiters_tell() again even if nothing happens; 0: no need. */
gint64         divert_waiters_get_deadline (const DivertWaiters *waiters);

G_END_DECLS
