/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's facts and notifications, in a namespace whose devices are veth pairs.
 */
#include "namespace.h"
#include "system/sources/kernel/kernel.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* For events that come by themselves.  A test that waits this long in vain has failed. */
#define PATIENCE_MS 30000

typedef struct
{
  DivertKernel *kernel;
  guint         n_calls;
} Fixture;

/* The kernel reports a carrier up to a second after it came. */
static void
wait_for_operstate (const char *device,
                    const char *state)
{
  test_run ("i=0; until ip -o link show %s | grep -q ' state %s '; do test $((i += 1)) -lt 3000; sleep 0.01; done",
            device, state);
}

static void
set_up (Fixture       *f,
        gconstpointer  user_data)
{
  g_autoptr(GError) error = NULL;

  test_namespace_enter ();
  test_run ("ip link add up0 type veth peer name far0; ip link set up0 addrgenmode none; "
            "ip link set far0 addrgenmode none;"
            "ip link set up0 up; ip link set far0 up; ip addr add 192.0.2.2/24 dev up0");
  wait_for_operstate ("up0", "UP");
  wait_for_operstate ("far0", "UP");
  f->kernel = divert_kernel_new (test_on_call, &f->n_calls, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture       *f,
           gconstpointer  user_data)
{
  divert_kernel_free (f->kernel);
}

static DivertFacts *
gather (Fixture *f)
{
  DivertFacts *facts = divert_facts_new ();
  g_autoptr(GError) error = NULL;

  divert_kernel_gather (f->kernel, facts, &error);
  g_assert_no_error (error);
  return facts;
}

/* Runs until nothing comes any more. */
static void
settle (Fixture *f)
{
  do
    {
      f->n_calls = 0;
      test_wait (50, NULL, NULL);
    }
  while (f->n_calls > 0);
}

static char *
describe_addresses (const DivertFacts *facts,
                    const char        *device)
{
  const DivertLink *link = divert_facts_find_link (facts, device);

  g_assert_nonnull (link);
  return divert_prefixes_to_string (link->addresses);
}

static char *
describe_gateways (const DivertFacts *facts,
                   const char        *device)
{
  const DivertLink *link = divert_facts_find_link (facts, device);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < link->gateways->len; i++)
    {
      const DivertGateway *gateway = link->gateways->pdata[i];
      g_autofree char *address = divert_prefix_to_string (&gateway->address);

      g_assert_cmpint (gateway->state, ==, DIVERT_GATEWAY_UNKNOWN);
      g_string_append_printf (text, "%s;", address);
    }
  return g_string_free (text, FALSE);
}

/* "DESTINATION [via GATEWAY] dev NAME" of each route, except those that the kernel made itself. */
static char *
describe_routes (const DivertFacts *facts)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < facts->routes->len; i++)
    {
      const DivertRoute *route = &g_array_index (facts->routes, DivertRoute, i);
      g_autofree char *destination = divert_prefix_to_string (&route->destination);
      g_autofree char *gateway = divert_prefix_to_string (&route->gateway);
      const char *device = "none";

      for (guint j = 0; j < facts->links->len; j++)
        {
          const DivertLink *link = facts->links->pdata[j];

          if (link->ifindex == route->ifindex)
            device = link->name;
        }
      g_string_append_printf (text, "%s%s%s dev %s\n", destination, route->has_gateway ? " via " : "",
                              route->has_gateway ? gateway : "", device);
    }
  return g_string_free (text, FALSE);
}

static void
test_links (Fixture       *f,
            gconstpointer  user_data)
{
  g_autoptr(DivertFacts) plugged = NULL, unplugged = NULL, down = NULL;

  plugged = gather (f);
  g_assert_cmpuint (plugged->links->len, ==, 2);
  g_assert_null (divert_facts_find_link (plugged, "lo"));
  g_assert_true (divert_facts_find_link (plugged, "up0")->carrier);

  test_run ("ip link set far0 down");
  unplugged = gather (f);
  g_assert_false (divert_facts_find_link (unplugged, "up0")->carrier);

  test_run ("ip link set far0 up; ip link set up0 down");
  down = gather (f);
  g_assert_false (divert_facts_find_link (down, "up0")->carrier);
}

static void
test_dormant (Fixture       *f,
              gconstpointer  user_data)
{
  g_autoptr(DivertFacts) facts = NULL;

  /* As before 802.1X has let us in. */
  test_run ("ip link set up0 mode dormant; ip link set far0 down");
  /* A loss that is over before the kernel gets to it changes nothing. */
  wait_for_operstate ("up0", "LOWERLAYERDOWN");
  test_run ("ip link set far0 up");
  wait_for_operstate ("up0", "DORMANT");
  facts = gather (f);
  g_assert_false (divert_facts_find_link (facts, "up0")->carrier);
}

