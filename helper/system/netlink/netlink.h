/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One conversation with the kernel over netlink: a request and its
 * acknowledgement, or a dump.  libnl builds the messages and takes the
 * attributes apart; the receiving is ours, because libnl keeps neither the
 * kernel's errno nor its reason, and copies each message of a dump.
 */
#pragma once

#include "core/words/prefix.h"

#include <linux/netlink.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

G_BEGIN_DECLS

typedef struct nl_msg DivertNetlinkMessage;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertNetlinkMessage, nlmsg_free)

/* A message of @type that begins with @header; attributes follow by nla_put_…(). */
DivertNetlinkMessage *divert_netlink_message_new (int type, int flags, gconstpointer header, gsize size);

/* The code is an errno; the message has the kernel's reason where it gave one. */
#define DIVERT_NETLINK_ERROR (divert_netlink_error_quark ())
GQuark divert_netlink_error_quark (void);

typedef struct DivertNetlink DivertNetlink;

/* How often a dump that the kernel calls torn is read anew, before it is taken as it is: whatever tears
 * it is an event too, after which it is read again. */
#define DIVERT_NETLINK_TORN_TRIES 5

/* @header is a valid message of at least the size that its type demands of the caller (nlmsg_parse() checks). */
typedef void (*DivertNetlinkVisit) (struct nlmsghdr *header, gpointer user_data);

/* @protocol: NETLINK_ROUTE, NETLINK_SOCK_DIAG, NETLINK_NETFILTER. */
DivertNetlink *divert_netlink_new (int protocol, GError **error);
void           divert_netlink_free (DivertNetlink *netlink);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertNetlink, divert_netlink_free)

/* The port by which the kernel's notifications tell our own writes (nlmsg_pid). */
guint32        divert_netlink_get_port (const DivertNetlink *netlink);

/* Sends @msg and waits for its acknowledgement.  @visit (optional) gets what is answered besides. */
gboolean       divert_netlink_request (DivertNetlink *netlink, DivertNetlinkMessage *msg, DivertNetlinkVisit visit,
                                       gpointer user_data, GError **error);
typedef void (*DivertNetlinkRefused) (guint index, const GError *error, gpointer user_data);
/* Sends @msgs (DivertNetlinkMessage) in as few datagrams as can be.  The kernel carries them out in their order, each
 * whatever became of those before; @refused hears of each that it does not.  FALSE: how far it came is not known. */
gboolean       divert_netlink_request_all (DivertNetlink *netlink, const GPtrArray *msgs, DivertNetlinkRefused refused,
                                           gpointer user_data, GError **error);
/* Sends @msg as a dump and hands every answer to @visit.  @ret_torn (optional): the kernel's
 * state changed meanwhile, so that something may be missing or there twice. */
gboolean       divert_netlink_dump (DivertNetlink *netlink, DivertNetlinkMessage *msg, DivertNetlinkVisit visit,
                                    gpointer user_data, gboolean *ret_torn, GError **error);

/* AF_INET or AF_INET6. */
int            divert_netlink_family (DivertFamily family);
/* The number in @attribute; @otherwise if it is missing or short. */
guint8         divert_netlink_get_u8 (struct nlattr *attribute, guint8 otherwise);
guint32        divert_netlink_get_u32 (struct nlattr *attribute, guint32 otherwise);
/* The address in @attribute; FALSE if it is missing, or not of @family's (AF_…) size. */
gboolean       divert_netlink_get_address (struct nlattr *attribute, int family, DivertPrefix *ret_address);

G_END_DECLS
