/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listeners and connections in a real kernel. Their other ends are in another namespace.
 */
#include "intranet.h"
#include "namespace.h"
#include "system/flows/sockets.h"
#include "system/netlink/sockets-owner.h"
#include "system/sources/proxy-listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define GID 23333
#define PORT 7000

typedef struct
{
  int     far;
  int     server;
  GArray *prefixes;
} Fixture;

static struct sockaddr_in6
make_address (const char *text,
              guint16     port)
{
  struct sockaddr_in6 address = { 0 };
  struct sockaddr_in *v4 = (struct sockaddr_in *) &address;

  if (inet_pton (AF_INET, text, &v4->sin_addr) == 1)
    {
      v4->sin_family = AF_INET;
      v4->sin_port = htons (port);
      return address;
    }
  g_assert_cmpint (inet_pton (AF_INET6, text, &address.sin6_addr), ==, 1);
  address.sin6_family = AF_INET6;
  address.sin6_port = htons (port);
  return address;
}

static int
open_socket (int         type,
             const char *address)
{
  const struct sockaddr_in6 a = make_address (address, 0);
  int fd = socket (a.sin6_family, type, 0);

  g_assert_no_errno (fd);
  return fd;
}

static void
bind_socket (int         fd,
             const char *address,
             guint16     port)
{
  const struct sockaddr_in6 a = make_address (address, port);

  g_assert_no_errno (bind (fd, (const struct sockaddr *) &a, sizeof a));
}

static void
set_option (int fd,
            int level,
            int option)
{
  const int on = 1;

  g_assert_no_errno (setsockopt (fd, level, option, &on, sizeof on));
}

static int
listen_at (int         type,
           const char *address,
           gboolean    transparent,
           gboolean    v6only)
{
  gboolean is_ipv6 = strchr (address, ':') != NULL;
  int fd = open_socket (type, address);

  set_option (fd, SOL_SOCKET, SO_REUSEADDR);
  if (transparent)
    set_option (fd, is_ipv6 ? SOL_IPV6 : SOL_IP, is_ipv6 ? IPV6_TRANSPARENT : IP_TRANSPARENT);
  if (v6only)
    set_option (fd, SOL_IPV6, IPV6_V6ONLY);
  bind_socket (fd, address, PORT);
  if (type == SOCK_STREAM)
    g_assert_no_errno (listen (fd, 64));
  return fd;
}

static void
hold_alone (gpointer user_data)
{
  if (dup2 (GPOINTER_TO_INT (user_data), 0) == 0 && close_range (2, ~0u, 0) == 0 && setgid (GID) == 0)
    test_child_is_ready ();
}

/* A process that alone holds @fd, and is in the proxy's group. */
static int
hold (int fd)
{
  return test_child_start (hold_alone, GINT_TO_POINTER (fd));
}

static gboolean
is_proxys (const DivertSocket *socket,
           gpointer            user_data)
{
  return divert_owners_hold (user_data, socket);
}

static DivertListener
find (DivertFamily family,
      int          type)
{
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_SOCK_DIAG, NULL);
  g_autoptr(DivertOwners) owners = divert_owners_read (GID, NULL);
  g_autoptr(GError) error = NULL;
  DivertListening listening = {
    .use = DIVERT_PORT_TPROXY,
    .port = PORT,
    .protocol = type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP,
    .family = family,
  };

  divert_listener_find (netlink, &listening, is_proxys, owners, &error);
  g_assert_no_error (error);
  return listening.listener;
}

static void
test_listener (gconstpointer user_data)
{
  const int type = GPOINTER_TO_INT (user_data);
  static const struct
  {
    const char  *address;
    gboolean     v6only;
    gboolean     serves_ipv4;
    gboolean     serves_ipv6;
  } cases[] = {
    { "0.0.0.0", FALSE, TRUE, FALSE },
    { "127.0.0.1", FALSE, TRUE, FALSE },
    { "127.0.0.2", FALSE, FALSE, FALSE },
    { "192.0.2.1", FALSE, FALSE, FALSE },
    { "::", FALSE, TRUE, TRUE },
    { "::", TRUE, FALSE, TRUE },
    { "::1", FALSE, FALSE, TRUE },
    { "::ffff:127.0.0.1", FALSE, TRUE, FALSE },
    { "2001:db8::1", FALSE, FALSE, FALSE },
  };

  test_namespace_enter ();
  test_run ("ip addr add 192.0.2.1/32 dev lo; ip addr add 2001:db8::1/128 dev lo nodad");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
      {
        gboolean serves = family == DIVERT_FAMILY_IPV4 ? cases[i].serves_ipv4 : cases[i].serves_ipv6;
        int fd, pid;

        g_test_message ("%s for %s", cases[i].address, divert_family_name (family));
        g_assert_cmpint (find (family, type), ==, DIVERT_LISTENER_NONE);

        fd = listen_at (type, cases[i].address, FALSE, cases[i].v6only);
        g_assert_cmpint (find (family, type), ==, serves ? DIVERT_LISTENER_NOT_TRANSPARENT : DIVERT_LISTENER_NONE);
        close (fd);

        fd = listen_at (type, cases[i].address, TRUE, cases[i].v6only);
        g_assert_cmpint (find (family, type), ==, serves ? DIVERT_LISTENER_FOREIGN : DIVERT_LISTENER_NONE);
        pid = hold (fd);
        g_assert_cmpint (find (family, type), ==, serves ? DIVERT_LISTENER_GOOD : DIVERT_LISTENER_NONE);
        test_child_stop (pid);
        close (fd);
      }
}