static void
test_addresses (Fixture       *f,
                gconstpointer  user_data)
{
  g_autoptr(DivertFacts) facts = NULL;
  g_autofree char *text = NULL;

  test_run ("ip addr add 10.9.9.1 peer 10.9.9.2/30 dev up0;"
            "ip addr add 2001:db8:1::2/64 dev up0 nodad;"
            "ip addr add 2001:db8:1::3/64 dev up0"); /* tentative for a second */
  facts = gather (f);
  text = describe_addresses (facts, "up0");
  g_assert_cmpstr (text, ==, "192.0.2.2/24;10.9.9.1;2001:db8:1::2/64");
}

static void
test_routes (Fixture       *f,
             gconstpointer  user_data)
{
  g_autoptr(DivertFacts) facts = NULL;
  g_autofree char *gateways0 = NULL, *gateways1 = NULL, *routes = NULL;

  test_run ("ip link add up1 type veth peer name far1; ip link set up1 addrgenmode none; "
            "ip link set far1 addrgenmode none; ip link set up1 up; ip link set far1 up;"
            "ip addr add 198.51.100.2/24 dev up1; ip addr add 2001:db8:1::2/64 dev up0 nodad;"
            "ip route add default via 192.0.2.1 metric 10;"
            "ip route add default metric 20 nexthop via 192.0.2.1 dev up0 nexthop via 192.0.2.9 dev up0 "
            "nexthop via 198.51.100.1 dev up1;"
            "ip -6 route add default via 2001:db8:1::1 metric 10;"
            "ip route add default via 192.0.2.77 table 99;"
            "ip route add 203.0.113.0/24 via 192.0.2.5;"
            "ip route add 203.0.113.0/25 nexthop via 192.0.2.6 nexthop via 198.51.100.6;"
            "ip route add unreachable 10.0.0.0/8; ip route add blackhole 10.1.0.0/16; "
            "ip -6 route add prohibit 2001:db8:f::/48;"
            "ip route add 203.0.113.128/25 via inet6 2001:db8:1::7 dev up0;"
            "ip route add local 203.0.113.7 dev up0 table main;"
            "ip route add 203.0.113.8 dev up0 table 99");
  facts = gather (f);
  gateways0 = describe_gateways (facts, "up0");
  gateways1 = describe_gateways (facts, "up1");
  routes = describe_routes (facts);
  g_assert_cmpstr (gateways0, ==, "192.0.2.1;192.0.2.9;2001:db8:1::1;");
  g_assert_cmpstr (gateways1, ==, "198.51.100.1;");
  g_assert_cmpstr (routes, ==,
                   "10.0.0.0/8 dev none\n"
                   "10.1.0.0/16 dev none\n"
                   "192.0.2.0/24 dev up0\n"
                   "198.51.100.0/24 dev up1\n"
                   "203.0.113.0/25 via 192.0.2.6 dev up0\n"
                   "203.0.113.0/25 via 198.51.100.6 dev up1\n"
                   "203.0.113.0/24 via 192.0.2.5 dev up0\n"
                   "203.0.113.128/25 via 2001:db8:1::7 dev up0\n"
                   "2001:db8:1::/64 dev up0\n"
                   "2001:db8:f::/48 dev none\n");
}

static void
test_notifications (Fixture       *f,
                    gconstpointer  user_data)
{
  static const char *const events[] = {
    "ip link set far0 down",
    "ip link set far0 up",
    "ip addr add 192.0.2.3/24 dev up0",
    "ip addr del 192.0.2.3/24 dev up0",
    "ip addr add 2001:db8:1::2/64 dev up0 nodad",
    "ip route add default via 192.0.2.1",
    "ip route del default via 192.0.2.1",
    "ip -6 route add default via 2001:db8:1::1",
    "ip rule add fwmark 7 lookup 2233",
    "ip -6 rule add fwmark 7 lookup 2233",
    "ip rule del fwmark 7 lookup 2233",
    "ip route add 203.0.113.0/24 dev lo table 2233",
    "ip route flush table 2233",
    "ip link add up9 type veth",
    "ip link del up9",
  };

  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    {
      settle (f);
      test_run ("%s", events[i]);
      if (!test_wait (PATIENCE_MS, test_was_called, &f->n_calls))
        g_error ("not noticed: %s", events[i]);
    }
}

