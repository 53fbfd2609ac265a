/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Real packets through the nftables backend's rules: a proxy that listens gets them, beside firewalld's look at the
 * reverse path, too; one that does not is refused at once, and no service of this machine answers in its place.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../unit/expansion.h"
#include "namespace.h"
#include "system/filter/nftables/nftables.h"

#define PROXY_PORT 22223
#define WEB_PORT 80

static const int domains[DIVERT_N_FAMILIES] = { [DIVERT_FAMILY_IPV4] = AF_INET, [DIVERT_FAMILY_IPV6] = AF_INET6 };
static const char *const webs[DIVERT_N_FAMILIES] = {
  [DIVERT_FAMILY_IPV4] = "1.2.3.4",
  [DIVERT_FAMILY_IPV6] = "2001:db8::9",
};

typedef union
{
  struct sockaddr     any;
  struct sockaddr_in  ipv4;
  struct sockaddr_in6 ipv6;
} Address;

static socklen_t
make_address (DivertFamily  family,
              const char   *text,
              guint16       port,
              Address      *ret_address)
{
  *ret_address = (Address) { .any.sa_family = domains[family] };
  if (family == DIVERT_FAMILY_IPV4)
    {
      ret_address->ipv4.sin_port = g_htons (port);
      g_assert_cmpint (inet_pton (AF_INET, text, &ret_address->ipv4.sin_addr), ==, 1);
      return sizeof ret_address->ipv4;
    }
  ret_address->ipv6.sin6_port = g_htons (port);
  g_assert_cmpint (inet_pton (AF_INET6, text, &ret_address->ipv6.sin6_addr), ==, 1);
  return sizeof ret_address->ipv6;
}

/* A listener, or a socket that gets datagrams. */
static int
serve (DivertFamily  family,
       int           type,
       const char   *address,
       guint16       port,
       gboolean      is_transparent)
{
  const int fd = socket (domains[family], type | SOCK_CLOEXEC, 0), on = 1;
  const struct timeval patience = { .tv_usec = 300000 };
  Address own;
  const socklen_t length = make_address (family, address, port, &own);

  setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  g_assert_cmpint (setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), ==, 0);
  if (is_transparent)
    g_assert_cmpint (setsockopt (fd, family == DIVERT_FAMILY_IPV6 ? SOL_IPV6 : SOL_IP,
                                 family == DIVERT_FAMILY_IPV6 ? IPV6_TRANSPARENT : IP_TRANSPARENT, &on, sizeof on),
                     ==, 0);
  g_assert_cmpint (bind (fd, &own.any, length), ==, 0);
  if (type == SOCK_STREAM)
    g_assert_cmpint (listen (fd, 1), ==, 0);
  return fd;
}

/* A socket that sends to the web. */
static int
open_client (DivertFamily family,
             int          type,
             const char  *device)
{
  const int fd = socket (domains[family], type | SOCK_CLOEXEC, 0);
  const struct timeval patience = { .tv_usec = 300000 };

  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (device != NULL)
    g_assert_cmpint (setsockopt (fd, SOL_SOCKET, SO_BINDTODEVICE, device, strlen (device)), ==, 0);
  return fd;
}

/* Sends @length bytes if it is a datagram; returns the error, or 0.  @ret_ms: how long that took. */
static int
ask_with (int          fd,
          DivertFamily family,
          int          type,
          gsize        length,
          gint64      *ret_ms)
{
  const gint64 start = g_get_monotonic_time ();
  g_autofree char *bytes = g_malloc0 (length + 1);
  Address web;
  const socklen_t address_length = make_address (family, webs[family], WEB_PORT, &web);
  int code = 0;

  if (connect (fd, &web.any, address_length) != 0)
    code = errno;
  else if (type == SOCK_DGRAM && (send (fd, bytes, length, 0) != (gssize) length || recv (fd, bytes, 1, 0) != 1))
    code = errno;
  *ret_ms = (g_get_monotonic_time () - start) / 1000;
  close (fd);
  return code;
}

static int
ask (DivertFamily family,
     int          type,
     gint64      *ret_ms)
{
  return ask_with (open_client (family, type, NULL), family, type, 1, ret_ms);
}

static DivertBackend *backend;

