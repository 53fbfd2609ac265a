/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: finding the listeners' ports.
 */
#include "listeners.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

struct DivertListeners
{
  guint8 ports[(G_MAXUINT16 + 1) / 8];
};

static void
see_listener (const DivertSocket *socket,
              gpointer            user_data)
{
  DivertListeners *listeners = user_data;
  const guint16 port = g_ntohs (socket->diag.id.idiag_sport);

  listeners->ports[port / 8] |= 1 << port % 8;
}

DivertListeners *
divert_listeners_read (DivertNetlink  *netlink,
                       GError        **error)
{
  g_autoptr(DivertListeners) listeners = g_new0 (DivertListeners, 1);

  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    if (!divert_socket_dump (netlink, IPPROTO_TCP, family, DIVERT_SOCKET_STATE (TCP_LISTEN), 0, see_listener, listeners,
                             error))
      return NULL;
  return g_steal_pointer (&listeners);
}

void
divert_listeners_free (DivertListeners *listeners)
{
  g_free (listeners);
}

gboolean
divert_listeners_accepted (const DivertListeners *listeners,
                           const DivertSocket    *socket)
{
  const guint16 port = g_ntohs (socket->diag.id.idiag_sport);

  return socket->protocol == IPPROTO_TCP && (listeners->ports[port / 8] & 1 << port % 8) != 0;
}
