/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which listener serves the proxy's port.
 */
#include "proxy-listener.h"

#include "system/netlink/sockets-diag.h"

#include <glib/gi18n-lib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

typedef struct
{
  DivertFamily  family;
  gboolean      found;
  GArray       *transparent; /* DivertSocket */
} Listeners;

/* TPROXY and REDIRECT deliver to a socket on lo's address or on all addresses. */
static gboolean
serves (const DivertSocket *socket,
        DivertFamily        family)
{
  static const guint8 any[16], loopback6[16] = { [15] = 1 }, loopback4[4] = { 127, 0, 0, 1 };
  const DivertPrefix local = divert_socket_get_local (socket);
  const gsize bytes = divert_family_bytes (local.family);

  if (socket->diag.id.idiag_if > 1)
    return FALSE;
  if (memcmp (local.bytes, any, bytes) == 0)
    return local.family == family || (local.family == DIVERT_FAMILY_IPV6 && !socket->v6only);
  return local.family == family &&
         memcmp (local.bytes, family == DIVERT_FAMILY_IPV6 ? loopback6 : loopback4, bytes) == 0;
}

static void
see_listener (const DivertSocket *socket,
              gpointer            user_data)
{
  Listeners *listeners = user_data;

  if (!serves (socket, listeners->family))
    return;
  listeners->found = TRUE;
  if (socket->transparent)
    g_array_append_val (listeners->transparent, *socket);
}

static DivertListener
judge (const Listeners    *listeners,
       const DivertOwners *owners)
{
  if (!listeners->found)
    return DIVERT_LISTENER_NONE;
  if (listeners->transparent->len == 0)
    return DIVERT_LISTENER_NOT_TRANSPARENT;
  for (guint i = 0; i < listeners->transparent->len; i++)
    {
      const DivertSocket *socket = &g_array_index (listeners->transparent, DivertSocket, i);

      if (divert_owners_hold (owners, socket))
        return DIVERT_LISTENER_GOOD;
    }
  return DIVERT_LISTENER_FOREIGN;
}

gboolean
divert_listener_find (DivertFamily         family,
                      guint8               protocol,
                      guint16              port,
                      const DivertOwners  *owners,
                      DivertListener      *ret_listener,
                      GError             **error)
{
  const guint32 state = protocol == IPPROTO_TCP ? DIVERT_SOCKET_STATE (TCP_LISTEN) : DIVERT_SOCKET_STATE (TCP_CLOSE);
  g_autoptr(GArray) transparent = g_array_new (FALSE, FALSE, sizeof (DivertSocket));
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_SOCK_DIAG, error);
  Listeners listeners = { family, FALSE, transparent };

  if (netlink == NULL)
    return FALSE;
  /* A socket of IPv6 may serve IPv4 as well, but not the reverse. */
  for (guint f = family; f < DIVERT_N_FAMILIES; f++)
    {
      if (!divert_socket_dump (netlink, protocol, f, state, port, see_listener, &listeners, error))
        {
          g_prefix_error (error, _("cannot look for the proxy's listener: "));
          return FALSE;
        }
    }
  *ret_listener = judge (&listeners, owners);
  return TRUE;
}
