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

typedef struct
{
  guint32 mark;
  guint16 answers_from; /* the port; 0: not given */
} Entry;

/* The source port of the other side's packets. */
static guint16
get_port (struct nlattr *tuple)
{
  struct nlattr *parts[CTA_TUPLE_MAX + 1], *proto[CTA_PROTO_MAX + 1];

  if (tuple == NULL || nla_parse_nested (parts, CTA_TUPLE_MAX, tuple, NULL) < 0 || parts[CTA_TUPLE_PROTO] == NULL ||
      nla_parse_nested (proto, CTA_PROTO_MAX, parts[CTA_TUPLE_PROTO], NULL) < 0 ||
      proto[CTA_PROTO_SRC_PORT] == NULL || nla_len (proto[CTA_PROTO_SRC_PORT]) < 2)
    return 0;
  return g_ntohs (nla_get_u16 (proto[CTA_PROTO_SRC_PORT]));
}

static void
see_entry (struct nlmsghdr *header,
           gpointer         user_data)
{
  struct nlattr *attributes[CTA_MAX + 1];
  Entry *entry = user_data;

  if (nlmsg_parse (header, sizeof (struct nfgenmsg), attributes, CTA_MAX, NULL) < 0)
    return;
  entry->mark = g_ntohl (divert_netlink_get_u32 (attributes[CTA_MARK], 0));
  entry->answers_from = get_port (attributes[CTA_TUPLE_REPLY]);
}

static gboolean
find (DivertNetlink      *netlink,
      const DivertSocket *socket,
      Entry              *ret_entry)
{
  const struct nfgenmsg header = {
    .nfgen_family = divert_netlink_family (divert_socket_get_local (socket).family),
    .version = NFNETLINK_V0,
  };
  g_autoptr(DivertNetlinkMessage) msg = divert_netlink_message_new (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET, 0,
                                                                    &header, sizeof header);
  Entry entry = { 0 };

  /* The kernel finds it by the packets of either side. */
  divert_connection_put_tuple (msg, CTA_TUPLE_ORIG, socket, FALSE);
  if (!divert_netlink_request (netlink, msg, see_entry, &entry, NULL))
    return FALSE;
  *ret_entry = entry;
  return TRUE;
}

gboolean
divert_connection_get_mark (DivertNetlink      *netlink,
                            const DivertSocket *socket,
                            guint32            *ret_mark)
{
  Entry entry;

  if (!find (netlink, socket, &entry))
    return FALSE;
  *ret_mark = entry.mark;
  return TRUE;
}

/* If the other side opened it, its port is the one that its answers come from in the entry, which is ours. */
gboolean
divert_connection_find (DivertNetlink      *netlink,
                        const DivertSocket *socket,
                        guint32            *ret_mark,
                        guint16            *ret_redirected_to)
{
  const guint16 sport = g_ntohs (socket->diag.id.idiag_sport), dport = g_ntohs (socket->diag.id.idiag_dport);
  Entry entry;

  if (!find (netlink, socket, &entry))
    return FALSE;
  *ret_mark = entry.mark;
  *ret_redirected_to = entry.answers_from != dport && entry.answers_from != sport ? entry.answers_from : 0;
  return TRUE;
}
