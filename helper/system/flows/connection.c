/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: describing a connection to ctnetlink, and asking for one.
 */
#include "connection.h"

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

static void
put_tuple (DivertNetlinkMessage *msg,
           int                   type,
           guint8                protocol,
           const DivertPrefix   *source,
           guint16               sport,
           const DivertPrefix   *destination,
           guint16               dport)
{
  const gboolean v6 = source->family == DIVERT_FAMILY_IPV6;
  const int size = divert_family_bytes (source->family);
  struct nlattr *tuple = nla_nest_start (msg, type), *part = nla_nest_start (msg, CTA_TUPLE_IP);

  nla_put (msg, v6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC, size, source->bytes);
  nla_put (msg, v6 ? CTA_IP_V6_DST : CTA_IP_V4_DST, size, destination->bytes);
  nla_nest_end (msg, part);
  part = nla_nest_start (msg, CTA_TUPLE_PROTO);
  nla_put_u8 (msg, CTA_PROTO_NUM, protocol);
  nla_put_u16 (msg, CTA_PROTO_SRC_PORT, sport);
  nla_put_u16 (msg, CTA_PROTO_DST_PORT, dport);
  nla_nest_end (msg, part);
  nla_nest_end (msg, tuple);
}

void
divert_connection_put_tuple (DivertNetlinkMessage *msg,
                             int                   type,
                             const DivertSocket   *socket,
                             gboolean              reverse)
{
  const DivertPrefix local = divert_socket_get_local (socket), remote = divert_socket_get_remote (socket);
  const guint16 sport = socket->diag.id.idiag_sport, dport = socket->diag.id.idiag_dport;

  if (reverse)
    put_tuple (msg, type, socket->protocol, &remote, dport, &local, sport);
  else
    put_tuple (msg, type, socket->protocol, &local, sport, &remote, dport);
}

static void
see_entry (struct nlmsghdr *header,
           gpointer         user_data)
{
  struct nlattr *attributes[CTA_MAX + 1];
  guint32 *mark = user_data;

  if (nlmsg_parse (header, sizeof (struct nfgenmsg), attributes, CTA_MAX, NULL) == 0)
    *mark = g_ntohl (divert_netlink_get_u32 (attributes[CTA_MARK], 0));
}

gboolean
divert_connection_get_mark (DivertNetlink      *netlink,
                            const DivertSocket *socket,
                            guint32            *ret_mark)
{
  const struct nfgenmsg header = {
    .nfgen_family = divert_netlink_family (divert_socket_get_local (socket).family),
    .version = NFNETLINK_V0,
  };
  g_autoptr(DivertNetlinkMessage) msg = divert_netlink_message_new (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET, 0,
                                                                    &header, sizeof header);
  guint32 mark = 0;

  /* The kernel finds it by the packets of either side. */
  divert_connection_put_tuple (msg, CTA_TUPLE_ORIG, socket, FALSE);
  if (!divert_netlink_request (netlink, msg, see_entry, &mark, NULL))
    return FALSE;
  *ret_mark = mark;
  return TRUE;
}
