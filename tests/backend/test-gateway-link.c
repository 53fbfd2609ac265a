/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a link may lead to another network, and nothing counts that a gateway has answered before. */
#include "gateway-fixture.h"

#include <net/if.h>

/* If one route replaces another, the kernel doesn't report the removal of the old one. */
static void
test_route_is_replaced (Fixture       *f,
                        gconstpointer  user_data)
{
  guint epoch;

  ask (f);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
  epoch = get_epoch (f);
  test_run ("%s route replace default via %s dev up0", f->ip,
            f->family == DIVERT_FAMILY_IPV6 ? "fe80::9" : "192.0.2.9");
  g_assert_cmpint (look (f, NULL), ==, DIVERT_GATEWAY_UNKNOWN);
  g_assert_cmpuint (get_epoch (f), >, epoch);
}

static void
test_carrier (Fixture       *f,
              gconstpointer  user_data)
{
  ask (f);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
  run_far (f, "ip link set far0 down");
  g_assert_cmpint (look (f, NULL), ==, DIVERT_GATEWAY_UNKNOWN);
  run_far (f, "ip link set far0 up");
  run_far (f, f->family == DIVERT_FAMILY_IPV6 ? f->far_address : "true");
  expect_steady (f, 100, DIVERT_GATEWAY_UNKNOWN);
  ask (f);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);

  /* The link was gone and came back before anybody looked. */
  run_far (f, "ip link set far0 down; ip link set far0 up");
  g_assert_cmpint (look (f, NULL), ==, DIVERT_GATEWAY_UNKNOWN);
}

static gboolean
has_later_epoch (gpointer user_data)
{
  Fixture *f = user_data;

  return get_epoch (f) > f->epoch;
}

/* A link with the number and the name of one that is gone, and which was plugged in just as often. */
static void
test_link_is_made_anew (Fixture       *f,
                        gconstpointer  user_data)
{
  for (guint i = 0; i < 3; i++)
    {
      ask (f);
      expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
      f->epoch = get_epoch (f);
      test_run ("ip link del up0; ip link add up0 index %u type veth peer name far0; ip link set up0 addrgenmode none;"
                "ip link set far0 address " MAC_A " netns %d; ip link set up0 up", f->ifindex, f->far);
      run_far (f, "ip link set far0 addrgenmode none; ip link set far0 up");
      run_far (f, f->far_address);
      plug_in (f);
      g_assert_cmpuint (if_nametoindex ("up0"), ==, f->ifindex);
      g_assert_true (test_wait (PATIENCE_MS, has_later_epoch, f));
      g_assert_cmpint (look (f, NULL), !=, DIVERT_GATEWAY_RESOLVED);
    }
}

static void
test_address_goes (Fixture       *f,
                   gconstpointer  user_data)
{
  ask (f);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
  /* They were gone and came back before anybody looked, but not before the kernel reported it. */
  test_run ("%s addr flush dev up0; %s route flush default", f->ip, f->ip);
  plug_in (f);
  expect (f, DIVERT_GATEWAY_UNKNOWN, "");
  ask (f);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
  /* A removal in IPv6 doesn't concern IPv4, but one in IPv4 concerns both. */
  if (f->family == DIVERT_FAMILY_IPV4)
    {
      test_run ("ip addr add fe80::9/64 dev up0 nodad; ip addr del fe80::9/64 dev up0");
      expect_steady (f, 100, DIVERT_GATEWAY_RESOLVED);
    }
  else
    {
      test_run ("ip addr add 192.0.2.9/24 dev up0; ip addr del 192.0.2.9/24 dev up0");
      expect (f, DIVERT_GATEWAY_UNKNOWN, "");
    }
}

/* An address of another network comes, and nothing goes.  What was proven through the link is over. */
static void
test_strange_address (Fixture       *f,
                      gconstpointer  user_data)
{
  guint before;

  /* The first address tells of nothing.  A link-local one doesn't count. */
  if (f->family == DIVERT_FAMILY_IPV6)
    test_run ("ip addr add 2001:db8:1::2/64 dev up0 nodad");
  ask (f);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
  before = get_epoch (f);
  test_run ("ip addr add %s dev up0", f->family == DIVERT_FAMILY_IPV6 ? "2001:db8:ffff::9/64 nodad" : "10.9.9.9/24");
  expect (f, DIVERT_GATEWAY_UNKNOWN, "");
  g_assert_cmpuint (get_epoch (f), !=, before);
}

static void
test_route_goes (Fixture       *f,
                 gconstpointer  user_data)
{
  ask (f);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
  test_run ("%s route del default; %s route add default via %s dev up0", f->ip, f->ip, f->gateway);
  expect (f, DIVERT_GATEWAY_UNKNOWN, "");
}

/* More than the socket can take, while nobody reads.  What comes after that is lost: an address and a route go and come
 * back.  The next dump shows nothing of it. */
static void
test_notifications_are_lost (Fixture       *f,
                             gconstpointer  user_data)
{
  guint epoch;

  ask (f);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
  epoch = get_epoch (f);
  test_run ("seq 1 30000 | sed 's/.*/link set lo alias &/' | ip -batch -");
  test_run ("%s addr flush dev up0; %s route flush default", f->ip, f->ip);
  plug_in (f);
  expect (f, DIVERT_GATEWAY_UNKNOWN, "");
  g_assert_cmpuint (get_epoch (f), >, epoch);
  ask (f);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
}

int
main (int   argc,
      char *argv[])
{
  static const GatewayTest tests[] = {
    { "route-is-replaced", test_route_is_replaced },
    { "carrier", test_carrier },
    { "link-is-made-anew", test_link_is_made_anew },
    { "address-goes", test_address_goes },
    { "strange-address", test_strange_address },
    { "route-goes", test_route_goes },
    { "notifications-are-lost", test_notifications_are_lost },
  };

  return run_gateway_tests (argc, argv, tests, G_N_ELEMENTS (tests));
}