static int
share_at (int         type,
          const char *address,
          gboolean    transparent)
{
  const int on = 1, fd = socket (AF_INET, type, 0);
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = g_htons (PORT) };

  inet_pton (AF_INET, address, &to.sin_addr);
  g_assert_no_errno (setsockopt (fd, SOL_SOCKET, type == SOCK_DGRAM ? SO_REUSEADDR : SO_REUSEPORT, &on, sizeof on));
  if (transparent)
    g_assert_no_errno (setsockopt (fd, SOL_IP, IP_TRANSPARENT, &on, sizeof on));
  g_assert_no_errno (bind (fd, (struct sockaddr *) &to, sizeof to));
  if (type == SOCK_STREAM)
    g_assert_no_errno (listen (fd, 1));
  return fd;
}

/* Several sockets share the port: whoever came first, the worst counts. */
static void
test_shared (gconstpointer user_data)
{
  const int type = GPOINTER_TO_INT (user_data);

  test_namespace_enter ();
  for (guint first = 0; first < 2; first++)
    {
      const int a = share_at (type, "0.0.0.0", first == 0), b = share_at (type, "0.0.0.0", first == 1);
      int ours = hold (first == 0 ? a : b), both;

      g_test_message ("the transparent one %s", first == 0 ? "first" : "last");
      g_assert_cmpint (find (DIVERT_FAMILY_IPV4, type), ==, DIVERT_LISTENER_FOREIGN);
      both = hold (first == 0 ? b : a);
      g_assert_cmpint (find (DIVERT_FAMILY_IPV4, type), ==, DIVERT_LISTENER_NOT_TRANSPARENT);
      test_child_stop (both);
      close (first == 0 ? b : a);
      g_assert_cmpint (find (DIVERT_FAMILY_IPV4, type), ==, DIVERT_LISTENER_GOOD);
      test_child_stop (ours);
      close (first == 0 ? a : b);
    }
}

/* The far end accepts every connection and keeps it open. */
static void
serve (gpointer user_data)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/ns/net", GPOINTER_TO_INT (user_data));
  int fd;

  if (setns (open (path, O_RDONLY), CLONE_NEWNET) != 0)
    _exit (1);
  fd = listen_at (SOCK_STREAM, "::", FALSE, FALSE);
  test_child_is_ready ();
  for (;;)
    accept (fd, NULL, NULL);
}

static void
set_up (Fixture       *f,
        gconstpointer  user_data)
{
  test_namespace_enter ();
  f->far = test_namespace_start_far ();
  test_run ("ip link add up0 type veth peer name far0 netns %d; ip link set up0 up;"
            "ip addr add 192.168.22.33/24 dev up0; ip addr add fd00:22::33/64 dev up0 nodad;"
            "ip route add default dev up0; ip -6 route add default dev up0", f->far);
  test_run ("nsenter -n -t %d sh -e -c 'ip link set lo up; ip link set far0 up; ip addr add 192.168.22.2/24 dev far0;"
            "ip addr add 198.51.100.2/24 dev far0; ip addr add fd00:22::2/64 dev far0 nodad;"
            "ip addr add 2001:db8::2/64 dev far0 nodad; ip -6 route add default dev far0'", f->far);
  f->server = test_child_start (serve, GINT_TO_POINTER (f->far));
  f->prefixes = test_intranet_new ();
}

static void
tear_down (Fixture       *f,
           gconstpointer  user_data)
{
  test_child_stop (f->server);
  test_child_stop (f->far);
  g_array_unref (f->prefixes);
}

static guint
destroy (Fixture *f)
{
  g_autoptr(GError) error = NULL;
  guint n = G_MAXUINT;

  divert_sockets_destroy (&(DivertDoomed){ .to = f->prefixes, .gid = GID }, &n, &error);
  g_assert_no_error (error);
  return n;
}

