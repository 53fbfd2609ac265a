/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages to the service manager that started us (sd_notify(3)).
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The first call also reports that the start is complete.  @status: one line of UTF-8, shown by
 * "systemctl status".  Does nothing if no manager listens.  If that can't be sent, because its queue is full for
 * instance, it is said again with the next message. */
void     divert_manager_tell (const char *status);
/* Reports that we are alive.  If @limit is not 0, the manager must hear from us at least every @limit µs
 * from now on.  FALSE: that could not be sent, so it has not been told. */
gboolean divert_manager_feed_watchdog (gint64 limit);

G_END_DECLS