/* An event that has already come is reported at once, not at the end of an interval.  So there is no waiting. */
static void
test_latency (Fixture       *f,
              gconstpointer  user_data)
{
  settle (f);
  test_run ("ip addr add 192.0.2.3/24 dev up0");
  for (guint i = 0; i < 3; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (f->n_calls, ==, 1);
}

static gboolean
on_beat (gpointer user_data)
{
  guint *beats = user_data;

  (*beats)++;
  return G_SOURCE_CONTINUE;
}

/* A clock of 5 ms that stands still when this process does.  How often did it tick until we were called? */
static guint
count_beats (Fixture *f)
{
  guint beats = 0, id = g_timeout_add (5, on_beat, &beats);

  while (f->n_calls == 0 && beats < PATIENCE_MS / 5)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (id);
  return beats;
}

/* This is not one of our devices, but a new one, whose other end has the same index.  The kernel then takes it for a
 * network card, and holds its events back. */
static void
test_carrier_held_back (Fixture       *f,
                        gconstpointer  user_data)
{
  int far = test_namespace_start_far ();

  test_run ("ip link add card0 index 500 type veth peer name far0 index 500 netns %d;"
            "ip link set card0 up; nsenter -n -t %d ip link set far0 up", far, far);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr(DivertFacts) up = NULL, down = NULL;

      wait_for_operstate ("card0", "UP");
      settle (f);
      up = gather (f);
      g_assert_true (divert_facts_find_link (up, "card0")->carrier);
      /* All namespaces share that second, so an event in another one may begin it without our seeing it.  An event of
       * our own makes us look closely in any case. */
      test_run ("ip link set up0 alias %u", i);
      settle (f);
      test_run ("nsenter -n -t %d ip link set far0 down", far);
      g_assert_cmpuint (count_beats (f), <, 40);
      down = gather (f);
      g_assert_false (divert_facts_find_link (down, "card0")->carrier);

      test_run ("nsenter -n -t %d ip link set far0 up", far);
    }
  test_child_stop (far);
}

static gint64
cpu_us (void)
{
  struct rusage usage;

  g_assert_no_errno (getrusage (RUSAGE_SELF, &usage));
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC + usage.ru_utime.tv_usec +
         usage.ru_stime.tv_usec;
}

static gboolean
is_gone (gpointer user_data)
{
  const GPid *pid = user_data;

  return waitpid (*pid, NULL, WNOHANG) == *pid;
}

/* Runs the command @n times, with '@' replaced by "0.1" … "49.200", in one ip(8) next to us, and iterates until all is
 * quiet.  Returns our CPU time. */
static gint64
storm (Fixture    *f,
       guint       n,
       const char *command)
{
  const char *argv[] = { "ip", "-batch", "storm.batch", NULL };
  g_autoptr(GString) batch = g_string_new (NULL);
  g_autoptr(GError) error = NULL;
  gint64 before;
  GPid pid;

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *number = g_strdup_printf ("%u.%u", i / 200, i % 200 + 1);
      g_autoptr(GString) line = g_string_new (command);

      g_string_replace (line, "@", number, 0);
      g_string_append_printf (batch, "%s\n", line->str);
    }
  g_file_set_contents (argv[2], batch->str, batch->len, &error);
  g_assert_no_error (error);

  settle (f);
  before = cpu_us ();
  g_spawn_async (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, &error);
  g_assert_no_error (error);
  while (!is_gone (&pid))
    test_wait (1, NULL, NULL);
  test_wait (50, NULL, NULL);
  g_remove (argv[2]);
  return cpu_us () - before;
}

static void
test_storm_of_neighbours (Fixture       *f,
                          gconstpointer  user_data)
{
  gint64 cpu = storm (f, 10000, "neigh replace 10.77.@ lladdr 02:00:00:00:00:01 dev up0");

  g_test_message ("10,000 neighbours: %u calls, %.1f ms", f->n_calls, cpu / 1000.0);
  g_assert_cmpuint (f->n_calls, ==, 0);
  g_assert_cmpint (cpu, <, 1000000);
}

