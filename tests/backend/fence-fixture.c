/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: the namespace with the fence, and a socket that wants to reach the NAS. */
#include "fence-fixture.h"
#include "families.h"
#include "values.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "system/netlink/netlink.h"

DivertFence *
make_fence (Fixture    *f,
            const char *panel,
            const char *gate)
{
  DivertFence *fence = divert_fence_new_empty ();

  fence->families = 1 << f->family;
  fence->table = 2234;
  fence->mark = PASS_MARK;
  fence->mask = 0xff;
  test_prefixes_add (fence->panels, panel);
  if (gate != NULL)
    test_prefixes_add (fence->gates, gate);
  return fence;
}

void
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

void
tear_down (Fixture       *f,
           gconstpointer  user_data)
{
  divert_fences_free (f->fences);
  divert_fence_free (f->closed);
  divert_fence_free (f->open);
  divert_fence_free (f->none);
}

gboolean
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

gboolean
apply (Fixture           *f,
       const DivertFence *fence)
{
  const gboolean closed = write_fence (f, divert_fences_close, fence);

  return write_fence (f, divert_fences_open, fence) || closed;
}

char *
read_all (void)
{
  return test_output ("ip -4 rule; ip -6 rule; ip -4 route show table all; "
                      "ip -6 route show table all | grep -v ^multicast;"
                      "ip -o link | cut -d: -f2");
}

void
assert_all_gone (Fixture    *f,
                 const char *before)
{
  g_autofree char *after = NULL;

  g_assert_true (apply (f, f->none));
  after = read_all ();
  g_assert_cmpstr (before, ==, after);
}

void
assert_stands (const DivertFence *fence)
{
  g_autoptr(GError) error = NULL;

  check_fence (fence, &error);
  g_assert_no_error (error);
}

void
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

int
connect_nas (Fixture *f,
             guint    mark)
{
  int error, sock = open_socket (f, mark, &error);

  g_assert_cmpint (error, ==, 0);
  return sock;
}

int
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

guint
send_three (Fixture *f,
            int      sock)
{
  const guint before = count_sent (f);

  for (guint i = 0; i < 3; i++)
    g_assert_no_errno (send (sock, "x", 1, 0));
  return count_sent (f) - before;
}

guint
try_new (Fixture *f,
         guint    mark)
{
  int sock = connect_nas (f, mark);
  guint n = send_three (f, sock);

  close (sock);
  return n;
}

int
run_fence_tests (int               argc,
                 char            **argv,
                 const char       *path,
                 const FenceTest  *tests,
                 guint             n_tests)
{
  test_needs_namespaces ();
  test_needs ("ip", "iptables-legacy", "ip6tables-legacy", NULL);
  test_lock_enter ();
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < n_tests; i++)
    test_families_add (path, tests[i].name, Fixture, set_up, tests[i].test, tear_down);
  return g_test_run ();
}
