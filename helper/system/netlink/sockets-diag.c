/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: NETLINK_SOCK_DIAG's messages.
 *
 * For each dump of connections, the kernel walks a table as large as the machine, not as what is in it.  A request by
 * family is for one family.  The older request, which the kernel keeps for old programs, is for both (K4.13).
 */
#include "sockets-diag.h"

#include "sockets-filter.h"

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

typedef struct
{
  guint8             protocol;
  DivertSocketVisit  visit;
  gpointer           user_data;
} Dump;

gboolean
divert_socket_parse (struct nlmsghdr *header,
                     guint8           protocol,
                     DivertSocket    *ret_socket)
{
  struct nlattr *attributes[INET_DIAG_MAX + 1];
  const struct inet_diag_sockopt *options;
  DivertSocket socket = { .protocol = protocol };

  if ((header->nlmsg_type != SOCK_DIAG_BY_FAMILY && header->nlmsg_type != TCPDIAG_GETSOCK) ||
      nlmsg_parse (header, sizeof socket.diag, attributes, INET_DIAG_MAX, NULL) < 0)
    return FALSE;
  socket.diag = *(const struct inet_diag_msg *) nlmsg_data (header);
  if (attributes[INET_DIAG_SOCKOPT] != NULL && nla_len (attributes[INET_DIAG_SOCKOPT]) >= (int) sizeof *options)
    {
      options = nla_data (attributes[INET_DIAG_SOCKOPT]);
      socket.transparent = options->transparent;
    }
  socket.v6only = divert_netlink_get_u8 (attributes[INET_DIAG_SKV6ONLY], 0) != 0;
  socket.mark = divert_netlink_get_u32 (attributes[INET_DIAG_MARK], 0);
  if (attributes[INET_DIAG_CGROUP_ID] != NULL && nla_len (attributes[INET_DIAG_CGROUP_ID]) >= (int) sizeof (guint64))
    socket.cgroup = (guint32) nla_get_u64 (attributes[INET_DIAG_CGROUP_ID]);
  *ret_socket = socket;
  return TRUE;
}

static void
see_socket (struct nlmsghdr *header,
            gpointer         user_data)
{
  const Dump *dump = user_data;
  DivertSocket socket;

  if (divert_socket_parse (header, dump->protocol, &socket))
    dump->visit (&socket, dump->user_data);
}

gboolean
divert_socket_dump (DivertNetlink      *netlink,
                    guint8              protocol,
                    DivertFamily        family,
                    guint32             states,
                    guint16             port,
                    DivertSocketVisit   visit,
                    gpointer            user_data,
                    GError            **error)
{
  const struct inet_diag_req_v2 request = {
    .sdiag_family = divert_netlink_family (family),
    .sdiag_protocol = protocol,
    .idiag_states = states,
    .id.idiag_sport = g_htons (port),
  };
  g_autoptr(DivertNetlinkMessage) msg = divert_netlink_message_new (SOCK_DIAG_BY_FAMILY, 0, &request, sizeof request);
  Dump dump = { protocol, visit, user_data };

  return divert_netlink_dump (netlink, msg, see_socket, &dump, NULL, error);
}

static gboolean
dump_connections (DivertNetlink         *netlink,
                  DivertNetlinkMessage  *msg,
                  DivertSocketVisit      visit,
                  gpointer               user_data,
                  GError               **error)
{
  Dump dump = { IPPROTO_TCP, visit, user_data };

  return divert_netlink_dump (netlink, msg, see_socket, &dump, NULL, error);
}

gboolean
divert_socket_dump_connected (DivertNetlink      *netlink,
                              DivertSocketVisit   visit,
                              gpointer            user_data,
                              GError            **error)
{
  const struct inet_diag_req request = { .idiag_states = DIVERT_SOCKET_STATES_CONNECTED };
  g_autoptr(DivertNetlinkMessage) msg = divert_netlink_message_new (TCPDIAG_GETSOCK, 0, &request, sizeof request);

  return dump_connections (netlink, msg, visit, user_data, error);
}

gboolean
divert_socket_dump_unbound (DivertNetlink      *netlink,
                            const DivertPorts  *ephemeral,
                            const GArray       *not_to,
                            DivertSocketVisit   visit,
                            gpointer            user_data,
                            GError            **error)
{
  const struct inet_diag_req request = { .idiag_states = DIVERT_SOCKET_STATES_OPEN };
  g_autoptr(DivertNetlinkMessage) msg = divert_netlink_message_new (TCPDIAG_GETSOCK, 0, &request, sizeof request);

  divert_socket_filter_put (msg, ephemeral, not_to);
  return dump_connections (netlink, msg, visit, user_data, error);
}

gboolean
divert_socket_ask (DivertNetlink      *netlink,
                   const DivertSocket *wanted,
                   DivertSocketVisit   visit,
                   gpointer            user_data)
{
  const struct inet_diag_sockid *id = &wanted->diag.id;
  struct inet_diag_req_v2 request = {
    .sdiag_family = wanted->diag.idiag_family,
    .sdiag_protocol = wanted->protocol,
    .idiag_states = G_MAXUINT32,
    .id = *id,
  };
  Dump dump = { wanted->protocol, visit, user_data };
  g_autoptr(DivertNetlinkMessage) msg = NULL;

  /* For UDP, the kernel has these the other way round, as in the remote's datagram. */
  if (wanted->protocol == IPPROTO_UDP)
    {
      request.id.idiag_sport = id->idiag_dport;
      request.id.idiag_dport = id->idiag_sport;
      memcpy (request.id.idiag_src, id->idiag_dst, sizeof id->idiag_dst);
      memcpy (request.id.idiag_dst, id->idiag_src, sizeof id->idiag_src);
    }
  msg = divert_netlink_message_new (SOCK_DIAG_BY_FAMILY, 0, &request, sizeof request);

  return divert_netlink_request (netlink, msg, see_socket, &dump, NULL);
}

gboolean
divert_socket_destroy (DivertNetlink       *netlink,
                       const DivertSocket  *socket,
                       GError             **error)
{
  const struct inet_diag_req_v2 request = {
    .sdiag_family = socket->diag.idiag_family,
    .sdiag_protocol = socket->protocol,
    .idiag_states = 1u << socket->diag.idiag_state,
    .id = socket->diag.id,
  };
  g_autoptr(DivertNetlinkMessage) msg = divert_netlink_message_new (SOCK_DESTROY, 0, &request, sizeof request);

  return divert_netlink_request (netlink, msg, NULL, NULL, error);
}

static DivertPrefix
get_address (const DivertSocket *socket,
             const void         *bytes)
{
  static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };

  if (socket->diag.idiag_family == AF_INET)
    return divert_prefix_from_bytes (DIVERT_FAMILY_IPV4, bytes, 32);
  if (memcmp (bytes, mapped, sizeof mapped) == 0)
    return divert_prefix_from_bytes (DIVERT_FAMILY_IPV4, (const guint8 *) bytes + sizeof mapped, 32);
  return divert_prefix_from_bytes (DIVERT_FAMILY_IPV6, bytes, 128);
}

DivertPrefix
divert_socket_get_local (const DivertSocket *socket)
{
  return get_address (socket, socket->diag.id.idiag_src);
}

DivertPrefix
divert_socket_get_remote (const DivertSocket *socket)
{
  return get_address (socket, socket->diag.id.idiag_dst);
}
