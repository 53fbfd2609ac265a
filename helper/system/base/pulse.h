/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work to do now and then in the main loop, without a wake-up of its own if there are others:
 * reporting to a watchdog, renewing what would expire, checking that everything is as it was.
 *
 * While something may go direct to an intranet, the main loop turns every second, because of the
 * gateways (sources/kernel/gateway.c).  A pulse whose @latest is 1.1 s or more uses those turns.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct DivertPulse DivertPulse;

typedef void (*DivertPulseBeat) (gpointer user_data);

/* The pulse does not beat before it is set.  @name is static.  @beat is called from the default main
 * context, at high priority; it may set the pulse but must not free it. */
DivertPulse *divert_pulse_new (const char *name, DivertPulseBeat beat, gpointer user_data);
/* Accepts NULL. */
void         divert_pulse_free (DivertPulse *pulse);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertPulse, divert_pulse_free)

/* The next beat comes in the first turn of the main loop that is at least @soonest (µs) after the last
 * beat or after this call.  The loop is woken for it when @latest has passed.  Setting the same limits
 * again changes nothing, so this may be called in every run.  @latest 0: stops the pulse. */
void         divert_pulse_set (DivertPulse *pulse, gint64 soonest, gint64 latest);

G_END_DECLS
