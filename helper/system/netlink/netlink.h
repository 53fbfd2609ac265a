/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One conversation with the kernel over netlink: a request and its acknowledgement, or a dump.  netlink-batch.h is for
 * many requests.  libnl builds a single message, and parses the attributes.  Receiving is our own, because libnl drops
 * the kernel's errno and its reason, and copies each message of a dump.
 */
#pragma once

#include "core/words/prefix.h"

#include <linux/netlink.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

G_BEGIN_DECLS

typedef struct nl_msg DivertNetlinkMessage;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertNetlinkMessage, nlmsg_free)

/* A message of @type that begins with @header; add attributes with nla_put_…(). */
DivertNetlinkMessage *divert_netlink_message_new (int type, int flags, gconstpointer header, gsize size);

/* The code is an errno; the message includes the kernel's reason if there was one. */
#define DIVERT_NETLINK_ERROR (divert_netlink_error_quark ())
GQuark divert_netlink_error_quark (void);

typedef struct DivertNetlink DivertNetlink;

/* How often to repeat a dump that the kernel calls torn, before accepting it as it is.  Whatever tears it
 * is also an event, after which it is read again. */
#define DIVERT_NETLINK_TORN_TRIES 5

/* @header is a valid message.  The callee checks whether it has the size that its type requires (nlmsg_parse()). */
typedef void (*DivertNetlinkVisit) (struct nlmsghdr *header, gpointer user_data);

/* @protocol: NETLINK_ROUTE, NETLINK_SOCK_DIAG, NETLINK_NETFILTER. */
DivertNetlink *divert_netlink_new (int protocol, GError **error);
void           divert_netlink_free (DivertNetlink *netlink);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertNetlink, divert_netlink_free)

/* The port that identifies our own writes in the kernel's notifications (nlmsg_pid). */
guint32        divert_netlink_get_port (const DivertNetlink *netlink);

/* Sends @msg and waits for its acknowledgement.  @visit (optional) gets any other messages in the answer. */
gboolean       divert_netlink_request (DivertNetlink *netlink, DivertNetlinkMessage *msg, DivertNetlinkVisit visit,
                                       gpointer user_data, GError **error);
/* Sends @msg as a dump and passes each answer to @visit.  @ret_torn (optional): the kernel's state
 * changed meanwhile, so something may be missing or duplicate. */
gboolean       divert_netlink_dump (DivertNetlink *netlink, DivertNetlinkMessage *msg, DivertNetlinkVisit visit,
                                    gpointer user_data, gboolean *ret_torn, GError **error);

/* For callers that make their messages themselves (netfilter's transactions): the first of @count
 * consecutive sequence numbers. */
guint32        divert_netlink_number (DivertNetlink *netlink, guint count);
/* Makes room in the kernel for a datagram of ours and for the answers.  If that is refused, the system's
 * limits apply. */
void           divert_netlink_make_room (DivertNetlink *netlink, int send_bytes, int receive_bytes);
/* Takes one message.  TRUE: it was the last one.  Answers to earlier conversations may appear, so check
 * the sequence number. */
typedef gboolean (*DivertNetlinkTake) (struct nlmsghdr *header, gpointer user_data);
/* Sends @datagram unchanged, and passes all answers to @take until it returns TRUE. */
gboolean       divert_netlink_converse (DivertNetlink *netlink, gconstpointer datagram, gsize length,
                                        DivertNetlinkTake take, gpointer user_data, GError **error);

/* The index of the device @name; 0: there is none.  Any conversation will do: if_nametoindex() would open a socket. */
guint          divert_netlink_find_device (DivertNetlink *netlink, const char *name);

/* AF_INET or AF_INET6. */
int            divert_netlink_family (DivertFamily family);
/* The number in @attribute; @otherwise if it is missing or short. */
guint8         divert_netlink_get_u8 (struct nlattr *attribute, guint8 otherwise);
guint32        divert_netlink_get_u32 (struct nlattr *attribute, guint32 otherwise);
/* The address in @attribute; FALSE if it is missing or does not have the size for @family (AF_…). */
gboolean       divert_netlink_get_address (struct nlattr *attribute, int family, DivertPrefix *ret_address);

G_END_DECLS
