/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Forgetting connections, in a real table that is filled and read with conntrack(8).
 */
#include "intranet.h"
#include "namespace.h"
#include "system/flows/conntrack.h"
#include "system/netlink/netlink.h"
#include "values.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A kernel without nfnetlink, or without its part for connection tracking, reports it in one of these ways. */
static int lacking;

/* libnl's calls end up here. */
int
socket (int domain,
        int type,
        int protocol)
{
  if (lacking == 0 || domain != AF_NETLINK || protocol != NETLINK_NETFILTER)
    return syscall (SYS_socket, domain, type, protocol);
  errno = lacking;
  return -1;
}

typedef struct
{
  GArray *prefixes;
  GArray *none;
} Fixture;

static void
set_up (Fixture       *f,
        gconstpointer  user_data)
{
  test_namespace_enter ();
  test_run ("ip addr add 192.168.22.33/32 dev lo; ip addr add fd00:22::33/128 dev lo nodad");
  f->none = divert_prefixes_new ();
  f->prefixes = test_intranet_new ();
}

static void
tear_down (Fixture       *f,
           gconstpointer  user_data)
{
  g_array_unref (f->prefixes);
  g_array_unref (f->none);
}

static void
add_marked (const char *protocol,
            const char *source,
            const char *destination,
            guint       port,
            guint       mark)
{
  gboolean is_tcp = g_str_equal (protocol, "tcp");

  /* The mark comes last, because conntrack 1.4.7 takes a status after it for the mark. */
  test_run ("conntrack -I -p %s -s %s -d %s --sport 4000 --dport %u -t 300 %s -m %u >/dev/null 2>&1", protocol, source,
            destination, port, is_tcp ? "--state ESTABLISHED -u SEEN_REPLY" : "", mark);
}

static void
add (const char *protocol,
     const char *source,
     const char *destination,
     guint       port)
{
  add_marked (protocol, source, destination, port, 0);
}

static guint
forget (const GArray *prefixes,
        gboolean      dns)
{
  g_autoptr(GError) error = NULL;
  guint n = G_MAXUINT;

  divert_conntrack_forget (&(DivertStale){ .to = prefixes, .dns = dns }, &n, &error);
  g_assert_no_error (error);
  return n;
}

static char *
read_table (void)
{
  return test_output ("(conntrack -L -f ipv4; conntrack -L -f ipv6) 2>/dev/null | sed 's/ [0-9]* src/ src/; "
                      "s/ [0-9]* EST/ EST/' | sort");
}

static void
test_prefixes (Fixture       *f,
               gconstpointer  user_data)
{
  g_autofree char *before = NULL, *after = NULL;

  add ("tcp", "10.0.0.5", "198.51.100.1", 443);
  add ("udp", "10.0.0.5", "198.51.100.1", 53);
  add ("udp", "192.168.22.7", "198.51.100.1", 443);     /* from the intranet */
  add ("tcp", "192.168.22.7", "192.168.22.33", 22);     /* to this machine */
  add ("udp", "fd00:22::7", "fd00:22::33", 22);
  add ("tcp", "fd00:22::33", "2001:db8::1", 443);
  before = read_table ();
  g_assert_cmpuint (test_count (before, "src="), ==, 2 * 6);

  add ("tcp", "192.168.22.33", "192.168.22.2", 445);
  add ("udp", "192.168.22.33", "192.168.22.2", 445);
  add ("udp", "fd00:22::33", "fd00:22::2", 445);
  add ("tcp", "fd00:22::33", "fd00:22::2", 445);
  g_assert_cmpuint (forget (f->prefixes, FALSE), ==, 4);
  after = read_table ();
  g_assert_cmpstr (before, ==, after);
  g_assert_cmpuint (forget (f->prefixes, FALSE), ==, 0);
}

/* What somebody in the intranet opened to us is forgotten if it was let through, which the mark shows. Nothing else
 * is. */
