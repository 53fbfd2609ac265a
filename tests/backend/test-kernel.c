/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's facts and notifications, in a namespace whose devices are veth pairs.
 */
#include "kernel-fixture.h"

#include <stdlib.h>

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
test_links (KernelFixture *f,
            gconstpointer  user_data)
{
  g_autoptr(DivertFacts) plugged = NULL, unplugged = NULL, down = NULL;

  plugged = kernel_fixture_gather (f);
  g_assert_cmpuint (plugged->links->len, ==, 2);
  g_assert_null (divert_facts_find_link (plugged, "lo"));
  g_assert_true (divert_facts_find_link (plugged, "up0")->carrier);

  test_run ("ip link set far0 down");
  unplugged = kernel_fixture_gather (f);
  g_assert_false (divert_facts_find_link (unplugged, "up0")->carrier);

  test_run ("ip link set far0 up; ip link set up0 down");
  down = kernel_fixture_gather (f);
  g_assert_false (divert_facts_find_link (down, "up0")->carrier);
}

static void
test_dormant (KernelFixture *f,
              gconstpointer  user_data)
{
  g_autoptr(DivertFacts) facts = NULL;

  /* As before 802.1X has let us in. */
  test_run ("ip link set up0 mode dormant; ip link set far0 down");
  /* A loss that is over before the kernel gets to it changes nothing. */
  test_wait_for_operstate ("up0", "LOWERLAYERDOWN");
  test_run ("ip link set far0 up");
  test_wait_for_operstate ("up0", "DORMANT");
  facts = kernel_fixture_gather (f);
  g_assert_false (divert_facts_find_link (facts, "up0")->carrier);
}

static void
test_addresses (KernelFixture *f,
                gconstpointer  user_data)
{
  g_autoptr(DivertFacts) facts = NULL;
  g_autofree char *text = NULL;

  test_run ("ip addr add 10.9.9.1 peer 10.9.9.2/30 dev up0;"
            "ip addr add 2001:db8:1::2/64 dev up0 nodad;"
            "ip addr add 2001:db8:1::3/64 dev up0"); /* tentative for a second */
  facts = kernel_fixture_gather (f);
  text = describe_addresses (facts, "up0");
  g_assert_cmpstr (text, ==, "192.0.2.2/24;10.9.9.1;2001:db8:1::2/64");
}

static void
test_routes (KernelFixture *f,
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
  facts = kernel_fixture_gather (f);
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
test_notifications (KernelFixture *f,
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
      kernel_fixture_settle (f);
      test_run ("%s", events[i]);
      if (!test_wait (KERNEL_FIXTURE_PATIENCE_MS, test_was_called, &f->n_calls))
        g_error ("not noticed: %s", events[i]);
    }
}

/* An event that has already come is reported at once, not at the end of an interval.  So there is no waiting. */
static void
test_latency (KernelFixture *f,
              gconstpointer  user_data)
{
  kernel_fixture_settle (f);
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
count_beats (KernelFixture *f)
{
  guint beats = 0, id = g_timeout_add (5, on_beat, &beats);

  while (f->n_calls == 0 && beats < KERNEL_FIXTURE_PATIENCE_MS / 5)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (id);
  return beats;
}

/* This is not one of our devices, but a new one, whose other end has the same index.  The kernel then takes it for a
 * network card, and holds its events back. */
static void
test_carrier_held_back (KernelFixture *f,
                        gconstpointer  user_data)
{
  int far = test_namespace_start_far ();

  test_run ("ip link add card0 index 500 type veth peer name far0 index 500 netns %d;"
            "ip link set card0 up; nsenter -n -t %d ip link set far0 up", far, far);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr(DivertFacts) up = NULL, down = NULL;

      test_wait_for_operstate ("card0", "UP");
      kernel_fixture_settle (f);
      up = kernel_fixture_gather (f);
      g_assert_true (divert_facts_find_link (up, "card0")->carrier);
      /* All namespaces share that second, so an event in another one may begin it without our seeing it.  An event of
       * our own makes us look closely in any case. */
      test_run ("ip link set up0 alias %u", i);
      kernel_fixture_settle (f);
      test_run ("nsenter -n -t %d ip link set far0 down", far);
      g_assert_cmpuint (count_beats (f), <, 40);
      down = kernel_fixture_gather (f);
      g_assert_false (divert_facts_find_link (down, "card0")->carrier);

      test_run ("nsenter -n -t %d ip link set far0 up", far);
    }
  test_child_stop (far);
}

