/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taking a grant back, with each backend: by the helper itself, after it has ended, and by its sentinel while it is
 * still ending, or somebody keeps a lock of the kernel's.  The helper is a process of its own that lays home and then
 * only keeps it.
 */
#include "withdraw.h"

#include "core/place/problem.h"
#include "namespace.h"
#include "rtnl-hold.h"
#include "values.h"

#include <arpa/inet.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "system/filter/choice.h"

#define UUID "11111111-2222-4333-8444-000000000022"
/* In the intranet, and known. */
#define HOST "192.168.22.3"
#define FAR_MAC "02:22:00:00:00:03"
/* As in the facts. */
#define LINK 3

static const char config_text[] =
  "[proxy]\ngroup=1\n"
  "[divert]\nbackend=%s\n"
  "[site home]\nconnection-uuid=" UUID "\nsubnet=192.168.22.0/24\nintranet=192.168.22.0/24;fd00:22::/64\n";
static const char facts_text[] =
  "[machine]\nnm-running=true\nsleeping=false\n"
  "[connection 1]\nuuid=" UUID "\nid=home\ntype=802-3-ethernet\ndevice=eth0\nup=true\nexternal=false\n"
  "[link 1]\nifindex=3\nname=eth0\ncarrier=true\naddresses=192.168.22.33/24;fd00:22::33/64\n";

static DivertLaying *
lay_home (const char *backend)
{
  const guint32 gid = 1;
  g_autofree char *text = g_strdup_printf (config_text, backend);
  g_autoptr(DivertConfig) config = test_config_new (text);
  g_autoptr(DivertFacts) facts = test_facts_new (facts_text);
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AUTO, NULL);
  g_autoptr(DivertDecision) decision = divert_decide (config, mode, facts);
  g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_problem_free);
  g_autoptr(GError) error = NULL;
  DivertLaying *laying = divert_laying_new (divert_choice_new (), NULL, NULL, &error);
  DivertApplied applied;

  g_assert_no_error (error);
  divert_laying_close (laying, config, decision, facts, problems, &applied);
  g_assert_cmpint (divert_laying_lay (laying, config, &gid, decision, facts, problems, &applied), ==, DIVERT_LAID);
  g_assert_cmpuint (problems->len, ==, 0);
  return laying;
}

static void
set_up (void)
{
  test_namespace_enter ();
  /* The kernel asks for a neighbour so often that it doesn't give up before the test ends. */
  test_run ("ip link add eth0 index %d type veth peer name far; ip link set far address " FAR_MAC " up; "
            "ip link set eth0 up; "
            "ip address add 192.168.22.33/24 dev eth0; ip address add fd00:22::33/64 dev eth0 nodad; "
            "for family in ipv4 ipv6; do echo 1000 >/proc/sys/net/$family/neigh/eth0/mcast_solicit; done; "
            "ip neigh add " HOST " lladdr " FAR_MAC " dev eth0; "
            "iptables-legacy -t raw -A PREROUTING -i far -p udp --dport 9", LINK);
}

static gboolean
is_open (void)
{
  g_autofree char *routes = test_output ("ip route show table all; ip -6 route show table all");

  return test_count (routes, "throw ") > 0;
}

/* How many rules let something go straight, whichever backend's. */
static guint
count_grants (void)
{
  static const char read[] =
      "for i in grants leaving-granted; do nft list chain inet nm-divert $i 2>/dev/null || true; done;"
      "for i in iptables ip6tables; do $i-legacy-save -t mangle; done";
  g_autofree char *rules = test_output (read);
  g_autoptr(GRegex) grant = g_regex_new ("oif \"eth0\" accept|^-A LOCAL_DIVERT -s .* -o eth0 .*-j RETURN",
                                         G_REGEX_MULTILINE, 0, NULL);
  g_autoptr(GMatchInfo) match = NULL;
  guint n = 0;

  for (g_regex_match (grant, rules, 0, &match); g_match_info_matches (match); g_match_info_next (match, NULL))
    n++;
  return n;
}

/* All that diverts is still there. */
static gboolean
is_away (void)
{
  g_autofree char *rules = test_output ("ip rule; ip -6 rule");
  g_autofree char *filters = test_output ("nft list tables; iptables-legacy-save -t mangle");

  return !is_open () && count_grants () == 0 && test_count (rules, "fwmark 0x17/0xff") == 2 &&
         (strstr (filters, "table inet nm-divert\n") != NULL || strstr (filters, "-j TPROXY") != NULL);
}

static void
assert_home (void)
{
  g_assert_true (is_open ());
  g_assert_cmpuint (count_grants (), >=, 2);
}

static void
test_own (gconstpointer backend)
{
  DivertLaying *laying;

  set_up ();
  laying = lay_home (backend);
  assert_home ();
  g_assert_cmpint (divert_withdraw_own (laying), ==, 0);
  g_assert_true (is_away ());
  divert_laying_free (laying);
}

static void
keep_home (gpointer backend)
{
  lay_home (backend);
  test_child_is_ready ();
}

static void
test_ended (gconstpointer backend)
{
  set_up ();
  test_child_stop (test_child_start (keep_home, (gpointer) backend));
  assert_home ();
  g_assert_cmpint (divert_withdraw (), ==, 0);
  g_assert_true (is_away ());
}

static void
add_waiting (void)
{
  test_run ("for i in 192.168.22.2 fd00:22::2; do ip neigh replace $i nud incomplete dev eth0; done");
}

