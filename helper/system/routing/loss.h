/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notifications that something of ours is gone from policy routing.
 */
#pragma once

#include <glib.h>
#include <linux/netlink.h>

G_BEGIN_DECLS

/* Does @header (of rtnetlink) say that one of our rules, one of our routes or the fence's device was deleted, or that
 * the device was set down?  We may have done it ourselves; the port tells (nlmsg_pid). */
gboolean divert_loss_is_ours (struct nlmsghdr *header);

G_END_DECLS
