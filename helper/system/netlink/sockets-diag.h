/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets as reported by NETLINK_SOCK_DIAG.
 */
#pragma once

#include "core/words/ports.h"
#include "netlink.h"

#include <linux/inet_diag.h>

G_BEGIN_DECLS

typedef struct
{
  guint8               protocol;    /* IPPROTO_TCP, IPPROTO_UDP */
  struct inet_diag_msg diag;
  gboolean             transparent; /* IP_TRANSPARENT */
  gboolean             v6only;
  guint32              mark;        /* SO_MARK */
  guint32              cgroup;      /* as divert_cgroup_find() has it; 0: not known */
} DivertSocket;

typedef void (*DivertSocketVisit) (const DivertSocket *socket, gpointer user_data);

/* FALSE: @header does not describe a socket. */
gboolean divert_socket_parse (struct nlmsghdr *header, guint8 protocol, DivertSocket *ret_socket);

/* TCP_ESTABLISHED … (netinet/tcp.h) as a bit. */
#define DIVERT_SOCKET_STATE(tcp_state) (1u << (tcp_state))
/* The states of a TCP socket whose connection is open: something may be on its way in either direction. */
#define DIVERT_SOCKET_STATES_OPEN                                                                                     \
  (DIVERT_SOCKET_STATE (TCP_ESTABLISHED) | DIVERT_SOCKET_STATE (TCP_FIN_WAIT1) | DIVERT_SOCKET_STATE (TCP_FIN_WAIT2) | \
   DIVERT_SOCKET_STATE (TCP_CLOSE_WAIT) | DIVERT_SOCKET_STATE (TCP_LAST_ACK) | DIVERT_SOCKET_STATE (TCP_CLOSING))
/* The states of a TCP socket that has a peer and whose program can still send something. */
#define DIVERT_SOCKET_STATES_CONNECTED                                                                                \
  (DIVERT_SOCKET_STATES_OPEN | DIVERT_SOCKET_STATE (TCP_SYN_SENT) | DIVERT_SOCKET_STATE (TCP_SYN_RECV))

/* Calls @visit for the sockets of @family (IPv6's may serve IPv4) in @states (DIVERT_SOCKET_STATE()).
 * @port: the local port; 0: any. */
gboolean divert_socket_dump (DivertNetlink *netlink, guint8 protocol, DivertFamily family, guint32 states, guint16 port,
                             DivertSocketVisit visit, gpointer user_data, GError **error);
/* Calls @visit for the TCP sockets of both families in DIVERT_SOCKET_STATES_CONNECTED. */
gboolean divert_socket_dump_connected (DivertNetlink *netlink, DivertSocketVisit visit, gpointer user_data,
                                       GError **error);
/* Likewise, for those in DIVERT_SOCKET_STATES_OPEN that no program has bound to a port, and that the filter leaves
 * (sockets-filter.h). */
gboolean divert_socket_dump_unbound (DivertNetlink *netlink, const DivertPorts *ephemeral, const GArray *not_to,
                                     DivertSocketVisit visit, gpointer user_data, GError **error);
/* Calls @visit for the socket that gets what the remote of @wanted sends, if there is one.  Asks for no table. */
gboolean divert_socket_ask (DivertNetlink *netlink, const DivertSocket *wanted, DivertSocketVisit visit,
                            gpointer user_data);
/* Destroys exactly this socket, identified by its cookie. */
gboolean divert_socket_destroy (DivertNetlink *netlink, const DivertSocket *socket, GError **error);

/* An IPv4 address in IPv6 form (::ffff:192.0.2.1) comes out as IPv4. */
DivertPrefix divert_socket_get_local (const DivertSocket *socket);
DivertPrefix divert_socket_get_remote (const DivertSocket *socket);

G_END_DECLS
