/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: looking up one flow in the kernel.
 *
 * A datagram's socket need not be connected.  Then it is the one that would get the answer, which is the kernel's own
 * idea of whose the flow is.  A TCP listener isn't the flow's socket, although the kernel gives it if there is no
 * other.
 *
 * We ask with whatever source address somebody has named, and the kernel gives a socket that is bound to no address for
 * all of them.  Any user can have one at the port of a container's flow, or bind the container's own address
 * (K2.10).  So what isn't sent from an address of this machine has a socket only if that one is connected and
 * transparent, as the proxy's are, which takes privileges.
 */
#include "flow.h"

#include <netinet/in.h>
#include <string.h>

#include "connection.h"
#include "system/netlink/own-addresses.h"
#include "system/netlink/sockets-cgroup.h"

/* A socket as far as its addresses identify it. */
static DivertSocket
make_socket (const DivertPacket *packet)
{
  const gsize bytes = divert_family_bytes (packet->destination.family);
  DivertSocket socket = { .protocol = packet->protocol };

  socket.diag.idiag_family = divert_netlink_family (packet->destination.family);
  socket.diag.id.idiag_sport = g_htons (packet->sport);
  socket.diag.id.idiag_dport = g_htons (packet->port);
  memcpy (socket.diag.id.idiag_src, packet->source.bytes, bytes);
  memcpy (socket.diag.id.idiag_dst, packet->destination.bytes, bytes);
  socket.diag.id.idiag_cookie[0] = socket.diag.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  return socket;
}

typedef struct
{
  gboolean     any;
  DivertSocket socket;
} Found;

static void
see_socket (const DivertSocket *socket,
            gpointer            user_data)
{
  *(Found *) user_data = (Found) { TRUE, *socket };
}

static gboolean
is_own_address (const DivertPrefix *address)
{
  g_autoptr(DivertOwnAddresses) own = divert_own_addresses_read (NULL);

  return own != NULL && divert_own_addresses_contain (own, address);
}

static gboolean
is_of_flow (const DivertSocket *socket,
            const DivertSocket *wanted)
{
  const DivertPrefix source = divert_socket_get_local (wanted);
  const gboolean connected = socket->diag.id.idiag_dport == wanted->diag.id.idiag_dport;

  if (socket->diag.id.idiag_sport != wanted->diag.id.idiag_sport ||
      (!connected && (wanted->protocol != IPPROTO_UDP || socket->diag.id.idiag_dport != 0)))
    return FALSE;
  return (connected && socket->transparent) || is_own_address (&source);
}

static gboolean
find_socket (const DivertSocket *wanted,
             DivertSocket       *ret_socket)
{
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_SOCK_DIAG, NULL);
  Found found = { FALSE, *wanted };

  if (netlink == NULL || !divert_socket_ask (netlink, wanted, see_socket, &found) || !found.any ||
      !is_of_flow (&found.socket, wanted))
    return FALSE;
  *ret_socket = found.socket;
  return TRUE;
}

gboolean
divert_flow_find (const DivertPacket  *packet,
                  DivertFlowState     *ret_flow,
                  DivertSocket        *ret_socket,
                  GError             **error)
{
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_NETFILTER, error);
  const DivertSocket wanted = make_socket (packet);
  DivertFlowState flow = { .gid = DIVERT_GID_OTHER };
  DivertSocket socket = wanted;

  if (netlink == NULL)
    return FALSE;
  flow.is_tracked = divert_connection_find (netlink, &wanted, &flow.connmark, &flow.redirected_to);
  flow.has_socket = find_socket (&wanted, &socket);
  if (flow.has_socket)
    {
      flow.uid = socket.diag.idiag_uid;
      flow.mark = socket.mark;
    }
  *ret_flow = flow;
  *ret_socket = socket;
  return TRUE;
}

guint64
divert_flow_find_unit (const DivertSocket *socket,
                       const GPtrArray    *units)
{
  for (guint i = 0; socket->cgroup != 0 && i < units->len; i++)
    {
      const DivertUnit *unit = g_ptr_array_index (units, i);
      g_autoptr(GHashTable) numbers = g_hash_table_new (NULL, NULL);

      divert_cgroup_collect (unit->path, numbers);
      if (g_hash_table_contains (numbers, GUINT_TO_POINTER (socket->cgroup)))
        return unit->id;
    }
  return 0;
}
