/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: telling connection tracking about accepted connections.
 *
 * Theory of operation.  sock_diag knows which connections a listener here has accepted (incoming.c), and we ask it only
 * about our own sockets, so nothing that a stranger sends matters.  Root's come first, because an administrator's
 * session is among them.
 *
 * We look an entry up by the addresses of our packets, because a connection that NAT redirected to
 * us has different ones on its way in.  If there is no entry (nobody has used connection tracking
 * so far), we create one as if tracking had seen the connection from its beginning.  It does not
 * know the window, so it must not be strict about it.
 */
#include "accepted.h"

#include "connection.h"
#include "incoming.h"
#include "system/netlink/netlink.h"
#include "system/netlink/own-addresses.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

/* The kernel's own time-out for an established connection; each packet restarts it. */
#define TIMEOUT_S (5 * 24 * 3600)

static void
put_state (DivertNetlinkMessage *msg)
{
  const struct nf_ct_tcp_flags liberal = { IP_CT_TCP_FLAG_BE_LIBERAL, IP_CT_TCP_FLAG_BE_LIBERAL };
  struct nlattr *info = nla_nest_start (msg, CTA_PROTOINFO), *tcp = nla_nest_start (msg, CTA_PROTOINFO_TCP);

  nla_put_u8 (msg, CTA_PROTOINFO_TCP_STATE, TCP_CONNTRACK_ESTABLISHED);
  nla_put (msg, CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, sizeof liberal, &liberal);
  nla_put (msg, CTA_PROTOINFO_TCP_FLAGS_REPLY, sizeof liberal, &liberal);
  nla_nest_end (msg, tcp);
  nla_nest_end (msg, info);
  nla_put_u32 (msg, CTA_STATUS, g_htonl (IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_ASSURED));
  nla_put_u32 (msg, CTA_TIMEOUT, g_htonl (TIMEOUT_S));
}

static DivertNetlinkMessage *
message_new (const DivertSocket *socket,
             gboolean            create,
             guint32             mark,
             guint32             mask)
{
  const int family = divert_netlink_family (divert_socket_get_local (socket).family);
  const struct nfgenmsg header = { .nfgen_family = family, .version = NFNETLINK_V0 };
  DivertNetlinkMessage *msg = divert_netlink_message_new (
      NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW, create ? NLM_F_CREATE | NLM_F_EXCL : 0, &header, sizeof header);

  if (create)
    {
      divert_connection_put_tuple (msg, CTA_TUPLE_ORIG, socket, TRUE);
      put_state (msg);
    }
  divert_connection_put_tuple (msg, CTA_TUPLE_REPLY, socket, FALSE);
  nla_put_u32 (msg, CTA_MARK, g_htonl (mark));
  nla_put_u32 (msg, CTA_MARK_MASK, g_htonl (mask));
  return msg;
}

static gboolean
remember (DivertNetlink       *netlink,
          const DivertSocket  *socket,
          guint32              mark,
          guint32              mask,
          GError             **error)
{
  g_autoptr(DivertNetlinkMessage) update = message_new (socket, FALSE, mark, mask);
  g_autoptr(DivertNetlinkMessage) create = message_new (socket, TRUE, mark, mask);
  g_autoptr(GError) local_error = NULL;
  guint32 verdict;

  /* A verdict of our own rules is better.  A diverted connection ends at one of the proxy's transparent
   * sockets here, which may have the port of a listener. */
  if (divert_connection_get_mark (netlink, socket, &verdict) && (verdict & mask) != 0)
    return TRUE;
  if (divert_netlink_request (netlink, update, NULL, NULL, &local_error))
    return TRUE;
  if (!g_error_matches (local_error, DIVERT_NETLINK_ERROR, ENOENT))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  return divert_netlink_request (netlink, create, NULL, NULL, error);
}

static gboolean
remember_all (DivertNetlink  *diag,
              const GArray   *sockets,
              guint32         mark,
              guint32         mask,
              guint          *ret_remembered,
              GError        **error)
{
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_NETFILTER, error);
  guint n = 0;

  if (netlink == NULL)
    return FALSE;
  for (guint i = 0; i < sockets->len; i++)
    {
      const DivertSocket *socket = &g_array_index (sockets, DivertSocket, i);

      /* Report the first failure, but go on with the rest. */
      if (divert_incoming_has_listener (diag, socket) &&
          remember (netlink, socket, mark, mask, *error == NULL ? error : NULL))
        n++;
    }
  *ret_remembered = n;
  return *error == NULL;
}

gboolean
divert_accepted_remember (const DivertPorts  *ephemeral,
                          guint32             mark,
                          guint32             mask,
                          guint              *ret_remembered,
                          GError            **error)
{
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_SOCK_DIAG, error);
  g_autoptr(DivertOwnAddresses) own = netlink != NULL ? divert_own_addresses_read (error) : NULL;
  g_autoptr(GArray) sockets = own != NULL ? divert_incoming_list (netlink, ephemeral, own, error) : NULL;
  g_autoptr(GError) local_error = NULL;

  if (sockets == NULL)
    return FALSE;
  *ret_remembered = 0;
  if (sockets->len == 0 || remember_all (netlink, sockets, mark, mask, ret_remembered, &local_error))
    return TRUE;
  g_propagate_prefixed_error (error, g_steal_pointer (&local_error),
                              _("cannot remember connections that were accepted: "));
  return FALSE;
}