static int
connect_to (int         type,
            const char *address)
{
  const struct sockaddr_in6 a = make_address (address, PORT);
  int fd = open_socket (type, address);

  g_assert_no_errno (connect (fd, (const struct sockaddr *) &a, sizeof a));
  return fd;
}

static gboolean
is_aborted (int fd)
{
  char byte;

  return recv (fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == ECONNABORTED;
}

static void
test_destroy (Fixture       *f,
              gconstpointer  user_data)
{
  static const char *const inside[] = { "192.168.22.2", "fd00:22::2", "::ffff:192.168.22.2" };
  static const char *const outside[] = { "198.51.100.2", "2001:db8::2", "::ffff:198.51.100.2", "192.168.22.33",
                                         "fd00:22::33", "127.0.0.1", "::1" };
  static const int types[] = { SOCK_STREAM, SOCK_DGRAM };
  g_autoptr(GArray) gone = g_array_new (FALSE, FALSE, sizeof (int)), kept = g_array_new (FALSE, FALSE, sizeof (int));
  int listener = listen_at (SOCK_STREAM, "::", FALSE, FALSE);
  int unconnected = listen_at (SOCK_DGRAM, "192.168.22.33", FALSE, FALSE);

  for (guint t = 0; t < G_N_ELEMENTS (types); t++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (inside); i++)
        {
          int fd = connect_to (types[t], inside[i]);

          g_array_append_val (gone, fd);
        }
      for (guint i = 0; i < G_N_ELEMENTS (outside); i++)
        {
          int fd = connect_to (types[t], outside[i]);

          g_array_append_val (kept, fd);
        }
    }

  g_assert_cmpuint (destroy (f), ==, gone->len);
  for (guint i = 0; i < gone->len; i++)
    g_assert_true (is_aborted (g_array_index (gone, int, i)));
  for (guint i = 0; i < kept->len; i++)
    g_assert_false (is_aborted (g_array_index (kept, int, i)));
  g_assert_cmpuint (destroy (f), ==, 0);

  /* The listener is still listening. */
  close (connect_to (SOCK_STREAM, "127.0.0.1"));
  close (listener);
  close (unconnected);
  for (guint i = 0; i < gone->len; i++)
    close (g_array_index (gone, int, i));
  for (guint i = 0; i < kept->len; i++)
    close (g_array_index (kept, int, i));
}

static void
test_proxy_is_spared (Fixture       *f,
                      gconstpointer  user_data)
{
  int tcp = connect_to (SOCK_STREAM, "192.168.22.2"), udp = connect_to (SOCK_DGRAM, "fd00:22::2");
  int other = connect_to (SOCK_STREAM, "fd00:22::2");
  int tcp_holder = hold (tcp), udp_holder = hold (udp);

  g_assert_cmpuint (destroy (f), ==, 1);
  g_assert_true (is_aborted (other));
  g_assert_false (is_aborted (tcp));
  g_assert_false (is_aborted (udp));

  /* Without that process they are like any other sockets. */
  test_child_stop (tcp_holder);
  test_child_stop (udp_holder);
  g_assert_cmpuint (destroy (f), ==, 2);
  close (tcp);
  close (udp);
  close (other);
}

/* As a transparent proxy talks to a client: from @local, a server's address. */
static int
serve_from (const char *local)
{
  const struct sockaddr_in6 client = make_address ("198.51.100.2", PORT);
  int fd = open_socket (SOCK_DGRAM, local);

  set_option (fd, SOL_IP, IP_TRANSPARENT);
  bind_socket (fd, local, PORT);
  g_assert_no_errno (connect (fd, (const struct sockaddr *) &client, sizeof client));
  return fd;
}

/* A host of an own LAN is served by the proxy's own socket.  That ends, but not one from an address of this machine. */
static void
test_lan (Fixture       *f,
          gconstpointer  user_data)
{
  int lan = serve_from ("192.168.22.9"), own = serve_from ("192.168.22.33"), outside = serve_from ("203.0.113.9");
  int holder = hold (lan);

  g_assert_cmpuint (destroy (f), ==, 1);
  g_assert_true (is_aborted (lan));
  g_assert_false (is_aborted (own));
  g_assert_false (is_aborted (outside));
  test_child_stop (holder);
  close (lan);
  close (own);
  close (outside);
}

