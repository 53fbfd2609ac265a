/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the connection to a beacon, its thread and its deadline.
 *
 * Theory of operation.  A computation that a stranger controls must not delay the revocation of a
 * grant (K5.5).  So each handshake has a thread of its own (beacon-tls.c) at ordinary priority; it
 * does not inherit the main loop's real-time priority.  Its result is an event for the main loop.
 * The deadline belongs to the main loop as well: when it passes, or when nobody wants to know any
 * more, the socket is shut down, and a result that still comes is ignored.  That makes the thread
 * end, unless it is computing.  The number of threads is limited, so that those that do not end
 * cannot pile up.
 *
 * The socket is bound to the link and does not reach beyond it (no gateway, one hop), and its mark
 * keeps our own rules off it.  So neither the proxy nor a route can answer for the beacon.  A relay
 * on the link still can, if it reaches the real one from there; see SECURITY.md.
 */
#include "beacon-handshake.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "beacon-tls.h"
#include "system/base/post.h"

/* A laptop asks one or two beacons at a time, and a thread ends within milliseconds after its socket was
 * shut down. */
#define MAX_THREADS 8
/* How long to wait if all of them are busy. */
#define WAIT_MS 20

struct DivertHandshake
{
  gatomicrefcount      references; /* held by the owner, the thread, and the result on its way */
  guint8               sha256[32];
  int                  fd;         /* closed with the last reference, so that nobody else gets its number before */
  char                *failure;    /* belongs to the thread until the result is on its way */

  DivertHandshakeDone  done;       /* this and the rest belong to the main loop; NULL: nobody wants to know any more */
  gpointer             user_data;
  guint                timeout_id;
  guint                wait_id;    /* while waiting for a thread to end */
};

static gint n_threads;

static void
unref (gpointer data)
{
  DivertHandshake *handshake = data;

  if (!g_atomic_ref_count_dec (&handshake->references))
    return;
  if (handshake->fd >= 0)
    close (handshake->fd);
  g_free (handshake->failure);
  g_free (handshake);
}

static DivertHandshake *
ref (DivertHandshake *handshake)
{
  g_atomic_ref_count_inc (&handshake->references);
  return handshake;
}

static void
finish (DivertHandshake *handshake,
        const char      *failure)
{
  DivertHandshakeDone done = g_steal_pointer (&handshake->done);

  g_clear_handle_id (&handshake->timeout_id, g_source_remove);
  g_clear_handle_id (&handshake->wait_id, g_source_remove);
  if (done != NULL)
    done (failure, handshake->user_data);
}

static gboolean
on_timeout (gpointer user_data)
{
  DivertHandshake *handshake = user_data;

  handshake->timeout_id = 0;
  shutdown (handshake->fd, SHUT_RDWR);
  finish (handshake, "no answer in time");
  return G_SOURCE_REMOVE;
}

static gboolean
on_result (gpointer user_data)
{
  DivertHandshake *handshake = user_data;

  finish (handshake, handshake->failure);
  return G_SOURCE_REMOVE;
}

/* Waits until the connecting socket is connected, and makes it a blocking one. */
static gboolean
await_connection (int fd)
{
  struct pollfd ready = { .fd = fd, .events = POLLOUT };
  socklen_t size = sizeof (int);
  int failure = 0, n;

  do
    n = poll (&ready, 1, -1);
  while (n < 0 && errno == EINTR);
  if (n < 0 || getsockopt (fd, SOL_SOCKET, SO_ERROR, &failure, &size) != 0)
    return FALSE;
  errno = failure;
  return failure == 0 && fcntl (fd, F_SETFL, 0) == 0;
}

static gpointer
run_thread (gpointer data)
{
  DivertHandshake *owned = data;

  if (await_connection (owned->fd))
    owned->failure = divert_tls_prove (owned->fd, owned->sha256);
  else
    owned->failure = g_strdup (g_strerror (errno));
  g_atomic_int_add (&n_threads, -1);
  divert_post (NULL, on_result, owned, unref);
  return NULL;
}

static gboolean start_thread (gpointer user_data);

