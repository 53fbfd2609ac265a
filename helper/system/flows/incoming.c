/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: telling the connections that a listener here accepted from those that a program here opened.
 *
 * Theory of operation.  That somebody listens on a connection's port proves nothing: a program may open a connection
 * from a port of its choice and listen there as well, before or after that (Syncthing and libp2p do it on purpose).
 * What connection tracking knows proves nothing either, because a stranger can choose an entry's direction (K5.1), and
 * an entry that began in mid-stream has that of the next packet.
 *
 * The socket itself tells.  The kernel notes that a program has bound it to a port, and a socket that was accepted has
 * no such note, whatever its listener did (K4.16).  So if there is none, and the port is not one of those that the
 * kernel chooses itself, nobody but a listener can have made it.  On an ephemeral port nobody can tell, so such a
 * connection counts as ours.  There must still be a listener for the connection's own address, in case those ports
 * were others when it was opened.
 *
 * Connections that are still being opened have nothing to lose, and a stranger can make any number of them.
 */
#include "incoming.h"

#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

/* More than a laptop ever has. */
#define MAX_INCOMING 16384

typedef struct
{
  DivertPorts               ephemeral;
  const DivertOwnAddresses *own;
  GArray                   *sockets; /* DivertSocket */
} Search;

static void
see_connection (const DivertSocket *socket,
                gpointer            user_data)
{
  const DivertPrefix local = divert_socket_get_local (socket), remote = divert_socket_get_remote (socket);
  const guint16 port = g_ntohs (socket->diag.id.idiag_sport);
  const Search *search = user_data;

  /* Nobody has it yet, or no longer.  The kernel's filter doesn't know all of the rest.  A diverted connection ends at
   * one of the proxy's sockets, which has a server's address. */
  if (socket->diag.idiag_inode == 0 || (port >= search->ephemeral.first && port <= search->ephemeral.last) ||
      divert_own_addresses_contain (search->own, &remote) || !divert_own_addresses_contain (search->own, &local))
    return;
  if (search->sockets->len < MAX_INCOMING)
    g_array_append_val (search->sockets, *socket);
}

static int
compare_owners (gconstpointer a,
                gconstpointer b)
{
  const guint32 first = ((const DivertSocket *) a)->diag.idiag_uid, second = ((const DivertSocket *) b)->diag.idiag_uid;

  return first < second ? -1 : first > second;
}

GArray *
divert_incoming_list (DivertNetlink             *netlink,
                      const DivertPorts         *ephemeral,
                      const DivertOwnAddresses  *own,
                      GError                   **error)
{
  g_autoptr(GArray) sockets = g_array_new (FALSE, FALSE, sizeof (DivertSocket));
  g_autoptr(GArray) addresses = divert_own_addresses_list (own);
  Search search = { divert_ports_know_ephemeral (*ephemeral), own, sockets };

  if (!divert_socket_dump_unbound (netlink, &search.ephemeral, addresses, see_connection, &search, error))
    return NULL;
  g_array_sort (sockets, compare_owners);
  return g_steal_pointer (&sockets);
}

static void
see_receiver (const DivertSocket *socket,
              gpointer            user_data)
{
  *(gboolean *) user_data |= socket->diag.idiag_state == TCP_LISTEN;
}

gboolean
divert_incoming_has_listener (DivertNetlink      *netlink,
                              const DivertSocket *socket)
{
  static const guint8 nobody[16], mapped[16] = { [10] = 0xff, [11] = 0xff };
  const gboolean is_mapped = socket->diag.idiag_family == AF_INET6 &&
                             divert_socket_get_local (socket).family == DIVERT_FAMILY_IPV4;
  DivertSocket wanted = *socket;
  gboolean found = FALSE;

  /* Whoever would get a packet of somebody whom nobody knows. */
  memcpy (wanted.diag.id.idiag_dst, is_mapped ? mapped : nobody, sizeof wanted.diag.id.idiag_dst);
  wanted.diag.id.idiag_dport = 0;
  memset (wanted.diag.id.idiag_cookie, 0xff, sizeof wanted.diag.id.idiag_cookie);
  return divert_socket_ask (netlink, &wanted, see_receiver, &found) && found;
}
