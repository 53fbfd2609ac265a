/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The routing fence in a real kernel, read back with ip(8) and tried with packets. Each case runs for both families.
 */
#include "fence-check.h"
#include "namespace.h"
#include "system/netlink/netlink.h"
#include "system/routing/fence.h"
#include "system/routing/routing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PASS_MARK 0x8

typedef struct
{
  DivertFences *fences;
  DivertFence  *closed;  /* the site's intranet, not granted */
  DivertFence  *open;    /* granted */
  DivertFence  *none;
  DivertFamily  family;
  const char   *ip;       /* the ip command for this family */
  const char   *iptables;
  const char   *intranet;
  const char   *nas;      /* a host in it, reached through the uplink */
} Fixture;

static void
add (GArray     *prefixes,
     const char *text)
{
  DivertPrefix prefix;
  g_autoptr(GError) error = NULL;

  divert_prefix_parse (text, &prefix, &error);
  g_assert_no_error (error);
  divert_prefixes_add (prefixes, &prefix);
}

static DivertFence *
make_fence (Fixture    *f,
            const char *panel,
            const char *gate)
{
  DivertFence *fence = divert_fence_new_empty ();

  fence->families = 1 << f->family;
  fence->table = 2234;
  fence->mark = PASS_MARK;
  fence->mask = 0xff;
  add (fence->panels, panel);
  if (gate != NULL)
    add (fence->gates, gate);
  return fence;
}

