/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the datagrams to the service manager.
 *
 * The protocol is a datagram of text lines to the socket in $NOTIFY_SOCKET, and its manual promises
 * that this stays so.  With a library for it, the helper would depend on systemd for nothing else.
 */
#include "manager.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* FALSE: nobody listens.  A name that begins with '@' is in the abstract namespace. */
static gboolean
get_address (struct sockaddr_un *ret_address,
             socklen_t          *ret_length)
{
  const char *path = g_getenv ("NOTIFY_SOCKET");
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  const gsize length = path != NULL ? strlen (path) : 0;

  if (length < 2 || length >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@'))
    return FALSE;
  memcpy (address.sun_path, path, length);
  if (path[0] == '@')
    address.sun_path[0] = '\0';
  *ret_address = address;
  *ret_length = offsetof (struct sockaddr_un, sun_path) + length;
  return TRUE;
}

static gboolean
send_message (const char *message)
{
  struct sockaddr_un address;
  socklen_t length;
  gboolean sent;
  int fd;

  if (!get_address (&address, &length))
    return FALSE;
  fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return FALSE;
  /* Do not wait.  A busy manager may miss a message, but never the first one, because its queue is empty then. */
  sent = sendto (fd, message, strlen (message), MSG_NOSIGNAL | MSG_DONTWAIT, (const struct sockaddr *) &address,
                 length) > 0;
  close (fd);
  return sent;
}

void
divert_manager_tell (const char *status)
{
  static gboolean ready = FALSE;
  g_autofree char *message = g_strdup_printf ("%sSTATUS=%s", ready ? "" : "READY=1\n", status);

  ready |= send_message (message);
}

void
divert_manager_feed_watchdog (gint64 limit)
{
  g_autofree char *message = limit != 0 ? g_strdup_printf ("WATCHDOG_USEC=%" G_GINT64_FORMAT "\nWATCHDOG=1", limit) :
                                          g_strdup ("WATCHDOG=1");

  send_message (message);
}