static void
test_opened_to_us (Fixture       *f,
                   gconstpointer  user_data)
{
  const DivertStale stale = { .to = f->none, .from = f->prefixes, .mark = 8, .mask = 0xff };
  g_autofree char *before = NULL, *after = NULL;
  g_autoptr(GError) error = NULL;
  guint n = G_MAXUINT;

  add ("tcp", "192.168.22.7", "192.168.22.33", 22);
  add_marked ("tcp", "10.0.0.7", "10.0.0.5", 23, 8);
  add_marked ("tcp", "192.168.22.33", "203.0.113.22", 8388, 8); /* the proxy's own */
  before = read_table ();

  add_marked ("tcp", "192.168.22.7", "192.168.22.33", 24, 0x108);
  add_marked ("tcp", "fd00:22::7", "fd00:22::33", 24, 8);
  g_assert_true (divert_conntrack_forget (&stale, &n, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, 2);
  after = read_table ();
  g_assert_cmpstr (before, ==, after);
}

/* Whatever own LANs have opened is forgotten, but not what they have opened to this machine. */
static void
test_lans (Fixture       *f,
           gconstpointer  user_data)
{
  g_autoptr(GArray) lans = divert_prefixes_new ();
  const DivertStale stale = { .to = f->none, .lans = lans };
  g_autofree char *before = NULL, *after = NULL;
  g_autoptr(GError) error = NULL;
  guint n = G_MAXUINT;

  test_prefixes_add (lans, "172.30.0.0/24");
  test_prefixes_add (lans, "fd00:30::/64");
  add ("udp", "172.30.0.2", "192.168.22.33", 53);
  add ("tcp", "172.30.1.2", "198.51.100.1", 443);
  before = read_table ();

  add ("tcp", "172.30.0.2", "198.51.100.1", 443);
  add ("udp", "fd00:30::2", "2001:db8::1", 443);
  g_assert_true (divert_conntrack_forget (&stale, &n, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, 2);
  after = read_table ();
  g_assert_cmpstr (before, ==, after);
}

/* Done inside the kernel. It forgets everything that has a bit of ours, whatever its addresses, and nothing else. */
static void
test_marked (Fixture       *f,
             gconstpointer  user_data)
{
  g_autofree char *before = NULL, *after = NULL;
  g_autoptr(GError) error = NULL;

  add ("udp", "10.0.0.5", "198.51.100.1", 53);
  add_marked ("tcp", "192.168.22.7", "192.168.22.33", 22, 0x100);
  before = read_table ();

  add_marked ("tcp", "10.0.0.5", "198.51.100.1", 443, 0x17);
  add_marked ("tcp", "192.168.22.7", "192.168.22.33", 23, 0x108);
  add_marked ("udp", "fd00:22::33", "2001:db8::1", 443, 1);
  g_assert_true (divert_conntrack_forget_marked (0xff, &error));
  g_assert_no_error (error);
  after = read_table ();
  g_assert_cmpstr (before, ==, after);
}

static void
test_dns (Fixture       *f,
          gconstpointer  user_data)
{
  g_autofree char *before = NULL, *after = NULL;

  add ("udp", "10.0.0.5", "198.51.100.1", 5353);
  add ("udp", "10.0.0.5", "127.0.0.53", 53);
  add ("tcp", "192.168.22.33", "192.168.22.2", 445);
  before = read_table ();

  add ("udp", "10.0.0.5", "198.51.100.1", 53);
  add ("tcp", "10.0.0.5", "198.51.100.1", 53);
  add ("udp", "fd00:22::33", "2001:db8::1", 53);
  g_assert_cmpuint (forget (f->none, FALSE), ==, 0);
  g_assert_cmpuint (forget (f->none, TRUE), ==, 3);
  after = read_table ();
  g_assert_cmpstr (before, ==, after);
}

static void
ask_for_name (void)
{
  const struct sockaddr_in from = { .sin_family = AF_INET, .sin_port = g_htons (4444) };
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = g_htons (53) };
  int fd = socket (AF_INET, SOCK_DGRAM, 0);

  g_assert_no_errno (bind (fd, (const struct sockaddr *) &from, sizeof from));
  g_assert_cmpint (inet_pton (AF_INET, "198.51.100.1", &to.sin_addr), ==, 1);
  g_assert_cmpint (sendto (fd, "q", 1, 0, (const struct sockaddr *) &to, sizeof to), ==, 1);
  close (fd);
}

/* A decision to translate an address, or not to, applies to its ports until it is forgotten. */
static void
test_redirection (Fixture       *f,
                  gconstpointer  user_data)
{
  g_autofree char *direct = NULL, *stale = NULL, *redirected = NULL;

  /* The first rule uses connection tracking, so that tracking continues when there is no redirection. */
  test_run ("ip route add default dev lo; export XTABLES_LOCKFILE=$PWD/xtables.lock;"
            "iptables-legacy -A OUTPUT -m conntrack --ctstate INVALID; "
            "iptables-legacy -t nat -A OUTPUT -p udp --dport 9");
  ask_for_name ();
  direct = read_table ();
  g_assert_nonnull (strstr (direct, "dport=53"));

  test_run ("export XTABLES_LOCKFILE=$PWD/xtables.lock;"
            "iptables-legacy -t nat -A OUTPUT -p udp --dport 53 -j REDIRECT --to-ports 1053; rm xtables.lock");
  ask_for_name ();
  stale = read_table ();
  g_assert_null (strstr (stale, "sport=1053"));

  g_assert_cmpuint (forget (f->none, TRUE), ==, 1);
  ask_for_name ();
  redirected = read_table ();
  g_assert_nonnull (strstr (redirected, "sport=1053"));
}

static void
test_large_table (Fixture       *f,
                  gconstpointer  user_data)
{
  gint64 start;

  /* This takes one pass over the table. With one pass for each match, the test would run out of time. */
  test_run ("i=0; while [ $i -lt 100000 ]; do echo -I -p udp -s 10.0.$((i / 50000)).1 -d 198.51.$((i / 50000)).1"
            " --sport $((i %% 50000 + 1000)) --dport 443 -t 600; i=$((i+1)); done >table.batch;"
            "i=1; while [ $i -le 200 ]; do echo -I -p udp -s 10.0.0.1 -d 192.168.22.$i --sport 9 --dport 443 -t 600; "
            "i=$((i+1)); done"
            " >>table.batch; conntrack -R table.batch >/dev/null 2>&1; rm table.batch");
  start = g_get_monotonic_time ();
  g_assert_cmpuint (forget (f->prefixes, TRUE), ==, 199); /* one is to this machine */
  g_test_message ("199 of 100,200: %.1f ms", (g_get_monotonic_time () - start) / 1000.0);
  start = g_get_monotonic_time ();
  g_assert_true (divert_conntrack_forget_marked (0xff, NULL));
  g_test_message ("none of 100,001, by eight bits of the mark: %.1f ms", (g_get_monotonic_time () - start) / 1000.0);
}

/* Nothing is tracked, so nothing has to be forgotten. Any other error is an error. */
static void
test_no_conntrack (Fixture       *f,
                   gconstpointer  user_data)
{
  static const int without[] = { EPROTONOSUPPORT, EOPNOTSUPP, EINVAL };
  g_autoptr(GError) error = NULL;
  guint n = 77;

  add ("udp", "10.0.0.5", "198.51.100.1", 53);
  for (guint i = 0; i < G_N_ELEMENTS (without); i++)
    {
      lacking = without[i];
      g_assert_cmpuint (forget (f->none, TRUE), ==, 0);
    }
  lacking = EMFILE;
  g_assert_false (divert_conntrack_forget (&(DivertStale){ .to = f->none, .dns = TRUE }, &n, &error));
  g_assert_error (error, DIVERT_NETLINK_ERROR, EMFILE);
  g_assert_cmpuint (n, ==, 77);
  lacking = 0;
  g_assert_cmpuint (forget (f->none, TRUE), ==, 1);
}

static void
test_not_permitted (Fixture       *f,
                    gconstpointer  user_data)
{
  g_autoptr(GError) error = NULL;
  guint n = 77;

  if (g_test_subprocess ())
    {
      add ("udp", "10.0.0.5", "198.51.100.1", 53);
      g_assert_no_errno (setresuid (65534, 65534, 65534));
      g_assert_false (divert_conntrack_forget (&(DivertStale){ .to = f->none, .dns = TRUE }, &n, &error));
      g_assert_cmpuint (n, ==, 77);
      g_printerr ("%s\n", error->message);
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("*cannot forget connections: *ermitted*");
}

int
main (int   argc,
      char *argv[])
{
  test_needs_namespaces ();
  test_needs ("ip", "conntrack", "iptables-legacy", NULL);
  g_test_init (&argc, &argv, NULL);
  test_directory_enter ();

#define ADD(name, test) g_test_add ("/conntrack/" name, Fixture, NULL, set_up, test, tear_down)
  ADD ("prefixes", test_prefixes);
  ADD ("opened-to-us", test_opened_to_us);
  ADD ("lans", test_lans);
  ADD ("marked", test_marked);
  ADD ("dns", test_dns);
  ADD ("redirection", test_redirection);
  ADD ("large-table", test_large_table);
  ADD ("no-conntrack", test_no_conntrack);
  ADD ("not-permitted", test_not_permitted);
#undef ADD
  return g_test_run ();
}
