/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's notifications (rtnetlink multicast: links, addresses, routes,
 * rules, neighbours) become calls of "look again", few and soon.
 */
#pragma once

#include <linux/netlink.h>

#include "system/base/look-again.h"

G_BEGIN_DECLS

typedef struct DivertMonitor DivertMonitor;

/* Is this notification a reason to look again?  @header NULL: some were lost. */
typedef gboolean (*DivertMonitorSee) (struct nlmsghdr *header, gpointer user_data);

/* @changed comes at once when nothing came of late, else at most every DIVERT_MONITOR_INTERVAL_US;
 * the last of many notifications is followed by a call, always. */
#define DIVERT_MONITOR_INTERVAL_US 5000

/* In the default main context, before everything else that is ready there. */
DivertMonitor *divert_monitor_new (DivertMonitorSee see, DivertLookAgain changed, gpointer user_data, GError **error);
/* From within @changed, too. */
void           divert_monitor_free (DivertMonitor *monitor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertMonitor, divert_monitor_free)

/* Neighbours are listened to only while somebody waits for one: a network of many has much to say of them. */
void           divert_monitor_listen_to_neighbours (DivertMonitor *monitor, gboolean listen);
/* Reads what the kernel has said until now, so that what is read later is younger than this call. */
void           divert_monitor_drain (DivertMonitor *monitor);
/* Calls @changed, as if the kernel had said something. */
void           divert_monitor_poke (DivertMonitor *monitor);

G_END_DECLS