static gboolean
waits (void)
{
  g_autofree char *shown = test_output ("ip neigh show dev eth0");

  return strstr (shown, "INCOMPLETE") != NULL;
}

/* Do datagrams leave for the intranet from a socket that is bound to the device, and so passes the fence? */
static gboolean
bound_leaves (void)
{
  const struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = inet_addr ("192.168.22.33") };
  const struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = g_htons (9), .sin_addr.s_addr = inet_addr (HOST) };
  const int sock = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const guint before = test_count_far ();

  g_assert_no_errno (setsockopt (sock, SOL_SOCKET, SO_BINDTODEVICE, "eth0", strlen ("eth0")));
  g_assert_no_errno (bind (sock, (const struct sockaddr *) &from, sizeof from));
  for (guint i = 0; i < 10; i++)
    {
      sendto (sock, "x", 1, MSG_DONTWAIT, (const struct sockaddr *) &to, sizeof to);
      g_usleep (G_TIME_SPAN_MILLISECOND);
    }
  close (sock);
  return test_count_far () > before;
}

/* One of @n looks, each of which takes 10 ms and more. */
static gboolean
wait_until_held (guint n)
{
  guint looks = 0;

  while (looks < n && bound_leaves ())
    looks++;
  return looks < n;
}

/* At most 20 s. */
static gboolean
wait_until_shut (void)
{
  guint looks = 0;

  while ((is_open () || waits ()) && looks++ < 2000)
    g_usleep (10 * G_TIME_SPAN_MILLISECOND);
  return looks < 2000;
}

static gboolean
wait_until_none_granted (void)
{
  guint looks = 0;

  while (count_grants () > 0 && looks++ < 1000)
    ;
  return looks < 1000;
}

/* As the sentinel does. */
static int
start_taking_back (int helper)
{
  const guint links[] = { LINK };
  const int end = syscall (SYS_pidfd_open, helper, 0), pid = fork ();

  g_assert_no_errno (end);
  g_assert_no_errno (pid);
  if (pid == 0)
    _exit (divert_withdraw_lost_end (divert_withdraw_lost_begin (links, G_N_ELEMENTS (links)), end));
  close (end);
  return pid;
}

static void
assert_taken_back (int taker)
{
  int status;

  g_assert_cmpint (waitpid (taker, &status, 0), ==, taker);
  g_assert_cmpint (status, ==, 0);
  g_assert_true (is_away ());
  g_assert_false (waits ());
  g_assert_false (bound_leaves ());
  test_run ("tables=$(nft list tables) && ! echo \"$tables\" | grep cordon");
}

/* Under a service manager, so that nothing lapses by itself. */
static int
start_watched_helper (gconstpointer backend)
{
  int helper;

  g_setenv ("WATCHDOG_USEC", "60000000", TRUE);
  helper = test_child_start (keep_home, (gpointer) backend);
  g_unsetenv ("WATCHDOG_USEC");
  assert_home ();
  g_assert_true (bound_leaves ());
  return helper;
}

/* The helper was killed, and the kernel is too busy to end it.  What it holds in nftables nobody can change meanwhile.
 * The last that the kernel does for it is to open a gate. */
static void
test_lost (gconstpointer backend)
{
  g_autofree char *gate = NULL;
  int helper, taker;

  set_up ();
  helper = start_watched_helper (backend);
  gate = test_output ("ip route show table all | grep -m 1 '^throw'");
  add_waiting ();
  taker = start_taking_back (helper);
  g_assert_true (wait_until_shut ());
  g_assert_true (wait_until_held (300));
  /* The legacy tables are nobody's. */
  g_assert_true (g_str_equal (backend, "nftables") || wait_until_none_granted ());

  add_waiting ();
  test_run ("ip route add %s", gate);
  g_assert_cmpint (waitpid (taker, NULL, WNOHANG), ==, 0);
  test_child_stop (helper);
  assert_taken_back (taker);
}

/* Somebody keeps the lock that the fence needs. */
static void
test_rtnl_held (gconstpointer backend)
{
  int helper, taker, hold;

  set_up ();
  helper = start_watched_helper (backend);
  hold = rtnl_hold_begin ();
  if (hold < 0)
    g_test_skip ("no userfaultfd");
  taker = start_taking_back (helper);
  /* Others need that lock, too. */
  g_assert_true (wait_until_held (200));
  if (hold >= 0)
    rtnl_hold_end (hold);
  test_child_stop (helper);
  assert_taken_back (taker);
}

int
main (int    argc,
      char **argv)
{
  static const char *const backends[] = { "nftables", "iptables" };

  test_needs_namespaces ();
  test_needs ("ip", "nft", "iptables-legacy", "ip6tables-legacy", NULL);
  test_lock_enter ();
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (backends); i++)
    {
      g_autofree char *own = g_strconcat ("/withdraw/own/", backends[i], NULL);
      g_autofree char *ended = g_strconcat ("/withdraw/ended/", backends[i], NULL);
      g_autofree char *lost = g_strconcat ("/withdraw/lost/", backends[i], NULL);
      g_autofree char *rtnl_held = g_strconcat ("/withdraw/rtnl-held/", backends[i], NULL);

      g_test_add_data_func (own, backends[i], test_own);
      g_test_add_data_func (ended, backends[i], test_ended);
      g_test_add_data_func (lost, backends[i], test_lost);
      g_test_add_data_func (rtnl_held, backends[i], test_rtnl_held);
    }
  return g_test_run ();
}