typedef struct
{
  KernelFixture *fixture;
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
test_freed_by_call (KernelFixture *f,
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

/* Looks again, because the kernel is only read if it has told of a change. */
static char *
describe_order (KernelFixture *f)
{
  g_autoptr(DivertFacts) facts = NULL;
  const DivertRuleOrder *order;

  kernel_fixture_settle (f);
  facts = kernel_fixture_gather (f);
  order = &facts->order[DIVERT_FAMILY_IPV6];
  g_assert_cmpuint (order->local, ==, 0);
  g_assert_cmpuint (order->first, ==, 32766);
  order = &facts->order[DIVERT_FAMILY_IPV4];
  return g_strdup_printf ("%u %u%s", order->local, order->first, order->ahead ? " ahead" : "");
}

static void
assert_order (KernelFixture *f,
              const char    *commands,
              const char    *expected)
{
  g_autofree char *order = NULL;

  test_run ("%s", commands);
  order = describe_order (f);
  g_assert_cmpstr (order, ==, expected);
}

/* Where other programs' ip rules begin. */
static void
test_rule_order (KernelFixture *f,
                 gconstpointer  user_data)
{
  assert_order (f, "true", "0 32766");
  assert_order (f, "ip rule add pref 50 fwmark 0x17 table 2233 protocol 233; ip rule add pref 40 nop;"
                   "ip rule add pref 30 l3mdev protocol 44", "0 32766");
  assert_order (f, "ip rule add not fwmark 51820 table 51820; ip rule add table main suppress_prefixlength 0", "0 28");
  assert_order (f, "ip rule add pref 7 to 192.0.2.0/24 prohibit", "0 7");
  /* Behind "local", and nothing of ours is between. */
  assert_order (f, "ip rule add pref 0 from 192.0.2.9 table 7", "0 0 ahead");
  assert_order (f, "ip rule del pref 0 from 192.0.2.9 table 7; ip rule add pref 0 fwmark 0x17 table 2233 protocol 233;"
                   "ip rule add pref 0 from 192.0.2.9 table 7", "0 0");
  assert_order (f, "ip rule add pref 100 table local; ip rule del pref 0 table local;"
                   "ip rule del pref 0 from 192.0.2.9 table 7", "100 32766 ahead");
  assert_order (f, "ip rule del pref 100 table local", "0 7");
}

/* "MAC;MAC" of up0. */
static char *
describe_own (KernelFixture *f)
{
  g_autoptr(DivertFacts) facts = kernel_fixture_gather (f);

  return divert_macs_to_string (divert_facts_find_link (facts, "up0")->own_macs);
}

static void
assert_own (KernelFixture *f,
            const char    *commands,
            const char    *own)
{
  g_autofree char *found = NULL;

  test_run ("%s", commands);
  found = describe_own (f);
  g_assert_cmpstr (found, ==, own);
}

/* Waits for a call, and looks then. */
static gboolean
has_own (gpointer user_data)
{
  g_autofree char *own = describe_own (user_data);

  return own[0] != '\0';
}

static gboolean
has_none (gpointer user_data)
{
  return !has_own (user_data);
}

static void
test_children (KernelFixture *f,
               gconstpointer  user_data)
{
  const int far = test_namespace_start_far ();
  g_autofree char *others = g_strdup_printf ("nsenter -n -t %d ip", far);

  assert_own (f, "ip link set up0 address 02:00:00:00:00:01", "");
  /* This machine's own, as long as it is here. */
  assert_own (f, "ip link add own0 link up0 address 02:00:00:00:00:02 type macvlan mode bridge;"
                 "ip link set own0 up", "");
  test_run ("ip link add child0 link up0 netns %d type macvlan mode bridge", far);
  assert_own (f, "true", "");
  test_run ("%s link set child0 up", others);
  assert_own (f, "true", "02:00:00:00:00:01;02:00:00:00:00:02");
  assert_own (f, "ip link del own0", "02:00:00:00:00:01");
  test_run ("%s link set child0 down", others);
  assert_own (f, "true", "");
  /* A bridge's port has addresses of the others. */
  test_run ("%s link del child0", others);
  assert_own (f, "ip link add br0 type bridge; ip link set up0 master br0; ip link set br0 up;"
                 "ip link add port0 type veth peer name port1; ip link set port0 master br0 up;"
                 "bridge fdb add 02:00:00:00:00:77 dev port0 master static", "");
  assert_own (f, "ip link del br0", "");
  test_child_stop (far);
}

/* The kernel says nothing when a child is brought up. */
static void
test_child_later (KernelFixture *f,
                  gconstpointer  user_data)
{
  const int far = test_namespace_start_far ();

  test_run ("ip link add child0 link up0 netns %d type macvlan mode bridge", far);
  kernel_fixture_settle (f);
  g_assert_true (has_none (f));
  test_run ("nsenter -n -t %d ip link set child0 up", far);
  f->n_calls = 0;
  g_assert_true (test_wait (KERNEL_FIXTURE_PATIENCE_MS, test_was_called, &f->n_calls));
  g_assert_true (has_own (f));
  kernel_fixture_settle (f);
  /* Its end is reported. */
  test_run ("nsenter -n -t %d ip link del child0", far);
  g_assert_true (test_wait (KERNEL_FIXTURE_PATIENCE_MS, test_was_called, &f->n_calls));
  g_assert_true (has_none (f));
  test_child_stop (far);
}

/* A laptop with five links, ten addresses and twenty routes. */
static void
test_cost (KernelFixture *f,
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
      g_autoptr(DivertFacts) facts = kernel_fixture_gather (f);

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

#define ADD(name, test) \
  g_test_add ("/kernel/" name, KernelFixture, NULL, kernel_fixture_set_up, test, kernel_fixture_tear_down)
  ADD ("links", test_links);
  ADD ("dormant", test_dormant);
  ADD ("addresses", test_addresses);
  ADD ("routes", test_routes);
  ADD ("rule-order", test_rule_order);
  ADD ("children", test_children);
  ADD ("child-later", test_child_later);
  ADD ("notifications", test_notifications);
  ADD ("latency", test_latency);
  ADD ("carrier-held-back", test_carrier_held_back);
  ADD ("freed-by-call", test_freed_by_call);
  ADD ("cost", test_cost);
#undef ADD
  return g_test_run ();
}