static void
set_up (Fixture       *f,
        gconstpointer  user_data)
{
  g_autoptr(GError) error = NULL;

  test_namespace_enter ();
  f->family = GPOINTER_TO_UINT (user_data);
  f->ip = f->family == DIVERT_FAMILY_IPV6 ? "ip -6" : "ip -4";
  f->iptables = f->family == DIVERT_FAMILY_IPV6 ? "ip6tables-legacy" : "iptables-legacy";
  f->intranet = f->family == DIVERT_FAMILY_IPV6 ? "fd00:22::/64" : "192.168.22.0/24";
  f->nas = f->family == DIVERT_FAMILY_IPV6 ? "fd00:22::99" : "192.168.22.99";
  f->closed = make_fence (f, f->intranet, NULL);
  f->open = make_fence (f, f->intranet, f->intranet);
  f->none = divert_fence_new_empty ();
  /* The NAS need not exist. It is enough that packets for it leave. */
  test_run ("ip link add up0 type veth peer name far0; ip link set up0 addrgenmode none; "
            "ip link set far0 addrgenmode none; ip link set far0 up; ip link set up0 up;"
            "%s addr add %s dev up0 %s; %s neigh add %s lladdr 02:00:00:00:00:99 dev up0", f->ip,
            f->family == DIVERT_FAMILY_IPV6 ? "fd00:22::33/64" : "192.168.22.33/24",
            f->family == DIVERT_FAMILY_IPV6 ? "nodad" : "", f->ip, f->nas);
  /* IPv6 gives an address its route when it gets round to it. */
  test_run ("timeout 10 sh -c 'until %s route show table local | grep -q \"local .*dev up0\"; do sleep 0.01; done'",
            f->ip);
  test_run ("%s -t mangle -A POSTROUTING -o up0 -p udp --dport 9", f->iptables);
  f->fences = divert_fences_new (&error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture       *f,
           gconstpointer  user_data)
{
  divert_fences_free (f->fences);
  divert_fence_free (f->closed);
  divert_fence_free (f->open);
  divert_fence_free (f->none);
}

typedef gboolean (*Write) (DivertFences *, const DivertFence *, gboolean *, GError **);

/* Returns whether it wrote anything. */
static gboolean
write_fence (Fixture           *f,
             Write              write,
             const DivertFence *fence)
{
  g_autoptr(GError) error = NULL;
  gboolean wrote = FALSE;

  write (f->fences, fence, &wrote, &error);
  g_assert_no_error (error);
  return wrote;
}

/* Like a run. */
static gboolean
apply (Fixture           *f,
       const DivertFence *fence)
{
  const gboolean closed = write_fence (f, divert_fences_close, fence);

  return write_fence (f, divert_fences_open, fence) || closed;
}

static char *
read_all (void)
{
    return test_output ("ip -4 rule; ip -6 rule; ip -4 route show table all; "
                        "ip -6 route show table all | grep -v ^multicast;"
                      "ip -o link | cut -d: -f2");
}

static void
assert_stands (const DivertFence *fence)
{
  g_autoptr(GError) error = NULL;

  check_fence (fence, &error);
  g_assert_no_error (error);
}

static void
assert_lacks (const DivertFence *fence,
              const char        *what)
{
  g_autoptr(GError) error = NULL;

  g_assert_false (check_fence (fence, &error));
  g_assert_nonnull (strstr (error->message, what));
}

/* A datagram socket that has a cached route to the NAS. */
static int
open_socket (Fixture *f,
             guint    mark,
             int     *ret_error)
{
  struct sockaddr_storage to = { 0 };
  const int family = divert_netlink_family (f->family), sock = socket (family, SOCK_DGRAM, 0);

  g_assert_no_errno (sock);
  g_assert_no_errno (setsockopt (sock, SOL_SOCKET, SO_MARK, &mark, sizeof mark));
  to.ss_family = family;
  if (family == AF_INET6)
    {
      struct sockaddr_in6 *in6 = (struct sockaddr_in6 *) &to;

      in6->sin6_port = htons (9);
      g_assert_cmpint (inet_pton (family, f->nas, &in6->sin6_addr), ==, 1);
    }
  else
    {
      struct sockaddr_in *in = (struct sockaddr_in *) &to;

      in->sin_port = htons (9);
      g_assert_cmpint (inet_pton (family, f->nas, &in->sin_addr), ==, 1);
    }
  *ret_error = connect (sock, (struct sockaddr *) &to, sizeof to) == 0 ? 0 : errno;
  return sock;
}

static int
connect_nas (Fixture *f,
             guint    mark)
{
  int error, sock = open_socket (f, mark, &error);

  g_assert_cmpint (error, ==, 0);
  return sock;
}

static int
connect_error (Fixture *f)
{
  int error;

  close (open_socket (f, 0, &error));
  return error;
}

static guint
count_sent (Fixture *f)
{
  g_autofree char *packets = test_output ("%s -t mangle -nvxL POSTROUTING | awk '/dpt:9/ { print $1 }'", f->iptables);

  return g_ascii_strtoull (packets, NULL, 10);
}

/* How many of three datagrams leave through the uplink? */
static guint
send_three (Fixture *f,
            int      sock)
{
  const guint before = count_sent (f);

  for (guint i = 0; i < 3; i++)
    g_assert_no_errno (send (sock, "x", 1, 0));
  return count_sent (f) - before;
}

static guint
try_new (Fixture *f,
         guint    mark)
{
  int sock = connect_nas (f, mark);
  guint n = send_three (f, sock);

  close (sock);
  return n;
}

static void
test_lay_and_remove (Fixture       *f,
                     gconstpointer  user_data)
{
  g_autofree char *before = read_all (), *laid = NULL, *device = NULL, *after = NULL;

  g_assert_true (apply (f, f->closed));
  g_assert_false (apply (f, f->closed));
  assert_stands (f->closed);
  laid = read_all ();
  g_assert_cmpuint (test_count (laid, "101:\tnot from all fwmark 0x8/0xff lookup 2234 proto 233"), ==, 1);
  g_assert_cmpuint (test_count (laid, "dev nm-divert-fence"), ==, 1);
  device = test_output ("ip -6 route show table local dev nm-divert-fence; ip -o addr show dev nm-divert-fence; "
                        "ip -o link show dev nm-divert-fence");
  g_assert_null (strstr (device, " scope "));
  g_assert_null (strstr (device, "multicast ff00::/8"));
  g_assert_nonnull (strstr (device, ",UP,LOWER_UP"));

  g_assert_true (apply (f, f->none));
  g_assert_false (apply (f, f->none));
  after = read_all ();
  g_assert_cmpstr (before, ==, after);
}

/* The sockets are older than the change, so they have an old route. */
static void
test_packets (Fixture       *f,
              gconstpointer  user_data)
{
  int plain = connect_nas (f, 0), judged = connect_nas (f, PASS_MARK), foreign = connect_nas (f, 0xca00);

  g_assert_cmpuint (send_three (f, plain), ==, 3);
  apply (f, f->closed);
  g_assert_cmpuint (send_three (f, plain), ==, 0);
  g_assert_cmpuint (send_three (f, foreign), ==, 0);
  g_assert_cmpuint (send_three (f, judged), ==, 3);
  g_assert_cmpuint (try_new (f, 0), ==, 0);

  apply (f, f->open);
  g_assert_cmpuint (send_three (f, plain), ==, 3);
  g_assert_cmpuint (try_new (f, 0), ==, 3);
  /* Closing alone holds the packets. */
  g_assert_true (write_fence (f, divert_fences_close, f->closed));
  g_assert_cmpuint (send_three (f, plain), ==, 0);
  g_assert_cmpuint (try_new (f, 0), ==, 0);
  g_assert_false (write_fence (f, divert_fences_close, f->closed));

  apply (f, f->open);
  g_assert_cmpuint (send_three (f, plain), ==, 3);
  apply (f, f->none);
  g_assert_cmpuint (send_three (f, plain), ==, 3);
  close (plain);
  close (judged);
  close (foreign);
}

/* Withdrawing a grant needs to know nothing but our protocol number. */
static void
test_withdraw (Fixture       *f,
               gconstpointer  user_data)
{
  g_autoptr(DivertFences) other = NULL;
  g_autofree char *closed = NULL, *after = NULL;
  int plain = connect_nas (f, 0);
  g_autoptr(GError) error = NULL;

  apply (f, f->closed);
  closed = read_all ();
  apply (f, f->open);
  g_assert_cmpuint (send_three (f, plain), ==, 3);
  other = divert_fences_new (&error);
  g_assert_true (divert_fences_withdraw (other, &error));
  g_assert_cmpuint (send_three (f, plain), ==, 0);
  assert_stands (f->closed);
  after = read_all ();
  g_assert_cmpstr (closed, ==, after);
  g_assert_true (divert_fences_withdraw (other, &error));
  close (plain);
}

/* A granted network within a larger intranet opens only itself. */
static void
test_nested (Fixture       *f,
             gconstpointer  user_data)
{
  const gboolean ipv6 = f->family == DIVERT_FAMILY_IPV6;
  g_autoptr(DivertFence) part = make_fence (f, ipv6 ? "fd00::/16" : "192.168.0.0/16", f->intranet);
  const char *elsewhere = ipv6 ? "fd00:23::1" : "192.168.23.1";
  g_autofree char *way = NULL, *held = NULL;

  test_run ("%s route add default dev up0", f->ip);
  apply (f, part);
  assert_stands (part);
  way = test_output ("%s route get %s", f->ip, f->nas);
  held = test_output ("%s route get %s", f->ip, elsewhere);
  g_assert_nonnull (strstr (way, "dev up0"));
  g_assert_nonnull (strstr (held, "dev nm-divert-fence"));
}

/* Without a network, a program gets an error at once. When a network comes, the filter gets the packets again. */
static void
test_refuses (Fixture       *f,
              gconstpointer  user_data)
{
  g_autofree char *laid = NULL;

  test_run ("%s addr flush dev up0; %s route flush dev up0", f->ip, f->ip);
  g_assert_cmpint (connect_error (f), ==, ENETUNREACH);
  g_assert_true (apply (f, f->closed));
  g_assert_false (apply (f, f->closed));
  assert_stands (f->closed);
  g_assert_cmpint (connect_error (f), ==, EHOSTUNREACH);

  test_run ("%s addr add %s dev up0 %s", f->ip, f->family == DIVERT_FAMILY_IPV6 ? "fd00:22::33/64" : "192.168.22.33/24",
            f->family == DIVERT_FAMILY_IPV6 ? "nodad" : "");
  /* Until the next run it refuses, and lets nothing through. */
  g_assert_cmpint (connect_error (f), ==, EHOSTUNREACH);
  g_assert_true (apply (f, f->closed));
  g_assert_false (apply (f, f->closed));
  g_assert_cmpint (connect_error (f), ==, 0);
  g_assert_cmpuint (try_new (f, 0), ==, 0);
  laid = read_all ();
  g_assert_null (strstr (laid, "unreachable"));
}

/* A missing part is found and restored, and the packets are held again. */
static void
test_found_again (Fixture       *f,
                  gconstpointer  user_data)
{
  static const struct
  {
    const char *command; /* %s: ip */
    const char *lacks;
  } losses[] = {
    { "%s rule flush; %s rule add pref 32766 lookup main", "ip rule" },
    { "%s route flush table 2234; %s route show", "/" },
    { "ip link del nm-divert-fence; %s rule >/dev/null; %s rule >/dev/null", "/" },
    { "ip link set nm-divert-fence down; %s rule >/dev/null; %s rule >/dev/null", "/" },
  };
  int plain;

  apply (f, f->closed);
  plain = connect_nas (f, 0);
  for (guint i = 0; i < G_N_ELEMENTS (losses); i++)
    {
      g_autoptr(GString) command = g_string_new (losses[i].command);

      g_string_replace (command, "%s", f->ip, 0);
      test_run ("%s", command->str);
      assert_lacks (f->closed, losses[i].lacks);
      g_assert_cmpuint (send_three (f, plain), ==, 3);
      g_assert_true (apply (f, f->closed));
      g_assert_false (apply (f, f->closed));
      assert_stands (f->closed);
      g_assert_cmpuint (send_three (f, plain), ==, 0);
    }
  close (plain);
}

/* What is missing although we left it is drift, and nothing else is. */
static void
test_drift (Fixture       *f,
            gconstpointer  user_data)
{
  const DivertParts ours = divert_part_of (DIVERT_PART_FENCE_IPV4, f->family);
  const struct
  {
    const char *command;
    DivertParts parts;
  } cases[] = {
    { "$ip rule del pref 101", ours },
    { "$ip route flush table 2234", ours },
    { "$ip route del throw $intranet table 2234", ours },
    { "$ip route del $intranet dev " DIVERT_FENCE_DEVICE " table 2234", ours },
    { "ip link del " DIVERT_FENCE_DEVICE, 1 << DIVERT_PART_FENCE_DEVICE },
    { "ip link set " DIVERT_FENCE_DEVICE " down", 1 << DIVERT_PART_FENCE_DEVICE },
  };

  apply (f, f->open);
  g_assert_cmpuint (divert_fences_take_drift (f->fences), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].command);
      test_run ("ip='%s'; intranet='%s'; %s", f->ip, f->intranet, cases[i].command);
      g_assert_true (apply (f, f->open));
      g_assert_cmpuint (divert_fences_take_drift (f->fences), ==, cases[i].parts);
      g_assert_false (apply (f, f->open));
      g_assert_cmpuint (divert_fences_take_drift (f->fences), ==, 0);
    }

  /* Our own changes. */
  g_assert_true (apply (f, f->closed));
  g_assert_true (apply (f, f->open));
  g_assert_true (apply (f, f->none));
  g_assert_true (apply (f, f->closed));
  g_assert_cmpuint (divert_fences_take_drift (f->fences), ==, 0);
}