static void
set_up (void)
{
  g_autoptr(DivertRuleset) ruleset = expansion_make_ruleset (0, DIVERT_MODE_AWAY);
  g_autoptr(GError) error = NULL;
  DivertApplied applied = { 0, 0, FALSE };

  test_namespace_enter ();
  test_run ("ip link add eth0 type veth peer name far && ip link set far up && ip link set eth0 up && "
            "ip address add 10.66.0.5/24 dev eth0 && ip address add 2001:db8:1::5/64 dev eth0 nodad && "
            "ip route add default via 10.66.0.1 && ip -6 route add default via 2001:db8:1::1");
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      g_autofree char *commands = divert_routing_to_text (&ruleset->routing, family);

      test_run ("echo '%s' | sed 's/^# //' | sh", commands);
    }
  divert_backend_free (backend);
  backend = divert_backend_nftables_new ();
  backend->klass->apply (backend, ruleset, &applied, &error);
  g_assert_no_error (error);
}

static void
assert_delivered (DivertFamily family)
{
  static const char *const loopbacks[DIVERT_N_FAMILIES] = { "127.0.0.1", "::1" };
  const int tcp = serve (family, SOCK_STREAM, loopbacks[family], PROXY_PORT, TRUE);
  const int udp = serve (family, SOCK_DGRAM, loopbacks[family], PROXY_PORT, TRUE);
  gint64 ms;
  char byte;

  g_assert_cmpint (ask (family, SOCK_STREAM, &ms), ==, 0);
  ask (family, SOCK_DGRAM, &ms);
  g_assert_cmpint (recv (udp, &byte, 1, 0), ==, 1);
  close (tcp);
  close (udp);
}

static void
test_proxy (void)
{
  set_up ();
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    assert_delivered (family);
}

/* As firewalld writes it, in its places of now and before. */
static void
test_reverse_path (void)
{
  static const int priorities[] = { -140, 10 };
  g_autofree char *list = NULL;

  set_up ();
  for (guint i = 0; i < G_N_ELEMENTS (priorities); i++)
    test_run ("nft 'table inet firewalld%u { chain c { type filter hook prerouting priority %d; "
              "meta nfproto ipv6 fib saddr . mark . iif oif missing counter drop; }; }'", i, priorities[i]);
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    assert_delivered (family);
  list = test_output ("nft list ruleset");
  g_assert_cmpuint (test_count (list, "counter packets 0 bytes 0 drop"), >=, G_N_ELEMENTS (priorities));
}

/* K3.5 is of iptables. */
static void
test_refused (void)
{
  static const int types[] = { SOCK_STREAM, SOCK_DGRAM };

  set_up ();
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    for (guint i = 0; i < G_N_ELEMENTS (types); i++)
      {
        gint64 best = G_MAXINT64;

        /* The tries differ by what else the machine does. */
        for (guint tries = 0; tries < 10 && best >= 100; tries++)
          {
            gint64 ms;

            g_assert_cmpint (ask (family, types[i], &ms), ==, ECONNREFUSED);
            best = MIN (best, ms);
          }
        g_assert_cmpint (best, <, 100);
      }
}

/* Datagrams of any size: the largest ones leave in pieces.  In and out again, the errors meet a firewall that drops
 * what belongs to no connection. */
static void
test_refused_datagrams (void)
{
  static const gsize lengths[] = { 0, 1, 1472, 1473, 9000, 60000 };
  g_autofree char *list = NULL;
  gint64 ms;

  set_up ();
  test_run ("nft 'table inet firewall { chain c { type filter hook input priority filter; "
            "ct state invalid counter drop; ct state related counter accept; }; }'");
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    g_assert_cmpint (ask_with (open_client (DIVERT_FAMILY_IPV4, SOCK_DGRAM, NULL), DIVERT_FAMILY_IPV4, SOCK_DGRAM,
                               lengths[i], &ms), ==, ECONNREFUSED);
  list = test_output ("nft list table inet firewall");
  g_assert_nonnull (strstr (list, "invalid counter packets 0 bytes 0 drop"));
  g_assert_null (strstr (list, "related counter packets 0"));
}

