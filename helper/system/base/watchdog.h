/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service manager's watchdog: whoever is not heard of for too long is killed (sd_watchdog_enabled(3)).
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct DivertWatchdog DivertWatchdog;

/* FALSE: let it bite. */
typedef gboolean (*DivertAlive) (gpointer user_data);

/* NULL, which all calls take: nobody watches.  Otherwise the main loop tells the manager, as long as it turns and
 * @alive agrees. */
DivertWatchdog *divert_watchdog_new (DivertAlive alive, gpointer user_data);
void            divert_watchdog_free (DivertWatchdog *watchdog);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertWatchdog, divert_watchdog_free)

/* From now on, for how long the manager bears to hear nothing. */
void            divert_watchdog_set_limit (DivertWatchdog *watchdog, guint limit_ms);

G_END_DECLS