static void
test_foreign_survives (Fixture       *f,
                       gconstpointer  user_data)
{
  const char *net = f->family == DIVERT_FAMILY_IPV6 ? "2001:db8:5::/64" : "198.51.100.0/24";
  g_autofree char *before = NULL, *after = NULL;

  test_run ("%s rule add pref 50 fwmark 0x8/0xff lookup 2234;"
            "%s rule add pref 101 not fwmark 0x8/0xff lookup 7 protocol 44;"
            "%s route add %s dev up0 table 2234;"
            "%s route add throw default table 2234 metric 1 proto 44",
            f->ip, f->ip, f->ip, net, f->ip);
  before = read_all ();
  g_assert_true (apply (f, f->open));
  g_assert_false (apply (f, f->open));
  assert_stands (f->open);
  g_assert_true (apply (f, f->none));
  after = read_all ();
  g_assert_cmpstr (before, ==, after);
}

/* The mark's rule and routes have our protocol number too. */
static void
test_beside_routing (Fixture       *f,
                     gconstpointer  user_data)
{
  char *no_uplinks[] = { NULL };
  const DivertRouting routing = { DIVERT_FAMILIES_BOTH, 0x17, 0xff, 2233, no_uplinks }, nothing = { 0 };
  g_autoptr(DivertRoutes) routes = divert_routes_new (NULL);
  g_autofree char *fence = NULL, *after = NULL;

  apply (f, f->open);
  fence = read_all ();
  divert_routes_apply (routes, &routing, f->family, NULL, NULL);
  g_assert_false (apply (f, f->open));
  assert_stands (f->open);
  divert_routes_apply (routes, &nothing, f->family, NULL, NULL);
  after = read_all ();
  g_assert_cmpstr (fence, ==, after);
}

