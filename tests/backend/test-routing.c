/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policy routing in a real kernel, read back with ip(8). Each case runs for both families.
 */
#include "families.h"
#include "namespace.h"
#include "system/netlink/netlink.h"
#include "system/routing/routing.h"

#include <errno.h>
#include <string.h>

typedef struct
{
  DivertRoutes *routes;
  DivertFamily  family;
  const char   *ip;      /* the ip command for this family */
} Fixture;

static char *no_uplinks[] = { NULL };
static char *two_uplinks[] = { (char *) "up0", (char *) "up1", NULL };

static DivertRouting
make_routing (char **uplinks)
{
  return (DivertRouting) { DIVERT_FAMILIES_BOTH, 0x17, 0xff, 2233, uplinks, { 100, 100 }, FALSE, { 99, 99 } };
}

static void
set_up (Fixture       *f,
        gconstpointer  user_data)
{
  g_autoptr(GError) error = NULL;

  test_namespace_enter ();
  f->family = GPOINTER_TO_UINT (user_data);
  f->ip = f->family == DIVERT_FAMILY_IPV6 ? "ip -6" : "ip -4";
  f->routes = divert_routes_new (&error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture       *f,
           gconstpointer  user_data)
{
  divert_routes_free (f->routes);
}

/* Applies, and returns whether it wrote anything. */
static gboolean
apply (Fixture             *f,
       const DivertRouting *routing)
{
  g_autoptr(GError) error = NULL;
  gboolean wrote = FALSE;

  divert_routes_apply (f->routes, routing, f->family, &wrote, &error);
  g_assert_no_error (error);
  return wrote;
}

static char *
read_all (Fixture *f)
{
  return test_output ("%s rule show; %s route show table all", f->ip, f->ip);
}

/* Two devices at one cable, up, and with the routes that the kernel adds only once there is a carrier. */
static void
connect_devices (const char *one,
                 const char *other)
{
  test_run ("ip link add %s type veth peer name %s; ip link set %s addrgenmode none; ip link set %s addrgenmode none; "
            "ip link set %s up; ip link set %s up; "
            "timeout 10 sh -c 'until [ $(ip -6 route show table local | grep -c ff00::/8) = 2 ]; do sleep 0.01; done'",
            one, other, one, other, one, other);
}

static void
assert_laid (Fixture *f)
{
  g_autofree char *rules = test_output ("%s rule show", f->ip);
  g_autofree char *routes = test_output ("%s route show table 2233 proto 233", f->ip);

  g_assert_cmpuint (test_count (rules, "fwmark 0x17/0xff lookup 2233 proto 233"), ==, 1);
  g_assert_cmpuint (test_count (routes, "local default dev lo"), ==, 1);
}

static void
test_lay_and_remove (Fixture       *f,
                     gconstpointer  user_data)
{
  const DivertRouting routing = make_routing (no_uplinks), none = { .families = DIVERT_FAMILIES_NONE };
  g_autofree char *before = read_all (f), *after = NULL, *get = NULL;
  const char *abroad = f->family == DIVERT_FAMILY_IPV6 ? "2001:db8::1" : "198.51.100.1";

  g_assert_true (apply (f, &routing));
  assert_laid (f);
  get = test_output ("%s route get %s mark 0x17", f->ip, abroad);
  g_assert_nonnull (strstr (get, "dev lo"));

  g_assert_false (apply (f, &routing));
  assert_laid (f);

  g_assert_true (apply (f, &none));
  g_assert_false (apply (f, &none));
  after = read_all (f);
  g_assert_cmpstr (before, ==, after);
}

/* What a socket asks that is bound to a device gets to this machine's loopback addresses. */
static void
test_names (Fixture       *f,
            gconstpointer  user_data)
{
  const DivertRouting without = make_routing (two_uplinks), none = { .families = DIVERT_FAMILIES_NONE };
  const char *loopback = divert_routing_get_loopback (f->family);
  const char *address = f->family == DIVERT_FAMILY_IPV6 ? "::1" : "127.0.0.1";
  g_autofree char *before = NULL, *get = NULL, *rules = NULL, *after = NULL, *plain = NULL;
  DivertRouting with = make_routing (two_uplinks);

  connect_devices ("up0", "up1");
  before = read_all (f);
  with.names = TRUE;
  plain = test_output ("%s route get %s", f->ip, address);
  g_assert_true (apply (f, &with));
  g_assert_false (apply (f, &with));
  assert_laid (f);
  get = test_output ("%s route get %s oif up0", f->ip, address);
  g_assert_nonnull (strstr (get, "local"));
  g_assert_nonnull (strstr (get, "table 2233"));

  /* Another program removes it. */
  test_run ("%s rule del pref 99 to %s", f->ip, loopback);
  g_assert_true (apply (f, &with));
  g_assert_cmpuint (divert_routes_take_drift (f->routes), !=, 0);
  g_assert_true (apply (f, &without));
  assert_laid (f);
  rules = test_output ("%s rule show", f->ip);
  g_assert_cmpuint (test_count (rules, loopback), ==, 0);
  g_assert_true (apply (f, &with));
  g_assert_true (apply (f, &none));
  after = read_all (f);
  g_assert_cmpstr (before, ==, after);
}

static void
test_one_family_only (Fixture       *f,
                      gconstpointer  user_data)
{
  DivertRouting routing = make_routing (no_uplinks);
  g_autofree char *before = read_all (f), *after = NULL;

  routing.families = DIVERT_FAMILIES_BOTH & ~(1 << f->family);
  g_assert_false (apply (f, &routing));
  after = read_all (f);
  g_assert_cmpstr (before, ==, after);
}

static void
test_uplinks (Fixture       *f,
              gconstpointer  user_data)
{
  const DivertRouting without = make_routing (no_uplinks), with = make_routing (two_uplinks);
  g_autofree char *routes = NULL, *bound = NULL, *fewer = NULL;

  /* A device that is missing or down is not an error, because it sends nothing. */
  test_run ("ip link add up0 type veth peer name far0; ip link set up0 up; ip link add up1 type veth peer name far1");
  g_assert_true (apply (f, &with));
  g_assert_false (apply (f, &with));
  /* (IPv4's local routes don't mind a device that is down.) */
  test_run ("ip link set up1 up");
  g_assert_true (apply (f, &with) == (f->family == DIVERT_FAMILY_IPV6));
  g_assert_false (apply (f, &with));
  assert_laid (f);
  routes = test_output ("%s route show table 2233", f->ip);
  g_assert_cmpuint (test_count (routes, "local default dev up"), ==, 2);
  /* lo comes first, so a packet of an unbound socket finds it. */
  g_assert_cmpint (strstr (routes, "dev lo") - routes, <, strstr (routes, "dev up0") - routes);

  /* A packet of a socket that is bound to the uplink doesn't leave. */
  test_run ("%s addr add %s dev up0 %s", f->ip, f->family == DIVERT_FAMILY_IPV6 ? "2001:db8:1::2/64" : "192.0.2.2/24",
            f->family == DIVERT_FAMILY_IPV6 ? "nodad" : "");
  bound = test_output ("%s route get %s oif up0 mark 0x17", f->ip,
                       f->family == DIVERT_FAMILY_IPV6 ? "2001:db8::1" : "198.51.100.1");
  g_assert_true (g_str_has_prefix (bound, "local"));

  test_run ("ip link del up1");
  g_assert_false (apply (f, &with));
  g_assert_true (apply (f, &without));
  assert_laid (f);
  fewer = test_output ("%s route show table 2233", f->ip);
  g_assert_cmpuint (test_count (fewer, "default"), ==, 1);
}

static void
test_found_again (Fixture       *f,
                  gconstpointer  user_data)
{
  const DivertRouting routing = make_routing (no_uplinks);

  g_assert_true (apply (f, &routing));
  test_run ("%s route flush table 2233", f->ip);
  g_assert_true (apply (f, &routing));
  assert_laid (f);
  test_run ("%s rule del fwmark 0x17/0xff lookup 2233", f->ip);
  g_assert_true (apply (f, &routing));
  assert_laid (f);
  /* When lo goes down, IPv6's route goes with it. */
  test_run ("ip link set lo down; ip link set lo up");
  apply (f, &routing);
  assert_laid (f);
}

/* What is missing although we left it is drift, and nothing else is. */
static void
test_drift (Fixture       *f,
            gconstpointer  user_data)
{
  const DivertRouting routing = make_routing (two_uplinks), none = { .families = DIVERT_FAMILIES_NONE };
  const DivertRouting other = { DIVERT_FAMILIES_BOTH, 0x17, 0xff, 2300, no_uplinks, { 100, 100 }, FALSE, { 99, 99 } };
  const DivertParts ours = divert_part_of (DIVERT_PART_ROUTING_IPV4, f->family);

  test_run ("ip link add up0 type veth peer name up1; ip link set up0 up; ip link set up1 up");
  g_assert_true (apply (f, &routing));
  g_assert_cmpuint (divert_routes_take_drift (f->routes), ==, 0);

  test_run ("%s rule del pref 100", f->ip);
  g_assert_true (apply (f, &routing));
  g_assert_cmpuint (divert_routes_take_drift (f->routes), ==, ours);
  g_assert_cmpuint (divert_routes_take_drift (f->routes), ==, 0);
  test_run ("%s route del local default dev lo table 2233", f->ip);
  g_assert_true (apply (f, &routing));
  g_assert_cmpuint (divert_routes_take_drift (f->routes), ==, ours);

  /* A route that went with its device. */
  test_run ("ip link set up0 down; ip link set up0 up");
  apply (f, &routing);
  g_assert_cmpuint (divert_routes_take_drift (f->routes), ==, 0);

  /* Another configuration, off, and on again. */
  g_assert_true (apply (f, &other));
  g_assert_true (apply (f, &none));
  test_run ("%s rule add fwmark 0x17/0xff lookup 2300 pref 99", f->ip);
  g_assert_true (apply (f, &other));
  g_assert_cmpuint (divert_routes_take_drift (f->routes), ==, 0);
}

static void
test_duplicates_and_stale (Fixture       *f,
                           gconstpointer  user_data)
{
  const DivertRouting routing = make_routing (no_uplinks), none = { .families = DIVERT_FAMILIES_NONE };
  g_autofree char *before = read_all (f), *after = NULL;

  test_run ("%s rule add pref 70 fwmark 0x17/0xff lookup 2233 protocol 233;"
            "%s rule add pref 100 fwmark 0x17/0xff lookup 2233 protocol 233 ipproto tcp;"
            "%s rule add pref 100 fwmark 0x18/0xff lookup 2234 protocol 233;"
            "%s route add local default dev lo table 2233 metric 77 proto 233;"
            "%s route add local default dev lo table 2234 proto 233", f->ip, f->ip, f->ip, f->ip, f->ip);
  g_assert_true (apply (f, &routing));
  g_assert_false (apply (f, &routing));
  assert_laid (f);
  g_assert_true (apply (f, &none));
  after = read_all (f);
  g_assert_cmpstr (before, ==, after);
}

static char *
ask_way (Fixture *f)
{
  return test_output ("%s route get %s mark 0x17", f->ip,
                      f->family == DIVERT_FAMILY_IPV6 ? "2001:db8::1" : "198.51.100.1");
}

/* Another program's rules come before ours, and ours move before them. */
static void
test_moves (Fixture       *f,
            gconstpointer  user_data)
{
  const DivertRouting usual = make_routing (no_uplinks), none = { .families = DIVERT_FAMILIES_NONE };
  DivertRouting early = make_routing (no_uplinks), first = make_routing (no_uplinks);
  g_autofree char *before = NULL, *after = NULL, *taken = NULL, *to_lo = NULL, *still = NULL;

  early.priorities[f->family] = 96;
  first.priorities[f->family] = 0;
  connect_devices ("wg0", "far");
  test_run ("%s route add default dev wg0 table 51820", f->ip);
  before = read_all (f);
  g_assert_true (apply (f, &usual));
  test_run ("%s rule add not fwmark 51820 table 51820; %s rule add table main suppress_prefixlength 0", f->ip, f->ip);
  taken = ask_way (f);
  g_assert_nonnull (strstr (taken, "dev wg0"));

  g_assert_true (apply (f, &early));
  g_assert_false (apply (f, &early));
  assert_laid (f);
  to_lo = ask_way (f);
  g_assert_nonnull (strstr (to_lo, "dev lo"));
  /* Nobody has removed anything. */
  g_assert_cmpuint (divert_routes_take_drift (f->routes), ==, 0);

  test_run ("%s rule add pref 1 table 51820", f->ip);
  g_assert_true (apply (f, &first));
  assert_laid (f);
  still = ask_way (f);
  g_assert_nonnull (strstr (still, "dev lo"));
  test_run ("%s rule del pref 1; %s rule del table 51820; %s rule del table main suppress_prefixlength 0",
            f->ip, f->ip, f->ip);
  g_assert_true (apply (f, &usual));
  assert_laid (f);
  g_assert_cmpuint (divert_routes_take_drift (f->routes), ==, 0);
  g_assert_true (apply (f, &none));
  after = read_all (f);
  g_assert_cmpstr (before, ==, after);
}

static void
test_configuration_changes (Fixture       *f,
                            gconstpointer  user_data)
{
  const DivertRouting routing = make_routing (no_uplinks), none = { .families = DIVERT_FAMILIES_NONE };
  DivertRouting other = make_routing (no_uplinks);
  g_autofree char *before = read_all (f), *between = NULL, *after = NULL;

  other.mark = 0xabc00;
  other.mask = 0xfff00;
  other.table = 99;
  g_assert_true (apply (f, &routing));
  g_assert_true (apply (f, &other));
  g_assert_false (apply (f, &other));
  between = read_all (f);
  g_assert_cmpuint (test_count (between, "fwmark 0xabc00/0xfff00 lookup 99 proto 233"), ==, 1);
  g_assert_cmpuint (test_count (between, "2233"), ==, 0);
  g_assert_true (apply (f, &none));
  after = read_all (f);
  g_assert_cmpstr (before, ==, after);
}

static void
test_foreign_survives (Fixture       *f,
                       gconstpointer  user_data)
{
  const DivertRouting routing = make_routing (no_uplinks), none = { .families = DIVERT_FAMILIES_NONE };
  const char *net = f->family == DIVERT_FAMILY_IPV6 ? "2001:db8:5::/64" : "198.51.100.0/24";
  g_autofree char *before = NULL, *after = NULL, *rules = NULL;

  test_run ("ip link add other type veth peer name far; ip link set other up;"
            "%s rule add pref 50 fwmark 0x17/0xff lookup 2233;"
            "%s rule add pref 100 fwmark 0x17/0xff lookup 7 protocol 44;"
            "%s rule add pref 5000 fwmark 0x17/0xff lookup 2233 protocol 44;"
            "%s rule add pref 5001 fwmark 0x17/0xf0f lookup 2233;"
            "%s route add %s dev other table 2233;"
            "%s route add default dev other table 2233 metric 4000 proto 44;"
            "%s route add local default dev lo table 2233 metric 4001",
            f->ip, f->ip, f->ip, f->ip, f->ip, net, f->ip, f->ip);
  before = read_all (f);
  g_assert_true (apply (f, &routing));
  g_assert_false (apply (f, &routing));
  rules = test_output ("%s rule show", f->ip);
  g_assert_cmpuint (test_count (rules, "fwmark 0x17/0xff lookup 2233 proto 233"), ==, 1);
  g_assert_true (apply (f, &none));
  after = read_all (f);
  g_assert_cmpstr (before, ==, after);
}

/* Somebody's rule says the same as ours, before and after ours in the kernel's list. */
static void
test_foreign_twin (Fixture       *f,
                   gconstpointer  user_data)
{
  const DivertRouting routing = make_routing (no_uplinks), none = { .families = DIVERT_FAMILIES_NONE };
  g_autofree char *before = NULL, *after = NULL;

  test_run ("%s rule add pref 100 fwmark 0x17/0xff lookup 2233", f->ip);
  before = read_all (f);
  apply (f, &routing);
  g_assert_false (apply (f, &routing));
  apply (f, &none);
  after = read_all (f);
  g_assert_cmpstr (before, ==, after);
}

static void
test_ipv6_off (Fixture       *f,
               gconstpointer  user_data)
{
  const DivertRouting routing = make_routing (no_uplinks);

  test_run ("echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6");
  apply (f, &routing);
  g_assert_false (apply (f, &routing));
  test_run ("echo 0 >/proc/sys/net/ipv6/conf/all/disable_ipv6");
  apply (f, &routing);
  assert_laid (f);
}

static void
test_loopback_down (Fixture       *f,
                    gconstpointer  user_data)
{
  const DivertRouting routing = make_routing (no_uplinks);
  g_autofree char *rules = NULL;
  g_autoptr(GError) error = NULL;
  gboolean wrote = FALSE;

  test_run ("ip link set lo down");
  /* IPv4's local routes don't mind. */
  if (f->family == DIVERT_FAMILY_IPV4)
    {
      g_assert_true (apply (f, &routing));
      assert_laid (f);
      return;
    }
  g_assert_false (divert_routes_apply (f->routes, &routing, f->family, &wrote, &error));
  g_assert_error (error, DIVERT_NETLINK_ERROR, ENETDOWN);
  /* Without its route, the rule must not be there. */
  rules = test_output ("%s rule show", f->ip);
  g_assert_null (strstr (rules, "0x17"));
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
    { "one-family-only", test_one_family_only },
    { "uplinks", test_uplinks },
    { "names", test_names },
    { "found-again", test_found_again },
    { "drift", test_drift },
    { "duplicates-and-stale", test_duplicates_and_stale },
    { "moves", test_moves },
    { "configuration-changes", test_configuration_changes },
    { "foreign-survives", test_foreign_survives },
    { "foreign-twin", test_foreign_twin },
    { "ipv6-off", test_ipv6_off },
    { "loopback-down", test_loopback_down },
  };

  test_needs_namespaces ();
  test_needs ("ip", NULL);
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    test_families_add ("routing", tests[i].name, Fixture, set_up, tests[i].test, tear_down);
  return g_test_run ();
}
