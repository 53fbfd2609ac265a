/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service manager's watchdog: it kills whoever is silent for too long (sd_watchdog_enabled(3)).
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct DivertWatchdog DivertWatchdog;

/* FALSE: stay silent, so that the watchdog kills us. */
typedef gboolean (*DivertAlive) (gpointer user_data);

/* Does the service manager watch this process? */
gboolean        divert_watchdog_is_watching (void);
/* NULL if nobody watches; all calls accept that.  Otherwise the main loop reports to the manager for as
 * long as it turns and @alive agrees. */
DivertWatchdog *divert_watchdog_new (DivertAlive alive, gpointer user_data);
void            divert_watchdog_free (DivertWatchdog *watchdog);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertWatchdog, divert_watchdog_free)

/* Changes how long the manager tolerates silence. */
void            divert_watchdog_set_limit (DivertWatchdog *watchdog, guint limit_ms);

G_END_DECLS
