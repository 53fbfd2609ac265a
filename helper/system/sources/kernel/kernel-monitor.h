/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns the kernel's notifications (rtnetlink multicast: links, addresses, routes, rules,
 * neighbours) into calls of "look again", few and soon.
 */
#pragma once

#include <linux/netlink.h>

#include "system/base/look-again.h"

G_BEGIN_DECLS

typedef struct DivertMonitor DivertMonitor;

/* Is this notification a reason to look again?  @header is NULL if some were lost, of any kind. */
typedef gboolean (*DivertMonitorSee) (struct nlmsghdr *header, gpointer user_data);

/* @changed is called at once after a quiet time, otherwise at most every DIVERT_MONITOR_INTERVAL_US.  The
 * last of many notifications is always followed by a call. */
#define DIVERT_MONITOR_INTERVAL_US 5000

/* Runs in the default main context, before everything else that is ready there. */
DivertMonitor *divert_monitor_new (DivertMonitorSee see, DivertLookAgain changed, gpointer user_data, GError **error);
/* Can be called from @changed. */
void           divert_monitor_free (DivertMonitor *monitor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertMonitor, divert_monitor_free)

/* Listen to neighbours only while somebody waits for one, because a large network produces many such messages. */
void           divert_monitor_listen_to_neighbours (DivertMonitor *monitor, gboolean listen);
/* See neighbour-filter.h. */
void           divert_monitor_ignore_neighbours (DivertMonitor *monitor, guint32 port, const GArray *quiet);
/* Reads all messages up to now, so that those read later are newer than this call. */
void           divert_monitor_drain (DivertMonitor *monitor);
/* Calls @changed as if the kernel had sent something. */
void           divert_monitor_poke (DivertMonitor *monitor);

G_END_DECLS