/* A socket without a peer hears of it if it asks, and of which datagram it was. */
static void
test_refused_quote (void)
{
  const int on = 1;
  int fd;
  Address web, whose;
  const socklen_t length = make_address (DIVERT_FAMILY_IPV4, webs[DIVERT_FAMILY_IPV4], WEB_PORT, &web);
  char bytes[16] = "question", control[512];
  struct iovec vector = { bytes, sizeof bytes };
  struct msghdr message = { .msg_name = &whose, .msg_namelen = sizeof whose, .msg_iov = &vector, .msg_iovlen = 1,
                            .msg_control = control, .msg_controllen = sizeof control };
  struct pollfd poller = { .events = 0 };

  set_up ();
  fd = poller.fd = open_client (DIVERT_FAMILY_IPV4, SOCK_DGRAM, NULL);
  g_assert_cmpint (setsockopt (fd, SOL_IP, IP_RECVERR, &on, sizeof on), ==, 0);
  g_assert_cmpint (sendto (fd, bytes, 8, 0, &web.any, length), ==, 8);
  g_assert_cmpint (poll (&poller, 1, 10000), ==, 1);
  memset (bytes, 0, sizeof bytes);
  g_assert_cmpint (recvmsg (fd, &message, MSG_ERRQUEUE), ==, 8);
  g_assert_cmpstr (bytes, ==, "question");
  g_assert_cmpmem (&whose.ipv4.sin_addr, sizeof whose.ipv4.sin_addr, &web.ipv4.sin_addr, sizeof web.ipv4.sin_addr);
  g_assert_cmpint (whose.ipv4.sin_port, ==, web.ipv4.sin_port);
  close (fd);
}

static int
open_at (guint16 port)
{
  const int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  Address here;
  const socklen_t length = make_address (DIVERT_FAMILY_IPV4, "0.0.0.0", port, &here);

  g_assert_no_errno (bind (fd, &here.any, length));
  return fd;
}

/* Behind four bytes of options, the refusal would seem to be about another socket: the one with the local port
 * 0x6476 ('d' 'v') whose peer ends with the sender's port, 3 and 4. */
static void
test_refused_with_options (void)
{
  static const guint8 options[] = { 1, 1, 1, 0 };
  Address web;
  const socklen_t length = make_address (DIVERT_FAMILY_IPV4, webs[DIVERT_FAMILY_IPV4], WEB_PORT, &web);
  int victim, sender, error = -1;
  socklen_t size = sizeof error;
  gint64 ms;

  set_up ();
  victim = open_at (0x6476);
  g_assert_no_errno (connect (victim, &web.any, length));
  sender = open_at (0x0304);
  g_assert_no_errno (setsockopt (sender, SOL_IP, IP_OPTIONS, options, sizeof options));
  g_assert_cmpint (sendto (sender, "x", 1, 0, &web.any, length), ==, 1);
  /* What came before this one has had its answer. */
  g_assert_cmpint (ask (DIVERT_FAMILY_IPV4, SOCK_DGRAM, &ms), ==, ECONNREFUSED);
  g_assert_no_errno (getsockopt (victim, SOL_SOCKET, SO_ERROR, &error, &size));
  g_assert_cmpint (error, ==, 0);
  close (victim);
  close (sender);
}

/* A program of this machine listens on all addresses, at the very port of the web. */
static void
test_no_stand_in (void)
{
  set_up ();
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      static const char *const all[DIVERT_N_FAMILIES] = { "0.0.0.0", "::" };
      const int tcp = serve (family, SOCK_STREAM, all[family], WEB_PORT, FALSE);
      const int udp = serve (family, SOCK_DGRAM, all[family], WEB_PORT, FALSE);
      gint64 ms;
      char byte;

      g_assert_cmpint (ask (family, SOCK_STREAM, &ms), ==, ECONNREFUSED);
      ask (family, SOCK_DGRAM, &ms);
      g_assert_cmpint (recv (udp, &byte, 1, MSG_DONTWAIT), ==, -1);
      close (tcp);
      close (udp);
    }
}

int
main (int    argc,
      char **argv)
{
  int status;

  test_needs ("nft", "ip", NULL);
  test_needs_namespaces ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nftables/packets/proxy", test_proxy);
  g_test_add_func ("/nftables/packets/reverse-path", test_reverse_path);
  g_test_add_func ("/nftables/packets/refused", test_refused);
  g_test_add_func ("/nftables/packets/refused-datagrams", test_refused_datagrams);
  g_test_add_func ("/nftables/packets/refused-quote", test_refused_quote);
  g_test_add_func ("/nftables/packets/refused-with-options", test_refused_with_options);
  g_test_add_func ("/nftables/packets/no-stand-in", test_no_stand_in);
  status = g_test_run ();
  divert_backend_free (backend);
  return status;
}