static void
test_configuration_changes (Fixture       *f,
                            gconstpointer  user_data)
{
  g_autoptr(DivertFence) other = make_fence (f, f->family == DIVERT_FAMILY_IPV6 ? "fd00:77::/64" : "10.77.0.0/16",
                                             NULL);
  g_autofree char *before = read_all (), *between = NULL, *after = NULL;

  other->table = 99;
  other->mark = 0;
  g_assert_true (apply (f, f->open));
  g_assert_true (apply (f, other));
  g_assert_false (apply (f, other));
  assert_stands (other);
  between = read_all ();
  g_assert_null (strstr (between, "2234"));
  g_assert_cmpuint (test_count (between, "101:\tfrom all lookup 99 proto 233"), ==, 1);
  other->mark = PASS_MARK;
  other->mask = 0xf;
  g_assert_true (apply (f, other));
  other->mask = 0xff;
  g_assert_true (apply (f, other));
  g_assert_false (apply (f, other));
  g_free (between);
  between = read_all ();
  g_assert_cmpuint (test_count (between, "101:\tnot from all fwmark 0x8/0xff lookup 99 proto 233"), ==, 1);
  g_assert_null (strstr (between, "0x8/0xf "));
  g_assert_true (apply (f, f->none));
  after = read_all ();
  g_assert_cmpstr (before, ==, after);
}

