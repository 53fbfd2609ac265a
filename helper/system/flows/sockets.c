/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: deciding which sockets a change of place closes.
 *
 * Destroying sockets needs care, because the kernel destroys whatever it is told to, even listeners
 * and the proxy's own sockets (K4.6).  So we only ask for the states of a connection, collect what
 * matches, and then sort out which ones to spare: those of the proxy that lead to a server, and those
 * connected to this machine itself.  Each of the rest is destroyed by its cookie.  A socket without an
 * owner (closed, with its last data still on the way) may be the proxy's, so it is spared; nobody is
 * waiting for it.
 *
 * The rules take a connection for one that others opened if they see the other side's packet to a port that a program
 * only gets if it asks for it.  If there were no rules when it was opened, nobody has seen whose SYN was first.  So
 * that verdict spares only what the socket itself confirms (incoming.c).
 */
#include "sockets.h"

#include "core/words/protocol.h"
#include "connection.h"
#include "incoming.h"
#include "system/netlink/own-addresses.h"
#include "system/netlink/sockets-cgroup.h"
#include "system/netlink/sockets-diag.h"
#include "system/netlink/sockets-owner.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

/* The rest stays until the next change.  A laptop has a few hundred. */
#define MAX_SOCKETS 65536

typedef struct
{
  const DivertDoomed *doomed;
  DivertNetlink      *netlink;
  GHashTable         *accepted; /* guint64: the cookies of sockets that a listener seems to have accepted; NULL: not yet
                                 * known */
  GHashTable         *cgroups;  /* the numbers of doomed->units and what is below them */
  GArray             *sockets;  /* DivertSocket */
} Matches;

/* Does it stand in a server's place, towards a host of an own LAN whose flow goes another way now?  The host hears at
 * once if it ends.  Neither address may be this machine's, which is looked at last. */
static gboolean
serves_lan (const DivertDoomed *doomed,
            const DivertSocket *socket)
{
  const DivertPrefix local = divert_socket_get_local (socket), remote = divert_socket_get_remote (socket);

  return socket->transparent &&
         (divert_prefixes_contain (doomed->to, &local) ||
          (doomed->lans != NULL && divert_prefixes_contain (doomed->lans, &remote)));
}

/* By anything but all_but. */
static gboolean
is_named (const Matches      *matches,
          const DivertSocket *socket,
          const DivertPrefix *remote)
{
  const DivertDoomed *doomed = matches->doomed;

  return divert_prefixes_contain (doomed->to, remote) ||
         (doomed->also_to != NULL && divert_prefixes_contain (doomed->also_to, remote)) ||
         (doomed->dns && socket->protocol == IPPROTO_TCP && g_ntohs (socket->diag.id.idiag_dport) == DIVERT_DNS_PORT) ||
         (socket->cgroup != 0 && g_hash_table_contains (matches->cgroups, GUINT_TO_POINTER (socket->cgroup)));
}

static guint64
get_cookie (const DivertSocket *socket)
{
  return (guint64) socket->diag.id.idiag_cookie[1] << 32 | socket->diag.id.idiag_cookie[0];
}

static gboolean
was_accepted (const Matches      *matches,
              const DivertSocket *socket)
{
  const guint64 cookie = get_cookie (socket);

  return matches->accepted != NULL && g_hash_table_contains (matches->accepted, &cookie) &&
         divert_incoming_has_listener (matches->netlink, socket);
}

static gboolean
leads_there (const Matches      *matches,
             const DivertSocket *socket)
{
  const DivertDoomed *doomed = matches->doomed;
  const DivertPrefix remote = divert_socket_get_remote (socket);

  if (doomed->all_but == NULL && divert_prefixes_contain (doomed->to, &remote))
    return TRUE;
  if (socket->mark != 0 || was_accepted (matches, socket))
    return FALSE;
  return is_named (matches, socket, &remote) ||
         (doomed->all_but != NULL && !divert_prefixes_contain (doomed->all_but, &remote));
}

static void
see_connection (const DivertSocket *socket,
                gpointer            user_data)
{
  Matches *matches = user_data;

  if (socket->diag.idiag_inode == 0 || (!leads_there (matches, socket) && !serves_lan (matches->doomed, socket)))
    return;
  if (matches->sockets->len < MAX_SOCKETS)
    g_array_append_val (matches->sockets, *socket);
}

static gboolean
collect (Matches  *matches,
         GError  **error)
{
  if (!divert_socket_dump_connected (matches->netlink, see_connection, matches, error))
    return FALSE;
  /* A UDP socket that is connected is "established". */
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    if (!divert_socket_dump (matches->netlink, IPPROTO_UDP, family, DIVERT_SOCKET_STATE (TCP_ESTABLISHED), 0,
                             see_connection, matches, error))
      return FALSE;
  return TRUE;
}

