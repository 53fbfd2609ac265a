/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A word to the service manager that started us (sd_notify(3)).
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The first call tells as well that the start is over. @status: one line of UTF-8, shown by "systemctl status".
 * Without a manager that listens, nothing happens. */
void divert_manager_tell (const char *status);
/* We are alive, and (@limit not 0) are to be heard of again within as many µs, and so on. */
void divert_manager_feed_watchdog (gint64 limit);

G_END_DECLS