/* A rule that somebody put before ours. */
static void
test_order_is_checked (Fixture       *f,
                       gconstpointer  user_data)
{
  apply (f, f->closed);
  test_run ("%s rule add pref 99 lookup main", f->ip);
  g_assert_false (apply (f, f->closed));
  assert_lacks (f->closed, "up0");
  test_run ("%s rule del pref 99", f->ip);
  assert_stands (f->closed);
}

/* More routes than fit into one datagram. */
static void
test_many (Fixture       *f,
           gconstpointer  user_data)
{
  g_autoptr(DivertFence) many = make_fence (f, f->intranet, NULL);
  g_autofree char *before = NULL, *laid = NULL, *after = NULL;

  test_run ("%s route add default dev up0", f->ip);
  before = read_all ();
  g_array_set_size (many->panels, 0);
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *text = f->family == DIVERT_FAMILY_IPV6 ? g_strdup_printf ("fd01:%x::/64", i + 1) :
                                                                g_strdup_printf ("10.%u.%u.0/25", i / 250, i % 250);

      add (many->panels, text);
    }
  g_assert_true (apply (f, many));
  g_assert_false (apply (f, many));
  laid = read_all ();
  g_assert_cmpuint (test_count (laid, "dev nm-divert-fence"), ==, 1000);
  /* Without a route to any of them, all of them refuse. */
  test_run ("%s route del default", f->ip);
  g_assert_true (apply (f, many));
  g_assert_false (apply (f, many));
  g_free (laid);
  laid = read_all ();
  g_assert_cmpuint (test_count (laid, "unreachable"), ==, 1000);
  test_run ("%s route add default dev up0", f->ip);
  g_assert_true (apply (f, f->none));
  after = read_all ();
  g_assert_cmpstr (before, ==, after);
}

