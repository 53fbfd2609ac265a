/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which listener serves the proxy's port.
 *
 * If several do, the kernel chooses among them for each connection, so the worst of them counts.  Any program may share
 * a UDP port if the proxy's socket has SO_REUSEADDR, and then gets what is for it, or makes TPROXY drop it.
 */
#include "proxy-listener.h"

#include <glib/gi18n-lib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

typedef struct
{
  DivertFamily    family;
  DivertPortUse   use;
  DivertIsProxys  is_proxys;
  gpointer        user_data;
  DivertListener  listener; /* the worst so far */
  guint32         uid;
  gboolean        proxys;   /* the proxy itself is there */
  gboolean        opaque;   /* so is somebody else, without IP_TRANSPARENT … */
  guint32         opaque_uid;
  guint64         sockets;  /* of those that serve */
  gboolean        wildcard; /* a socket serves on all addresses … */
  gboolean        specific; /* one does on lo's, and the kernel prefers that */
} Search;

static gboolean
is_wildcard (const DivertPrefix *local)
{
  static const guint8 any[16];

  return memcmp (local->bytes, any, divert_family_bytes (local->family)) == 0;
}

/* TPROXY and REDIRECT deliver to a socket on lo's address or on all addresses. */
static gboolean
serves (const DivertSocket *socket,
        DivertFamily        family)
{
  static const guint8 loopback6[16] = { [15] = 1 }, loopback4[4] = { 127, 0, 0, 1 };
  const DivertPrefix local = divert_socket_get_local (socket);
  const gsize bytes = divert_family_bytes (local.family);

  if (socket->diag.id.idiag_if > 1)
    return FALSE;
  if (is_wildcard (&local))
    return local.family == family || (local.family == DIVERT_FAMILY_IPV6 && !socket->v6only);
  return local.family == family &&
         memcmp (local.bytes, family == DIVERT_FAMILY_IPV6 ? loopback6 : loopback4, bytes) == 0;
}

/* No other socket ever has that. */
static guint64
cookie_of (const DivertSocket *socket)
{
  return (guint64) socket->diag.id.idiag_cookie[1] << 32 | socket->diag.id.idiag_cookie[0];
}

static void
see_listener (const DivertSocket *socket,
              gpointer            user_data)
{
  Search *search = user_data;
  const DivertPrefix local = divert_socket_get_local (socket);
  const gboolean fits = search->use != DIVERT_PORT_TPROXY || socket->transparent;
  gboolean proxys;

  if (!serves (socket, search->family))
    return;
  *(is_wildcard (&local) ? &search->wildcard : &search->specific) = TRUE;
  /* The order in which they are reported doesn't matter. */
  search->sockets += cookie_of (socket) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  proxys = search->is_proxys (socket, search->user_data);
  search->proxys |= proxys;
  if (!fits && !proxys)
    {
      search->opaque = TRUE;
      search->opaque_uid = socket->diag.idiag_uid;
    }
  if (fits && !proxys)
    {
      search->listener = DIVERT_LISTENER_FOREIGN;
      search->uid = socket->diag.idiag_uid;
    }
  else if (!fits && search->listener != DIVERT_LISTENER_FOREIGN)
    search->listener = DIVERT_LISTENER_NOT_TRANSPARENT;
  else if (search->listener == DIVERT_LISTENER_NONE)
    search->listener = DIVERT_LISTENER_GOOD;
}

/* Who is in the proxy's way is told by his name. */
static void
blame_opaque (Search *search)
{
  if (!search->proxys || !search->opaque || search->listener != DIVERT_LISTENER_NOT_TRANSPARENT)
    return;
  search->listener = DIVERT_LISTENER_FOREIGN;
  search->uid = search->opaque_uid;
}

gboolean
divert_listener_find (DivertNetlink    *netlink,
                      DivertListening  *listening,
                      DivertIsProxys    is_proxys,
                      gpointer          user_data,
                      GError          **error)
{
  const guint8 protocol = listening->protocol;
  const guint32 state = DIVERT_SOCKET_STATE (protocol == IPPROTO_TCP ? TCP_LISTEN : TCP_CLOSE);
  Search search = {
    .family = listening->family, .use = listening->use, .is_proxys = is_proxys, .user_data = user_data,
    .listener = DIVERT_LISTENER_NONE,
  };

  /* A socket of IPv6 may serve IPv4 as well, but not the reverse. */
  for (guint f = listening->family; f < DIVERT_N_FAMILIES; f++)
    if (!divert_socket_dump (netlink, protocol, f, state, listening->port, see_listener, &search, error))
      {
        g_prefix_error (error, _("cannot look for the proxy's listener: "));
        return FALSE;
      }
  blame_opaque (&search);
  listening->listener = search.listener;
  listening->uid = search.uid;
  listening->sockets =
    listening->use == DIVERT_PORT_DNS && search.listener == DIVERT_LISTENER_FOREIGN ? search.sockets : 0;
  listening->wildcard = listening->use == DIVERT_PORT_DNS && protocol == IPPROTO_UDP && search.wildcard &&
                        !search.specific;
  return TRUE;
}
