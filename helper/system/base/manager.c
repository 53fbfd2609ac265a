/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the datagrams to the service manager.
 *
 * The protocol is a datagram of text lines to the socket in $NOTIFY_SOCKET, and its manual promises
 * that this stays so.  With a library for it, the helper would depend on systemd for nothing else.
 */
#include "manager.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

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

/* It stays open, because a moment may come in which nothing can be opened.  -1 sets errno. */
static int
get_socket (void)
{
  static int fd = -1;

  if (fd < 0)
    fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  return fd;
}

/* 0, or an errno. */
static int
send_message (const char *message)
{
  struct sockaddr_un address;
  socklen_t length;
  int fd;

  if (!get_address (&address, &length))
    return ENOENT;
  fd = get_socket ();
  /* Do not wait.  The queue is everybody's: any user can write to it, and so keep it full. */
  if (fd < 0 || sendto (fd, message, strlen (message), MSG_NOSIGNAL | MSG_DONTWAIT,
                        (const struct sockaddr *) &address, length) < 0)
    return errno;
  return 0;
}

/* Whatever else went wrong may go well the next time: the queue is full (EAGAIN), for instance, or there is no memory
 * or no descriptor. */
static gboolean
is_nobody (int code)
{
  return code == ENOENT || code == ECONNREFUSED;
}

static char *untaken; /* the last status, if it could not be sent; NULL: none */
static gboolean ready;

static gboolean
send_all (const char *words)
{
  g_autofree char *message = g_strconcat (untaken != NULL ? untaken : "", words, NULL);
  const int code = send_message (message);

  if (code != 0 && !is_nobody (code))
    return FALSE;
  ready |= code == 0 && untaken != NULL;
  g_clear_pointer (&untaken, g_free);
  return TRUE;
}

void
divert_manager_tell (const char *status)
{
  g_free (untaken);
  untaken = g_strdup_printf ("%sSTATUS=%s\n", ready ? "" : "READY=1\n", status);
  send_all ("");
}

gboolean
divert_manager_feed_watchdog (gint64 limit)
{
  g_autofree char *message = limit != 0 ? g_strdup_printf ("WATCHDOG_USEC=%" G_GINT64_FORMAT "\nWATCHDOG=1", limit) :
                                          g_strdup ("WATCHDOG=1");

  return send_all (message);
}
