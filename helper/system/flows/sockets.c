/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: deciding which sockets a change of place closes.
 *
 * Destroying sockets needs care, because the kernel destroys whatever it is told to, even listeners
 * and the proxy's own sockets (K4.6).  So we only ask for the states of a connection, collect what
 * matches, and then sort out which ones to spare: those of the proxy, and those connected to this
 * machine itself.  Each of the rest is destroyed by its cookie.  A socket without an owner (closed,
 * with its last data still on the way) may be the proxy's, so it is spared; nobody is waiting for
 * it.
 */
#include "sockets.h"

#include "connection.h"
#include "listeners.h"
#include "system/netlink/own-addresses.h"
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
  const DivertDoomed    *doomed;
  const DivertListeners *listeners;
  GArray                *sockets; /* DivertSocket */
} Matches;

static gboolean
is_doomed (const Matches      *matches,
           const DivertSocket *socket)
{
  const DivertDoomed *doomed = matches->doomed;
  const DivertPrefix remote = divert_socket_get_remote (socket);

  if (doomed->all_but == NULL)
    return divert_prefixes_contain (doomed->to, &remote);
  if (socket->mark != 0 || divert_listeners_accepted (matches->listeners, socket))
    return FALSE;
  return divert_prefixes_contain (doomed->to, &remote) || !divert_prefixes_contain (doomed->all_but, &remote);
}

static void
see_connection (const DivertSocket *socket,
                gpointer            user_data)
{
  Matches *matches = user_data;

  if (socket->diag.idiag_inode == 0 || !is_doomed (matches, socket))
    return;
  if (matches->sockets->len < MAX_SOCKETS)
    g_array_append_val (matches->sockets, *socket);
}

static gboolean
collect (DivertNetlink  *netlink,
         Matches        *matches,
         GError        **error)
{
  static const struct
  {
    guint8  protocol;
    guint32 states;
  } kinds[] = {
    { IPPROTO_TCP, DIVERT_SOCKET_STATES_CONNECTED },
    { IPPROTO_UDP, DIVERT_SOCKET_STATE (TCP_ESTABLISHED) }, /* which means connected */
  };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
      {
        if (!divert_socket_dump (netlink, kinds[i].protocol, family, kinds[i].states, 0, see_connection, matches,
                                 error))
          return FALSE;
      }
  return TRUE;
}

/* Is it spared because our rules have judged it? */
static gboolean
is_judged (DivertNetlink      *conntrack,
           const DivertDoomed *doomed,
           const DivertSocket *socket,
           const DivertPrefix *remote)
{
  guint32 mark;

  return doomed->judged != 0 && !divert_prefixes_contain (doomed->to, remote) &&
         divert_connection_get_mark (conntrack, socket, &mark) && (mark & doomed->judged) != 0;
}

static gboolean
destroy_all (DivertNetlink       *netlink,
             const DivertDoomed  *doomed,
             const GArray        *sockets,
             guint               *ret_destroyed,
             GError             **error)
{
  g_autoptr(DivertOwners) owners = divert_owners_read (doomed->gid);
  g_autoptr(DivertOwnAddresses) own = divert_own_addresses_read (error);
  g_autoptr(DivertNetlink) conntrack = own != NULL ? divert_netlink_new (NETLINK_NETFILTER, error) : NULL;
  guint n = 0;

  if (conntrack == NULL)
    return FALSE;
  for (guint i = 0; i < sockets->len; i++)
    {
      const DivertSocket *socket = &g_array_index (sockets, DivertSocket, i);
      const DivertPrefix remote = divert_socket_get_remote (socket);
      g_autoptr(GError) local_error = NULL;

      if (divert_own_addresses_contain (own, &remote) ||
          divert_owners_hold (owners, socket) ||
          is_judged (conntrack, doomed, socket, &remote))
        continue;
      if (divert_socket_destroy (netlink, socket, &local_error))
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
  g_autoptr(DivertListeners) listeners = netlink != NULL ? divert_listeners_read (netlink, error) : NULL;
  Matches matches = { doomed, listeners, sockets };
  guint n = 0;

  if (listeners == NULL)
    return FALSE;
  if (!collect (netlink, &matches, error) ||
      (sockets->len > 0 && !destroy_all (netlink, doomed, sockets, &n, error)))
    {
      g_prefix_error (error, _("cannot end connections of the place left: "));
      return FALSE;
    }
  if (ret_destroyed != NULL)
    *ret_destroyed = n;
  return TRUE;
}
