/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which connections count as opened by others, in a real kernel.  The others are in another namespace.
 */
#include "namespace.h"
#include "system/flows/incoming.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST_EPHEMERAL 32768
#define LAST_EPHEMERAL 60999
/* Of our own connections, whose listener is here as well. */
#define N_OWN 2000

typedef struct
{
  int     far, here, there; /* a process, and two namespaces */
  GArray *sockets;          /* int */
} Fixture;

static void
set_up (Fixture       *f,
        gconstpointer  user_data)
{
  g_autofree char *path = NULL;

  test_namespace_enter ();
  f->far = test_namespace_start_far ();
  test_run ("ip link add up0 type veth peer name far0 netns %d; ip link set lo up; ip link set up0 up;"
            "ip addr add 192.168.22.33/24 dev up0; ip addr add fd00:22::33/64 dev up0 nodad", f->far);
  test_run ("nsenter -n -t %d sh -e -c 'ip link set far0 up; ip addr add 192.168.22.2/24 dev far0;"
            "ip addr add fd00:22::2/64 dev far0 nodad'", f->far);
  path = g_strdup_printf ("/proc/%d/ns/net", f->far);
  f->here = open ("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  f->there = open (path, O_RDONLY | O_CLOEXEC);
  f->sockets = g_array_new (FALSE, FALSE, sizeof (int));
}

static void
tear_down (Fixture       *f,
           gconstpointer  user_data)
{
  for (guint i = 0; i < f->sockets->len; i++)
    close (g_array_index (f->sockets, int, i));
  g_array_unref (f->sockets);
  close (f->here);
  close (f->there);
  test_child_stop (f->far);
}

static int
open_socket (Fixture    *f,
             const char *address)
{
  int fd = socket (strchr (address, ':') != NULL ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

  g_assert_no_errno (fd);
  g_assert_no_errno (setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
  g_array_append_val (f->sockets, fd);
  return fd;
}

static struct sockaddr_in6
make_address (const char *text,
              guint16     port)
{
  struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons (port) };
  struct sockaddr_in *v4 = (struct sockaddr_in *) &address;

  if (inet_pton (AF_INET6, text, &address.sin6_addr) == 1)
    return address;
  v4->sin_family = AF_INET;
  g_assert_cmpint (inet_pton (AF_INET, text, &v4->sin_addr), ==, 1);
  return address;
}

static int
listen_at (Fixture    *f,
           const char *text,
           guint16     port)
{
  const struct sockaddr_in6 address = make_address (text, port);
  int fd = open_socket (f, text);

  g_assert_no_errno (bind (fd, (const struct sockaddr *) &address, sizeof address));
  g_assert_no_errno (listen (fd, 4096));
  return fd;
}

/* @from (optional): an address of ours. */
static int
connect_to (Fixture    *f,
            const char *from,
            guint16     from_port,
            const char *text,
            guint16     port)
{
  const struct sockaddr_in6 address = make_address (text, port);
  int fd = open_socket (f, text);

  if (from != NULL)
    {
      const struct sockaddr_in6 own = make_address (from, from_port);

      g_assert_no_errno (bind (fd, (const struct sockaddr *) &own, sizeof own));
    }
  g_assert_no_errno (connect (fd, (const struct sockaddr *) &address, sizeof address));
  return fd;
}

/* Somebody elsewhere connects to @text. */
static void
come (Fixture    *f,
      int         listener,
      const char *text,
      guint16     port)
{
  int fd;

  g_assert_no_errno (setns (f->there, CLONE_NEWNET));
  connect_to (f, NULL, 0, text, port);
  g_assert_no_errno (setns (f->here, CLONE_NEWNET));
  fd = accept (listener, NULL, NULL);
  g_assert_no_errno (fd);
  g_array_append_val (f->sockets, fd);
}

static int
compare (gconstpointer a,
         gconstpointer b)
{
  return g_strcmp0 (*(const char *const *) a, *(const char *const *) b);
}

/* The ports; "22?" has no listener. */
static char *
list (void)
{
  static const DivertPorts ephemeral = { FIRST_EPHEMERAL, LAST_EPHEMERAL };
  g_autoptr(GError) error = NULL;
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_SOCK_DIAG, &error);
  g_autoptr(DivertOwnAddresses) own = divert_own_addresses_read (&error);
  g_autoptr(GArray) sockets = divert_incoming_list (netlink, &ephemeral, own, &error);
  g_autoptr(GPtrArray) ports = g_ptr_array_new_with_free_func (g_free);

  g_assert_no_error (error);
  for (guint i = 0; i < sockets->len; i++)
    {
      const DivertSocket *socket = &g_array_index (sockets, DivertSocket, i);

      g_ptr_array_add (ports, g_strdup_printf ("%u%s", g_ntohs (socket->diag.id.idiag_sport),
                                               divert_incoming_has_listener (netlink, socket) ? "" : "?"));
    }
  g_ptr_array_sort (ports, compare);
  g_ptr_array_add (ports, NULL);
  return g_strjoinv (" ", (char **) ports->pdata);
}

static void
test_accepted (Fixture       *f,
               gconstpointer  user_data)
{
  static const struct
  {
    const char *listener, *address;
    guint16     port;
  } cases[] = {
    { "0.0.0.0", "192.168.22.33", 21 },
    { "192.168.22.33", "192.168.22.33", 22 },
    { "::", "192.168.22.33", 23 },
    { "::", "fd00:22::33", 24 },
    { "fd00:22::33", "fd00:22::33", 25 },
    { "0.0.0.0", "192.168.22.33", FIRST_EPHEMERAL - 1 },
    { "0.0.0.0", "192.168.22.33", FIRST_EPHEMERAL },
    { "0.0.0.0", "192.168.22.33", LAST_EPHEMERAL },
    { "0.0.0.0", "192.168.22.33", LAST_EPHEMERAL + 1 },
  };
  g_autofree char *before = NULL, *after = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    come (f, listen_at (f, cases[i].listener, cases[i].port), cases[i].address, cases[i].port);
  before = list ();
  g_assert_cmpstr (before, ==, "21 22 23 24 25 32767 61000");

  /* Without listeners. */
  for (guint i = 0; i < f->sockets->len; i++)
    {
      int listens = 0;
      socklen_t size = sizeof listens;

      if (getsockopt (g_array_index (f->sockets, int, i), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens)
        {
          close (g_array_index (f->sockets, int, i));
          g_array_remove_index_fast (f->sockets, i--);
        }
    }
  after = list ();
  g_assert_cmpstr (after, ==, "21? 22? 23? 24? 25? 32767? 61000?");
}

/* A program's own connections, from ports of its choice. */
static void
test_own (Fixture       *f,
          gconstpointer  user_data)
{
  g_autofree char *listed = NULL;

  g_assert_no_errno (setns (f->there, CLONE_NEWNET));
  listen_at (f, "0.0.0.0", 80);
  listen_at (f, "fd00:22::2", 80);
  g_assert_no_errno (setns (f->here, CLONE_NEWNET));
  connect_to (f, "0.0.0.0", 5001, "192.168.22.2", 80);
  connect_to (f, "192.168.22.33", 5002, "192.168.22.2", 80);
  connect_to (f, "::", 5003, "fd00:22::2", 80);
  connect_to (f, "::", 5004, "::ffff:192.168.22.2", 80);
  connect_to (f, "0.0.0.0", 0, "192.168.22.2", 80);
  connect_to (f, NULL, 0, "192.168.22.2", 80);
  for (guint16 port = 5001; port <= 5004; port++)
    listen_at (f, "::", port);
  listed = list ();
  g_assert_cmpstr (listed, ==, "");
}

static void
count (const DivertSocket *socket,
       gpointer            user_data)
{
  ++*(guint *) user_data;
}

/* The kernel lists none of those that lead to this machine itself, however many a user has. */
static void
test_many (Fixture       *f,
           gconstpointer  user_data)
{
  static const char *const addresses[] = { "127.0.0.1", "192.168.22.33", "fd00:22::33", "::ffff:127.0.0.1" };
  static const DivertPorts ephemeral = { FIRST_EPHEMERAL, LAST_EPHEMERAL };
  const struct rlimit limit = { 8192, 8192 };
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_SOCK_DIAG, NULL);
  g_autoptr(DivertOwnAddresses) own = divert_own_addresses_read (NULL);
  g_autoptr(GArray) list = divert_own_addresses_list (own);
  g_autoptr(GError) error = NULL;
  int listener = listen_at (f, "::", 8080);
  gint64 used;
  guint n = 0;

  setrlimit (RLIMIT_NOFILE, &limit);
  for (guint i = 0; i < N_OWN; i++)
    {
      int fd;

      connect_to (f, NULL, 0, addresses[i % G_N_ELEMENTS (addresses)], 8080);
      fd = accept (listener, NULL, NULL);
      g_assert_no_errno (fd);
      g_array_append_val (f->sockets, fd);
    }
  come (f, listener, "192.168.22.33", 8080);
  used = test_processor_time (CLOCK_THREAD_CPUTIME_ID);
  divert_socket_dump_unbound (netlink, &ephemeral, list, count, &n, &error);
  used = test_processor_time (CLOCK_THREAD_CPUTIME_ID) - used;
  g_assert_no_error (error);
  g_test_message ("one of %d in %.1f ms", 2 * N_OWN + 1, used / 1000.0);
  g_assert_cmpuint (n, ==, 1);
}

int
main (int   argc,
      char *argv[])
{
  test_needs_namespaces ();
  test_needs ("ip", "nsenter", NULL);
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/incoming/accepted", Fixture, NULL, set_up, test_accepted, tear_down);
  g_test_add ("/incoming/own", Fixture, NULL, set_up, test_own, tear_down);
  g_test_add ("/incoming/many", Fixture, NULL, set_up, test_many, tear_down);
  return g_test_run ();
}