/* Can the other side's packet have given it the mark @mark, whoever opened it? */
static gboolean
seems_served (const DivertDoomed *doomed,
              const DivertSocket *socket,
              guint32             mark)
{
  const DivertPorts ephemeral = divert_ports_know_ephemeral (doomed->ephemeral);
  const guint16 port = g_ntohs (socket->diag.id.idiag_sport);

  return socket->protocol == IPPROTO_TCP && doomed->served != 0 && (mark & doomed->mask) == doomed->served &&
         (port < ephemeral.first || port > ephemeral.last ||
          (doomed->serve != NULL && divert_ports_contain (doomed->serve, port)));
}

/* Is it spared because our rules have judged it, or have never diverted it? */
static gboolean
is_spared (DivertNetlink      *conntrack,
           const Matches      *matches,
           const DivertSocket *socket,
           const DivertPrefix *remote)
{
  const DivertDoomed *doomed = matches->doomed;
  guint32 mark = 0;

  if (is_named (matches, socket, remote) || (doomed->judged == 0 && doomed->only == 0))
    return FALSE;
  divert_connection_get_mark (conntrack, socket, &mark);
  return ((mark & doomed->judged) != 0 && !seems_served (doomed, socket, mark)) ||
         (doomed->only != 0 && (mark & doomed->mask) != doomed->only);
}

/* After the sockets, so that none of those is missing here that was accepted in between. */
static GHashTable *
read_accepted (const Matches             *matches,
               const DivertOwnAddresses  *own,
               GError                   **error)
{
  g_autoptr(GHashTable) cookies = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  g_autoptr(GArray) incoming = divert_incoming_list (matches->netlink, &matches->doomed->ephemeral, own, error);

  if (incoming == NULL)
    return NULL;
  for (guint i = 0; i < incoming->len; i++)
    {
      const guint64 cookie = get_cookie (&g_array_index (incoming, DivertSocket, i));

      g_hash_table_add (cookies, g_memdup2 (&cookie, sizeof cookie));
    }
  return g_steal_pointer (&cookies);
}

static gboolean
destroy_all (Matches  *matches,
             guint    *ret_destroyed,
             GError  **error)
{
  const DivertDoomed *doomed = matches->doomed;
  const GArray *sockets = matches->sockets;
  g_autoptr(DivertOwners) owners = divert_owners_read (doomed->gid, doomed->unit);
  g_autoptr(DivertOwnAddresses) own = divert_own_addresses_read (error);
  g_autoptr(GHashTable) accepted = own != NULL ? read_accepted (matches, own, error) : NULL;
  g_autoptr(DivertNetlink) conntrack = accepted != NULL ? divert_netlink_new (NETLINK_NETFILTER, error) : NULL;
  guint n = 0;

  if (conntrack == NULL)
    return FALSE;
  matches->accepted = accepted;
  for (guint i = 0; i < sockets->len; i++)
    {
      const DivertSocket *socket = &g_array_index (sockets, DivertSocket, i);
      const DivertPrefix local = divert_socket_get_local (socket), remote = divert_socket_get_remote (socket);
      g_autoptr(GError) local_error = NULL;

      if (divert_own_addresses_contain (own, &remote) ||
          ((!serves_lan (doomed, socket) || divert_own_addresses_contain (own, &local)) &&
           (!leads_there (matches, socket) || divert_owners_hold (owners, socket) ||
            is_spared (conntrack, matches, socket, &remote))))
        continue;
      if (divert_socket_destroy (matches->netlink, socket, &local_error))
        n++;
      /* ENOENT: it ended by itself meanwhile. */
      else if (!g_error_matches (local_error, DIVERT_NETLINK_ERROR, ENOENT))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }
    }
  *ret_destroyed = n;
  return TRUE;
}

gboolean
divert_sockets_destroy (const DivertDoomed  *doomed,
                        guint               *ret_destroyed,
                        GError             **error)
{
  g_autoptr(GArray) sockets = g_array_new (FALSE, FALSE, sizeof (DivertSocket));
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_SOCK_DIAG, error);
  g_autoptr(GHashTable) cgroups = g_hash_table_new (NULL, NULL);
  Matches matches = { doomed, netlink, NULL, cgroups, sockets };
  guint n = 0;

  if (netlink == NULL)
    return FALSE;
  for (guint i = 0; doomed->units != NULL && i < doomed->units->len; i++)
    divert_cgroup_collect (g_ptr_array_index (doomed->units, i), cgroups);
  if (!collect (&matches, error) || (sockets->len > 0 && !destroy_all (&matches, &n, error)))
    {
      g_prefix_error (error, _("cannot end connections of the place left: "));
      return FALSE;
    }
  if (ret_destroyed != NULL)
    *ret_destroyed = n;
  return TRUE;
}