/* When the first rules come, everything that they would judge ends. */
static void
test_all_but (Fixture       *f,
              gconstpointer  user_data)
{
  g_autoptr(GArray) none = divert_prefixes_new ();
  const DivertDoomed doomed = { .to = none, .all_but = f->prefixes, .gid = GID };
  int listener = listen_at (SOCK_STREAM, "::", FALSE, FALSE), marked = open_socket (SOCK_STREAM, "198.51.100.2"),
      mark = 0x100;
  const struct sockaddr_in6 there = make_address ("198.51.100.2", PORT);
  int own = connect_to (SOCK_STREAM, "198.51.100.2"), own6 = connect_to (SOCK_DGRAM, "2001:db8::2");
  int exempt = connect_to (SOCK_STREAM, "192.168.22.2"), here = connect_to (SOCK_STREAM, "127.0.0.1");
  int accepted = accept (listener, NULL, NULL);
  g_autoptr(GError) error = NULL;
  guint n = 0;

  g_assert_no_errno (setsockopt (marked, SOL_SOCKET, SO_MARK, &mark, sizeof mark));
  g_assert_no_errno (connect (marked, (const struct sockaddr *) &there, sizeof there));
  divert_sockets_destroy (&doomed, &n, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, 2);
  g_assert_true (is_aborted (own));
  g_assert_true (is_aborted (own6));
  g_assert_false (is_aborted (marked));
  g_assert_false (is_aborted (exempt));
  g_assert_false (is_aborted (here));
  g_assert_false (is_aborted (accepted));
  close (listener);
  close (marked);
  close (own);
  close (own6);
  close (exempt);
  close (here);
  close (accepted);
}

/* It is closed with data still under way, which may be the proxy's upload. */
static void
test_orphan_is_spared (Fixture       *f,
                       gconstpointer  user_data)
{
  g_autofree char *before = NULL, *after = NULL;
  static const char data[65536];
  int fd = connect_to (SOCK_STREAM, "192.168.22.2");

  while (send (fd, data, sizeof data, MSG_DONTWAIT) > 0)
    ;
  close (fd);
  before = test_output ("ss -Htn dst 192.168.22.2");
  g_assert_cmpuint (test_count (before, "FIN-WAIT-1"), ==, 1);
  g_assert_cmpuint (destroy (f), ==, 0);
  after = test_output ("ss -Htn dst 192.168.22.2");
  g_assert_cmpuint (test_count (after, "FIN-WAIT-1"), ==, 1);
}

static void
test_many (Fixture       *f,
           gconstpointer  user_data)
{
  const struct rlimit limit = { 8192, 8192 };
  g_autoptr(GArray) sockets = g_array_new (FALSE, FALSE, sizeof (int));
  gint64 used;

  setrlimit (RLIMIT_NOFILE, &limit);
  for (guint i = 0; i < 3000; i++)
    {
      int fd = connect_to (SOCK_DGRAM, i % 3 == 0 ? "192.168.22.2" : "198.51.100.2");

      g_array_append_val (sockets, fd);
    }
  used = test_processor_time (CLOCK_THREAD_CPUTIME_ID);
  g_assert_cmpuint (destroy (f), ==, 1000);
  used = test_processor_time (CLOCK_THREAD_CPUTIME_ID) - used;
  g_test_message ("1,000 of 3,000 in %.1f ms of processor time", used / 1000.0);
  g_assert_cmpint (used, <, G_USEC_PER_SEC);
  for (guint i = 0; i < sockets->len; i++)
    close (g_array_index (sockets, int, i));
}

int
main (int   argc,
      char *argv[])
{
  test_needs_namespaces ();
  test_needs ("ip", "nsenter", NULL);
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/sockets/listener/tcp", GINT_TO_POINTER (SOCK_STREAM), test_listener);
  g_test_add_data_func ("/sockets/listener/udp", GINT_TO_POINTER (SOCK_DGRAM), test_listener);
  g_test_add_data_func ("/sockets/shared/tcp", GINT_TO_POINTER (SOCK_STREAM), test_shared);
  g_test_add_data_func ("/sockets/shared/udp", GINT_TO_POINTER (SOCK_DGRAM), test_shared);
  g_test_add ("/sockets/destroy", Fixture, NULL, set_up, test_destroy, tear_down);
  g_test_add ("/sockets/proxy-is-spared", Fixture, NULL, set_up, test_proxy_is_spared, tear_down);
  g_test_add ("/sockets/lan", Fixture, NULL, set_up, test_lan, tear_down);
  g_test_add ("/sockets/all-but", Fixture, NULL, set_up, test_all_but, tear_down);
  g_test_add ("/sockets/orphan-is-spared", Fixture, NULL, set_up, test_orphan_is_spared, tear_down);
  g_test_add ("/sockets/many", Fixture, NULL, set_up, test_many, tear_down);
  return g_test_run ();
}
