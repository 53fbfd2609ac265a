/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a stranger on the same network can plant, and what it gains him. It uses real packets and the product's rules
 * and routes as the backend installs them, and counts everything that arrives at the stranger.
 */
#include "stranger.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAS STRANGER_NAS
#define WEB STRANGER_WEB
#define FAMILIES(family) (guint family = 0; family < DIVERT_N_FAMILIES; family++)

/* A client's port, in the ephemeral range, a different one each time. */
static guint16 next_port = 40000;

static int
open_at (DivertFamily family,
         int          type,
         guint16      port,
         gboolean     bound)
{
  struct sockaddr_storage here = stranger_laptop (family, port);
  int fd = socket (here.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;

  g_assert_no_errno (fd);
  setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (!bound)
    {
      const sa_family_t domain = here.ss_family;

      memset (&here, 0, sizeof here);
      here.ss_family = domain;
      ((struct sockaddr_in *) &here)->sin_port = htons (port);
    }
  g_assert_no_errno (bind (fd, (struct sockaddr *) &here, stranger_address_size (family)));
  return fd;
}

static gboolean
wait_for (int   fd,
          short events)
{
  struct pollfd poll_fd = { .fd = fd, .events = events };

  return poll (&poll_fd, 1, 10000) == 1;
}

/* Opens a connection. When this returns, its SYN is under way or TPROXY has dropped it. */
static int
open_tcp (DivertFamily   family,
          StrangerTarget target,
          guint16        port,
          guint16        local_port)
{
  const struct sockaddr_storage to = stranger_address (family, target, port);
  int fd = open_at (family, SOCK_STREAM, local_port, FALSE);

  g_assert_true (connect (fd, (const struct sockaddr *) &to, stranger_address_size (family)) != 0);
  return fd;
}

static void
assert_proxied (int fd)
{
  char buffer[16];

  g_assert_true (wait_for (fd, POLLIN));
  g_assert_cmpint (recv (fd, buffer, sizeof buffer, 0), ==, 7);
  g_assert_cmpint (memcmp (buffer, "proxied", 7), ==, 0);
}

static void
send_to (int            fd,
         DivertFamily   family,
         StrangerTarget target,
         guint16        port)
{
  const struct sockaddr_storage to = stranger_address (family, target, port);

  /* This may be refused. */
  sendto (fd, "secret", 6, MSG_NOSIGNAL, (const struct sockaddr *) &to, stranger_address_size (family));
}

/* What a program may do next, on the ports that something was planted for. */
static void
act (int            type,
     DivertFamily   family,
     StrangerTarget target,
     guint16        port,
     guint16        local_port,
     gboolean       proxy)
{
  int fd;

  if (type == SOCK_DGRAM)
    {
      fd = open_at (family, SOCK_DGRAM, local_port, FALSE);
      send_to (fd, family, target, port);
      send_to (fd, family, target, port);
    }
  else
    {
      fd = open_tcp (family, target, port, local_port);
      if (proxy && port != 53)
        assert_proxied (fd);
    }
  close (fd);
}

/* Everything that was planted × everything that a program does then × with and without a proxy. */
static void
test_table (void)
{
  static const int types[] = { SOCK_DGRAM, SOCK_STREAM };
  static const guint16 ports[] = { 443, 53 };
  guint n = 0;

  stranger_enter ();
  stranger_lay_rules ("");
  for (guint proxy = 0; proxy < 2; proxy++)
    {
      if (proxy)
        stranger_begin_proxy ();
      for FAMILIES (family)
        for (guint target = 0; target < 2; target++)
          for (guint plant = 0; plant <= STRANGER_PLANT_ICMP; plant++)
            for (guint i = 0; i < G_N_ELEMENTS (types) * G_N_ELEMENTS (ports); i++)
              {
                const guint16 local_port = next_port++, port = ports[i / 2];
                guint seen;

                stranger_plant (plant, family, target, port, local_port);
                stranger_count (family, target);
                act (types[i % 2], family, target, port, local_port, proxy);
                seen = stranger_count (family, target);
                if (seen != 0)
                  g_test_message ("family %u target %u plant %u type %d port %u proxy %u: %u packets", family, target,
                                  plant, types[i % 2], port, proxy, seen);
                g_assert_cmpuint (seen, ==, 0);
                n++;
              }
    }
  stranger_end_proxy ();
  stranger_leave ();
  g_test_message ("%u cells", n);
}

/* TCP simultaneous open. Our SYN waits (there is no proxy). Its entry was destroyed, or was never ours. The stranger's
 * SYN then makes our kernel answer with a SYN-ACK. None of this may leave, whatever came before. */
static void
test_simultaneous_open (void)
{
  static const StrangerPlant before[] = { STRANGER_PLANT_NOTHING, STRANGER_PLANT_TCP_MD5 };
  static const StrangerPlant between[] = { STRANGER_PLANT_NOTHING, STRANGER_PLANT_TCP_RST };

  stranger_enter ();
  stranger_lay_rules ("");
  for FAMILIES (family)
    for (guint target = 0; target < 2; target++)
      for (guint i = 0; i < 8; i++)
        {
          /* This is also tried with a port that the program asked for (NFS does that), but not to the web, where such a
           * port would count. */
          const guint16 local_port = i / 4 == 1 && target == STRANGER_NAS ? 900 + next_port++ % 100 : next_port++;
          int fd;

          stranger_plant (before[i % 2], family, target, 445, local_port);
          stranger_count (family, target);
          fd = open_tcp (family, target, 445, local_port);
          stranger_plant (between[i / 2 % 2], family, target, 445, local_port);
          stranger_plant (STRANGER_PLANT_TCP_PLAIN, family, target, 445, local_port);
          stranger_plant (STRANGER_PLANT_TCP_PLAIN, family, target, 445, local_port);
          g_assert_cmpuint (stranger_count (family, target), ==, 0);
          close (fd);
          g_assert_cmpuint (stranger_count (family, target), ==, 0);
        }
  stranger_leave ();
}

/* A diverted connection's entry is forgotten (after a minute in CLOSE_WAIT; here at once), and the program sends its
 * remaining data. It goes to the proxy while that lives, and nowhere if the proxy is gone or was restarted. */
static void
test_late_data (void)
{
  stranger_enter ();
  stranger_lay_rules ("");
  for FAMILIES (family)
    for (guint target = 0; target < 2; target++)
      for (guint restart = 0; restart < 3; restart++)
        {
          const guint16 local_port = next_port++;
          int fd;

          stranger_begin_proxy ();
          fd = open_tcp (family, target, 443, local_port);
          assert_proxied (fd);
          if (restart > 0)
            stranger_end_proxy ();
          if (restart > 1)
            stranger_begin_proxy ();
          test_run ("conntrack -F 2>/dev/null");
          /* Let somebody else's entry take our ports. */
          stranger_plant (STRANGER_PLANT_TCP_MD5, family, target, 443, local_port);
          stranger_count (family, target);
          send (fd, "late", 4, MSG_NOSIGNAL);
          send (fd, "later", 5, MSG_NOSIGNAL);
          close (fd);
          g_assert_cmpuint (stranger_count (family, target), ==, 0);
          if (restart != 1)
            stranger_end_proxy ();
        }
  stranger_leave ();
}

/* The server speaks first, through the proxy, after conntrack has forgotten everything. So the entry begins with its
 * datagram. */
static void
test_server_speaks (void)
{
  stranger_enter ();
  stranger_lay_rules ("");
  stranger_begin_proxy ();
  for FAMILIES (family)
    for (guint target = 0; target < 2; target++)
      {
        const guint16 local_port = next_port++;
        int fd = open_at (family, SOCK_DGRAM, local_port, FALSE);
        char buffer[8];

        send_to (fd, family, target, 443);
        test_run ("conntrack -F 2>/dev/null");
        stranger_proxy_speaks (family, target, 443, local_port);
        g_assert_true (wait_for (fd, POLLIN));
        g_assert_cmpint (recv (fd, buffer, sizeof buffer, 0), ==, 4);
        for (guint i = 0; i < 10; i++)
          send_to (fd, family, target, 443);
        g_assert_cmpuint (stranger_count (family, target), ==, 0);
        close (fd);
      }
  stranger_end_proxy ();
  stranger_leave ();
}

static void
test_untracked (void)
{
  stranger_enter ();
  stranger_lay_rules ("");
  test_run ("for i in iptables-legacy ip6tables-legacy; do $i -t raw -A OUTPUT -j NOTRACK; done");
  for FAMILIES (family)
    for (guint target = 0; target < 2; target++)
      {
        act (SOCK_DGRAM, family, target, 443, next_port++, FALSE);
        act (SOCK_STREAM, family, target, 443, next_port++, FALSE);
        g_assert_cmpuint (stranger_count (family, target), ==, 0);
      }
  stranger_leave ();
}

/* Empties the chains that judge. */
static void
empty_output (const char *backend)
{
  if (g_str_equal (backend, "nftables"))
    test_run ("nft flush chain inet nm-divert output");
  else
    test_run ("for i in iptables-legacy ip6tables-legacy; do $i -t mangle -F OUTPUT; done");
}

/* The guard alone. */
static void
test_emptied (gconstpointer backend)
{
  stranger_enter ();
  stranger_lay_rules ("");
  empty_output (backend);
  for FAMILIES (family)
    {
      act (SOCK_DGRAM, family, NAS, 443, next_port++, FALSE);
      act (SOCK_STREAM, family, NAS, 443, next_port++, FALSE);
      g_assert_cmpuint (stranger_count (family, NAS), ==, 0);
      act (SOCK_DGRAM, family, WEB, 443, next_port++, FALSE);
      g_assert_cmpuint (stranger_count (family, WEB), ==, 2);
    }
  stranger_leave ();
}

/* @text may be a group's or a broadcast address. */
static void
send_group (DivertFamily  family,
            const char   *text,
            guint16       port)
{
  const struct sockaddr_storage to = stranger_address_from_text (text, port);
  int fd = socket (to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const int on = 1;

  g_assert_no_errno (setsockopt (fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on));
  sendto (fd, "hello", 5, 0, (const struct sockaddr *) &to, stranger_address_size (family));
  close (fd);
}

static void
test_groups (void)
{
  stranger_enter ();
  stranger_lay_rules ("");
  send_group (DIVERT_FAMILY_IPV6, "ff05::c", 1900);
  g_assert_cmpuint (stranger_count_to (DIVERT_FAMILY_IPV6, "ff05::c"), ==, 1);
  send_group (DIVERT_FAMILY_IPV4, "239.255.255.250", 1900);
  g_assert_cmpuint (stranger_count_to (DIVERT_FAMILY_IPV4, "239.255.255.250"), ==, 1);

  /* DHCP gives us a subnet in which an intranet's address is the broadcast address. */
  test_run ("ip -4 addr flush dev wlan0; ip addr add 192.168.22.9/30 brd + dev wlan0; ip route add default dev wlan0");
  send_group (DIVERT_FAMILY_IPV4, "192.168.22.11", 443);
  g_assert_cmpuint (stranger_count_to (DIVERT_FAMILY_IPV4, "192.168.22.11"), ==, 0);
  stranger_leave ();
}

/* No proxy carries these protocols. The setting about other protocols only applies to ICMP. */
static void
test_other_protocols (void)
{
  static const char *const keys[] = { "", "intranet-other=allow" };

  for (guint allow = 0; allow < 2; allow++)
    {
      stranger_enter ();
      stranger_lay_rules (keys[allow]);
      for FAMILIES (family)
        {
          const struct sockaddr_storage to = stranger_address (family, NAS, 9);
          int fd = socket (to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDPLITE);

          g_assert_no_errno (fd);
          g_assert_cmpint (sendto (fd, "secret", 6, 0, (const struct sockaddr *) &to, stranger_address_size (family)),
                           <, 0);
          g_assert_cmpint (errno, ==, EPERM);
          g_assert_cmpuint (stranger_count (family, NAS), ==, 0);
          close (fd);
          test_run ("ping -q -c 1 -W 5 %s >/dev/null%s", family == DIVERT_FAMILY_IPV6 ? "fd00:22::2" : "192.168.22.2",
                    allow ? "" : " 2>&1 && exit 1 || true");
          g_assert_cmpint (stranger_count (family, NAS) > 0, ==, allow);
        }
      stranger_leave ();
    }
}

/* A program here serves on @local_port, and the stranger writes to it. Does the answer reach the network? */
static guint
answer (DivertFamily   family,
        StrangerTarget target,
        guint16        local_port)
{
  int fd = open_at (family, SOCK_DGRAM, local_port, FALSE);
  guint seen;

  stranger_plant (STRANGER_PLANT_UDP, family, target, 5000, local_port);
  stranger_count (family, target);
  g_assert_true (wait_for (fd, POLLIN));
  send_to (fd, family, target, 5000);
  seen = stranger_count (family, target);
  close (fd);
  return seen;
}

static void
test_serve_udp (void)
{
  stranger_enter ();
  stranger_lay_rules ("serve=51820");
  for FAMILIES (family)
    {
      g_assert_cmpuint (answer (family, WEB, 700), ==, 1);
      g_assert_cmpuint (answer (family, WEB, 61000), ==, 1);
      g_assert_cmpuint (answer (family, WEB, 51820), ==, 1);
      g_assert_cmpuint (answer (family, WEB, 51821), ==, 0);
      g_assert_cmpuint (answer (family, NAS, 700), ==, 0);
      g_assert_cmpuint (answer (family, NAS, 51820), ==, 0);
    }
  stranger_leave ();
}

/* Does the stranger, who connects from @target's address, get our data? */
static gboolean
is_served (DivertFamily   family,
           StrangerTarget target,
           guint16        local_port,
           gboolean       bound)
{
  const struct sockaddr_storage from = stranger_address (family, target, 0), to = stranger_laptop (family, local_port);
  int listener = open_at (family, SOCK_STREAM, local_port, bound);
  int theirs = stranger_socket (from.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0), ours;
  gboolean served = FALSE;
  char buffer[8];

  g_assert_no_errno (listen (listener, 8));
  g_assert_no_errno (bind (theirs, (const struct sockaddr *) &from, stranger_address_size (family)));
  connect (theirs, (const struct sockaddr *) &to, stranger_address_size (family));
  /* When this is over, the laptop has handled the packet, whatever it did with it. */
  stranger_plant (STRANGER_PLANT_NOTHING, family, WEB, 0, 0);
  stranger_count (family, WEB);
  ours = accept (listener, NULL, NULL);
  if (ours >= 0)
    {
      g_assert_cmpint (send (ours, "hello", 5, 0), ==, 5);
      served = wait_for (theirs, POLLIN) && recv (theirs, buffer, sizeof buffer, 0) == 5;
      close (ours);
    }
  close (listener);
  close (theirs);
  return served;
}

static void
test_serve_tcp (void)
{
  stranger_enter ();
  stranger_lay_rules ("");
  for FAMILIES (family)
    {
      g_assert_true (is_served (family, WEB, 22, FALSE));
      g_assert_true (is_served (family, WEB, next_port++, FALSE));
      g_assert_true (is_served (family, WEB, 23, TRUE));
      g_assert_true (is_served (family, NAS, 24, FALSE));
      /* For these ports nobody can tell that it isn't a client's port. */
      g_assert_false (is_served (family, WEB, next_port++, TRUE));
      g_assert_false (is_served (family, NAS, 25, TRUE));
    }
  stranger_leave ();
}

int
main (int    argc,
      char **argv)
{
  test_needs_namespaces ();
  test_needs ("ip", "nsenter", "conntrack", "ping", "nft", "iptables-legacy", "ip6tables-legacy", NULL);
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  stranger_set_backend (argv[1]);
  g_test_add_func ("/stranger/table", test_table);
  g_test_add_func ("/stranger/simultaneous-open", test_simultaneous_open);
  g_test_add_func ("/stranger/late-data", test_late_data);
  g_test_add_func ("/stranger/server-speaks", test_server_speaks);
  g_test_add_func ("/stranger/untracked", test_untracked);
  g_test_add_data_func ("/stranger/emptied", argv[1], test_emptied);
  g_test_add_func ("/stranger/groups", test_groups);
  g_test_add_func ("/stranger/other-protocols", test_other_protocols);
  g_test_add_func ("/stranger/serve/udp", test_serve_udp);
  g_test_add_func ("/stranger/serve/tcp", test_serve_tcp);
  return g_test_run ();
}
