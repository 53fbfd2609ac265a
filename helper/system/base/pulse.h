/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is to be done now and then, in the main loop, without a wake-up of its own where there are others: word to a
 * watchdog, the renewal of what would lapse, a look whether all is as it was.
 *
 * While something may go straight to an intranet the main loop turns every 0.95 s, for the gateways
 * (sources/kernel/gateway.c).  A pulse whose @latest is a second or more rides on those turns.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct DivertPulse DivertPulse;

typedef void (*DivertPulseBeat) (gpointer user_data);

/* Stands still until it is set.  @name is static.  @beat comes from the default main context, at high priority; it may
 * set the pulse, and must not free it. */
DivertPulse *divert_pulse_new (const char *name, DivertPulseBeat beat, gpointer user_data);
/* NULL is fine. */
void         divert_pulse_free (DivertPulse *pulse);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertPulse, divert_pulse_free)

/* The next beat comes in the first turn of the main loop that is @soonest or more after the last beat, or after this
 * call (µs); the loop is woken for it when @latest has gone by.  The same limits as before change nothing, so this may
 * be called in each run.  @latest 0: stands still. */
void         divert_pulse_set (DivertPulse *pulse, gint64 soonest, gint64 latest);

G_END_DECLS
