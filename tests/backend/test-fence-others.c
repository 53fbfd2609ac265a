/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The routing fence beside what others have in the kernel: their rules, routes and devices, and their settings.
 */
#include "fence-fixture.h"

#include <string.h>

#include "system/routing/routing.h"

static void
test_foreign_survives (Fixture       *f,
                       gconstpointer  user_data)
{
  const char *net = f->family == DIVERT_FAMILY_IPV6 ? "2001:db8:5::/64" : "198.51.100.0/24";
  g_autofree char *before = NULL;

  test_run ("%s rule add pref 50 fwmark 0x8/0xff lookup 2234;"
            "%s rule add pref 101 not fwmark 0x8/0xff lookup 7 protocol 44;"
            "%s route add %s dev up0 table 2234;"
            "%s route add throw default table 2234 metric 1 proto 44",
            f->ip, f->ip, f->ip, net, f->ip);
  before = read_all ();
  g_assert_true (apply (f, f->open));
  g_assert_false (apply (f, f->open));
  assert_stands (f->open);
  assert_all_gone (f, before);
}

/* The mark's rule and routes have our protocol number too. */
static void
test_beside_routing (Fixture       *f,
                     gconstpointer  user_data)
{
  char *no_uplinks[] = { NULL };
  const DivertRouting routing = { DIVERT_FAMILIES_BOTH, 0x17, 0xff, 2233, no_uplinks, { 100, 100 }, TRUE, { 99, 99 } },
                      nothing = { 0 };
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

/* Another program's rules come before ours.  While ours moves, nothing gets through. */
static void
test_moves (Fixture       *f,
            gconstpointer  user_data)
{
  g_autoptr(DivertFence) early = make_fence (f, f->intranet, NULL), open = make_fence (f, f->intranet, f->intranet);
  g_autofree char *before = read_all (), *rules = NULL;
  int sock;

  early->priorities[f->family] = open->priorities[f->family] = 97;
  apply (f, f->closed);
  test_run ("%s rule add table main suppress_prefixlength 0", f->ip);
  sock = connect_nas (f, 0);
  g_assert_cmpuint (send_three (f, sock), ==, 3);

  g_assert_true (write_fence (f, divert_fences_close, early));
  rules = test_output ("%s rule", f->ip);
  g_assert_cmpuint (test_count (rules, "lookup 2234 proto 233"), ==, 1);
  assert_stands (early);
  g_assert_cmpuint (send_three (f, sock), ==, 0);
  g_assert_false (write_fence (f, divert_fences_open, early));
  g_assert_false (apply (f, early));
  g_assert_cmpuint (divert_fences_take_drift (f->fences), ==, 0);
  apply (f, open);
  g_assert_cmpuint (send_three (f, sock), ==, 3);

  test_run ("%s rule del table main suppress_prefixlength 0", f->ip);
  g_assert_true (apply (f, f->closed));
  assert_stands (f->closed);
  g_assert_cmpuint (send_three (f, sock), ==, 0);
  g_assert_cmpuint (divert_fences_take_drift (f->fences), ==, 0);
  assert_all_gone (f, before);
}

/* There is room at priority 0 only.  The fence is written first, but has to be behind the mark's rule. */
static void
test_same_priority (Fixture       *f,
                    gconstpointer  user_data)
{
  char *no_uplinks[] = { NULL };
  const DivertRouting routing = { DIVERT_FAMILIES_BOTH, 0x17, 0xff, 2233, no_uplinks, { 0, 0 }, TRUE, { 0, 0 } };
  g_autoptr(DivertRoutes) routes = divert_routes_new (NULL);
  g_autofree char *way = NULL;

  f->closed->priorities[f->family] = 0;
  apply (f, f->closed);
  divert_routes_apply (routes, &routing, f->family, NULL, NULL);
  g_assert_true (apply (f, f->closed));
  g_assert_false (apply (f, f->closed));
  assert_stands (f->closed);
  way = test_output ("%s route get %s mark 0x17", f->ip, f->nas);
  g_assert_nonnull (strstr (way, "dev lo"));
}

/* A TUN device of a helper that has ended, on a kernel that has nothing else. Its carrier is gone too. */
static void
test_tun (Fixture       *f,
          gconstpointer  user_data)
{
  g_autofree char *before = read_all ();

  ignore_linkdown ();
  test_run ("ip tuntap add nm-divert-fence mode tun; ip link set nm-divert-fence up");
  g_assert_true (apply (f, f->closed));
  g_assert_false (apply (f, f->closed));
  assert_stands (f->closed);
  g_assert_cmpuint (try_new (f, 0), ==, 0);
  assert_all_gone (f, before);
}

int
main (int   argc,
      char *argv[])
{
  static const FenceTest tests[] = {
    { "foreign-survives", test_foreign_survives },
    { "beside-routing", test_beside_routing },
    { "order-is-checked", test_order_is_checked },
    { "moves", test_moves },
    { "same-priority", test_same_priority },
    { "name-taken", test_name_taken },
    { "linkdown-ignored", test_linkdown_ignored },
    { "tun", test_tun },
    { "ipv6-off", test_ipv6_off },
  };

  return run_fence_tests (argc, argv, "fence-others", tests, G_N_ELEMENTS (tests));
}
