/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that the kernel carries out one after the other, each whether or not the earlier ones failed.
 *
 *   divert_netlink_batch_begin (batch, RTM_DELROUTE, 0, &route, sizeof route);
 *   divert_netlink_batch_put (batch, RTA_DST, bytes, 4);
 */
#pragma once

#include "netlink.h"

G_BEGIN_DECLS

typedef struct DivertNetlinkBatch DivertNetlinkBatch;

DivertNetlinkBatch *divert_netlink_batch_new (void);
void                divert_netlink_batch_free (DivertNetlinkBatch *batch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertNetlinkBatch, divert_netlink_batch_free)

/* Begins a message of @type with @header, which may have attributes behind it. */
void                divert_netlink_batch_begin (DivertNetlinkBatch *batch, int type, int flags, gconstpointer header,
                                                gsize size);
/* Adds an attribute to the message that was begun last. */
void                divert_netlink_batch_put (DivertNetlinkBatch *batch, int type, gconstpointer data, gsize size);
void                divert_netlink_batch_put_u8 (DivertNetlinkBatch *batch, int type, guint8 value);
void                divert_netlink_batch_put_u32 (DivertNetlinkBatch *batch, int type, guint32 value);
guint               divert_netlink_batch_get_length (const DivertNetlinkBatch *batch);
/* Without any message, it can be filled again. */
void                divert_netlink_batch_clear (DivertNetlinkBatch *batch);

typedef void (*DivertNetlinkRefused) (const struct nlmsghdr *request, const GError *error, gpointer user_data);
/* Sends it in as few datagrams as possible.  @refused is called for each message that the kernel refuses.  FALSE:
 * nobody knows how far it got. */
gboolean            divert_netlink_batch_send (DivertNetlinkBatch *batch, DivertNetlink *netlink,
                                               DivertNetlinkRefused refused, gpointer user_data, GError **error);

/* Makes it ready to be sent with @netlink at any time, and more than once.  Nothing can be added any more. */
void                divert_netlink_batch_prepare (DivertNetlinkBatch *batch, DivertNetlink *netlink);
/* Sends what is ready, and waits until the kernel has carried it out.  A datagram that gets no answer doesn't keep the
 * others back. */
void                divert_netlink_batch_send_prepared (const DivertNetlinkBatch *batch, DivertNetlink *netlink);

G_END_DECLS