static void
test_name_taken (Fixture       *f,
                 gconstpointer  user_data)
{
  g_autofree char *before = NULL, *after = NULL;
  g_autoptr(GError) error = NULL;

  test_run ("ip link add nm-divert-fence type veth peer name far1; ip link set nm-divert-fence up");
  before = read_all ();
  g_assert_false (divert_fences_close (f->fences, f->closed, NULL, &error));
  g_assert_error (error, DIVERT_NETLINK_ERROR, EEXIST);
  write_fence (f, divert_fences_open, f->none);
  after = read_all ();
  g_assert_cmpstr (before, ==, after);
}

static void
ignore_linkdown (void)
{
  test_run ("for family in ipv4 ipv6; do for name in all default; do"
            " echo 1 >/proc/sys/net/$family/conf/$name/ignore_routes_with_linkdown; done; done");
}

/* This holds whichever kind of device the kernel gives us. */
static void
test_linkdown_ignored (Fixture       *f,
                       gconstpointer  user_data)
{
  ignore_linkdown ();
  apply (f, f->closed);
  assert_stands (f->closed);
  g_assert_cmpuint (try_new (f, 0), ==, 0);
}

/* A TUN device of a helper that has ended, on a kernel that has nothing else. Its carrier is gone too. */
static void
test_tun (Fixture       *f,
          gconstpointer  user_data)
{
  g_autofree char *before = read_all (), *after = NULL;

  ignore_linkdown ();
  test_run ("ip tuntap add nm-divert-fence mode tun; ip link set nm-divert-fence up");
  g_assert_true (apply (f, f->closed));
  g_assert_false (apply (f, f->closed));
  assert_stands (f->closed);
  g_assert_cmpuint (try_new (f, 0), ==, 0);
  g_assert_true (apply (f, f->none));
  after = read_all ();
  g_assert_cmpstr (before, ==, after);
}

int
main (int   argc,
      char *argv[])
{
  static const struct
  {
    const char *name;
    void      (*test) (Fixture *, gconstpointer);
  } tests[] = {
    { "lay-and-remove", test_lay_and_remove },
    { "packets", test_packets },
    { "withdraw", test_withdraw },
    { "nested", test_nested },
    { "refuses", test_refuses },
    { "found-again", test_found_again },
    { "drift", test_drift },
    { "foreign-survives", test_foreign_survives },
    { "beside-routing", test_beside_routing },
    { "configuration-changes", test_configuration_changes },
    { "order-is-checked", test_order_is_checked },
    { "many", test_many },
    { "name-taken", test_name_taken },
    { "linkdown-ignored", test_linkdown_ignored },
    { "tun", test_tun },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
      {
        g_autofree char *path = g_strdup_printf ("/fence/%s/%s", divert_family_name (family), tests[i].name);

        g_test_add (path, Fixture, GUINT_TO_POINTER (family), set_up, tests[i].test, tear_down);
      }
  return g_test_run ();
}
