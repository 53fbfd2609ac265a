/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The routing fence in a real kernel, read back with ip(8) and tried with packets. Each case runs for both families.
 */
#include "fence-fixture.h"
#include "values.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "system/netlink/netlink.h"
#include "system/routing/routing.h"

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
  /* The filter could not be written, so the gates were never added. */
  write_fence (f, divert_fences_close, f->open);
  write_fence (f, divert_fences_close, f->open);
  apply (f, f->closed);
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

      test_prefixes_add (many->panels, text);
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

/* New devices have no IPv6, so the fence has none either.  That is known, and no error. */
static void
test_ipv6_off (Fixture       *f,
               gconstpointer  user_data)
{
  g_autofree char *routes = NULL;

  test_run ("echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6");
  apply (f, f->closed);
  routes = test_output ("%s route show table 2234", f->ip);
  if (f->family == DIVERT_FAMILY_IPV6)
    g_assert_null (strstr (routes, f->intranet));
  else
    assert_stands (f->closed);
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
    { "ipv6-off", test_ipv6_off },
  };

  test_needs_namespaces ();
  test_needs ("ip", "iptables-legacy", "ip6tables-legacy", NULL);
  g_test_init (&argc, &argv, NULL);
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
      {
        g_autofree char *path = g_strdup_printf ("/fence/%s/%s", divert_family_name (family), tests[i].name);

        g_test_add (path, Fixture, GUINT_TO_POINTER (family), set_up, tests[i].test, tear_down);
      }
  return g_test_run ();
}