static void
test_storm_of_addresses (Fixture       *f,
                         gconstpointer  user_data)
{
  gint64 start = g_get_monotonic_time (), cpu = storm (f, 10000, "addr add 10.77.@/32 dev up0");
  gint64 elapsed = g_get_monotonic_time () - start;
  g_autoptr(DivertFacts) facts = NULL;

  g_test_message ("10,000 addresses in %.0f ms: %u calls, %.1f ms", elapsed / 1000.0, f->n_calls, cpu / 1000.0);
  g_assert_cmpuint (f->n_calls, >=, 1);
  g_assert_cmpuint (f->n_calls, <, elapsed / 5000 + 2);
  g_assert_cmpint (cpu, <, 2000000);
  facts = gather (f);
  g_assert_cmpuint (divert_facts_find_link (facts, "up0")->addresses->len, ==, 10001);
}

/* More notifications than the socket can take, while nobody reads. */
static void
test_lost_notifications (Fixture       *f,
                         gconstpointer  user_data)
{
  settle (f);
  test_run ("seq 1 30000 | sed 's/.*/link set up0 alias &/' >storm.batch; ip -batch storm.batch; rm storm.batch");
  g_assert_true (test_wait (PATIENCE_MS, test_was_called, &f->n_calls));
  settle (f);
  test_run ("ip link set far0 down");
  g_assert_true (test_wait (PATIENCE_MS, test_was_called, &f->n_calls));
}

typedef struct
{
  Fixture *fixture;
  guint    n;
} Freer;

static void
free_kernel (gpointer user_data)
{
  Freer *freer = user_data;

  freer->n++;
  g_clear_pointer (&freer->fixture->kernel, divert_kernel_free);
}

static void
test_freed_by_call (Fixture       *f,
                    gconstpointer  user_data)
{
  Freer freer = { f, 0 };
  g_autoptr(GError) error = NULL;

  divert_kernel_free (f->kernel);
  f->kernel = divert_kernel_new (free_kernel, &freer, &error);
  g_assert_no_error (error);
  test_run ("ip addr add 192.0.2.3/24 dev up0; ip addr add 192.0.2.4/24 dev up0");
  while (freer.n == 0)
    g_main_context_iteration (NULL, TRUE);
  test_wait (50, NULL, NULL);
  g_assert_cmpuint (freer.n, ==, 1);
}

static int
compare_times (gconstpointer a,
               gconstpointer b)
{
  gint64 left = *(const gint64 *) a, right = *(const gint64 *) b;

  return left < right ? -1 : left > right;
}

/* A laptop with five links, ten addresses and twenty routes. */
static void
test_cost (Fixture       *f,
           gconstpointer  user_data)
{
  gint64 times[101];

  test_run ("for i in 1 2; do ip link add up$i type veth peer name far$i; ip link set up$i addrgenmode none; done; "
            "ip link add br0 type bridge;"
            "for i in 1 2; do ip link set up$i up;"
            "  ip addr add 10.$i.0.1/24 dev up$i; ip addr add 10.$i.1.1/24 dev up$i;"
            "  ip addr add 2001:db8:$i::1/64 dev up$i nodad; ip addr add fe80::$i/64 dev up$i nodad; done;"
            "ip addr add 2001:db8:77::1/64 dev up0 nodad;"
            "ip route add default via 192.0.2.1; ip -6 route add default via fe80::77 dev up1;"
            "for i in 1 2 3 4 5; do ip route add 172.16.$i.0/24 via 192.0.2.1; done");
  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    {
      gint64 start = g_get_monotonic_time ();
      g_autoptr(DivertFacts) facts = gather (f);

      times[i] = g_get_monotonic_time () - start;
    }
  qsort (times, G_N_ELEMENTS (times), sizeof times[0], compare_times);
  g_test_message ("one look: best %" G_GINT64_FORMAT " us, median %" G_GINT64_FORMAT " us", times[0], times[50]);
  g_assert_cmpint (times[0], <, 1000);
}

int
main (int   argc,
      char *argv[])
{
  test_needs_namespaces ();
  test_needs ("ip", "nsenter", NULL);
  g_test_init (&argc, &argv, NULL);
  test_directory_enter ();

#define ADD(name, test) g_test_add ("/kernel/" name, Fixture, NULL, set_up, test, tear_down)
  ADD ("links", test_links);
  ADD ("dormant", test_dormant);
  ADD ("addresses", test_addresses);
  ADD ("routes", test_routes);
  ADD ("notifications", test_notifications);
  ADD ("latency", test_latency);
  ADD ("carrier-held-back", test_carrier_held_back);
  ADD ("storm-of-neighbours", test_storm_of_neighbours);
  ADD ("storm-of-addresses", test_storm_of_addresses);
  ADD ("lost-notifications", test_lost_notifications);
  ADD ("freed-by-call", test_freed_by_call);
  ADD ("cost", test_cost);
#undef ADD
  return g_test_run ();
}