static void
start_later (DivertHandshake *handshake)
{
  handshake->wait_id = g_timeout_add (WAIT_MS, start_thread, handshake);
}

static gboolean
start_thread (gpointer user_data)
{
  DivertHandshake *handshake = user_data;
  GThread *thread = NULL;

  handshake->wait_id = 0;
  if (g_atomic_int_add (&n_threads, 1) < MAX_THREADS)
    {
      thread = g_thread_try_new ("beacon", run_thread, ref (handshake), NULL);
      if (thread == NULL)
        unref (handshake);
    }
  if (thread != NULL)
    g_thread_unref (thread);
  else
    {
      g_atomic_int_add (&n_threads, -1);
      start_later (handshake);
    }
  return G_SOURCE_REMOVE;
}

static gboolean
set_option (int fd,
            int level,
            int option,
            int value)
{
  return setsockopt (fd, level, option, &value, sizeof value) == 0;
}

static gboolean
stay_on_link (int          fd,
              DivertFamily family,
              guint        ifindex)
{
  return set_option (fd, SOL_SOCKET, SO_BINDTOIFINDEX, ifindex) && set_option (fd, SOL_SOCKET, SO_DONTROUTE, 1) &&
         (family == DIVERT_FAMILY_IPV4 ? set_option (fd, IPPROTO_IP, IP_TTL, 1) :
                                         set_option (fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 1));
}

static gboolean
start_connect (int                 fd,
               const DivertBeacon *beacon,
               guint               ifindex)
{
  struct sockaddr_in ipv4 = { .sin_family = AF_INET, .sin_port = htons (beacon->port) };
  struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6, .sin6_port = htons (beacon->port) };
  const struct sockaddr *address = (const struct sockaddr *) &ipv4;
  socklen_t size = sizeof ipv4;

  if (beacon->address.family == DIVERT_FAMILY_IPV4)
    memcpy (&ipv4.sin_addr, beacon->address.bytes, sizeof ipv4.sin_addr);
  else
    {
      memcpy (&ipv6.sin6_addr, beacon->address.bytes, sizeof ipv6.sin6_addr);
      ipv6.sin6_scope_id = divert_prefix_is_link_local (&beacon->address) ? ifindex : 0;
      address = (const struct sockaddr *) &ipv6;
      size = sizeof ipv6;
    }
  return connect (fd, address, size) == 0 || errno == EINPROGRESS;
}

DivertHandshake *
divert_handshake_new (const DivertBeacon  *beacon,
                      guint                ifindex,
                      guint32              mark,
                      guint                timeout_ms,
                      DivertHandshakeDone  done,
                      gpointer             user_data)
{
  DivertHandshake *handshake = g_new0 (DivertHandshake, 1);
  int domain = beacon->address.family == DIVERT_FAMILY_IPV4 ? AF_INET : AF_INET6;

  g_atomic_ref_count_init (&handshake->references);
  memcpy (handshake->sha256, beacon->sha256, sizeof handshake->sha256);
  handshake->done = done;
  handshake->user_data = user_data;
  handshake->timeout_id = g_timeout_add (timeout_ms, on_timeout, handshake);
  handshake->fd = socket (domain, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
  if (handshake->fd >= 0 && stay_on_link (handshake->fd, beacon->address.family, ifindex) &&
      set_option (handshake->fd, SOL_SOCKET, SO_MARK, mark) && start_connect (handshake->fd, beacon, ifindex))
    start_thread (handshake);
  else
    {
      handshake->failure = g_strdup (g_strerror (errno));
      divert_post (NULL, on_result, ref (handshake), unref);
    }
  return handshake;
}

void
divert_handshake_free (DivertHandshake *handshake)
{
  if (handshake == NULL)
    return;
  g_clear_handle_id (&handshake->timeout_id, g_source_remove);
  g_clear_handle_id (&handshake->wait_id, g_source_remove);
  handshake->done = NULL;
  if (handshake->fd >= 0)
    shutdown (handshake->fd, SHUT_RDWR);
  unref (handshake);
}
