/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: this machine and its gateway, and looking at what the kernel's part of the facts says. */
#include "gateway-fixture.h"
#include "families.h"

#include <net/if.h>

void
run_far (Fixture    *f,
         const char *command)
{
  test_run ("nsenter -n -t %d sh -e -c '%s'", f->far, command);
}

void
plug_in (Fixture *f)
{
  test_run ("%s addr add %s dev up0 %s && %s route add default via %s dev up0", f->ip,
            f->family == DIVERT_FAMILY_IPV6 ? "fe80::2/64" : "192.0.2.2/24",
            f->family == DIVERT_FAMILY_IPV6 ? "nodad" : "", f->ip, f->gateway);
}

static void
set_up (Fixture       *f,
        gconstpointer  user_data)
{
  g_autoptr(GError) error = NULL;
  gboolean is_ipv6;

  f->family = GPOINTER_TO_UINT (user_data);
  is_ipv6 = f->family == DIVERT_FAMILY_IPV6;
  f->ip = is_ipv6 ? "ip -6" : "ip -4";
  f->gateway = is_ipv6 ? "fe80::1" : "192.0.2.1";
  f->far_address = is_ipv6 ? "ip -6 addr add fe80::1/64 dev far0 nodad" : "ip addr add 192.0.2.1/24 dev far0";

  test_namespace_enter ();
  f->far = test_namespace_start_far ();
  test_run ("ip link add up0 type veth peer name far0;"
            "ip link set up0 addrgenmode none; ip link set far0 addrgenmode none;"
            "ip link set far0 address " MAC_A " netns %d; ip link set up0 up;"
            "for family in ipv4 ipv6; do echo 50 >/proc/sys/net/$family/neigh/up0/retrans_time_ms;"
            /* IPv4 would otherwise keep an address for a second, whatever others say. */
            "  echo 0 >/proc/sys/net/$family/neigh/up0/locktime; done", f->far);
  /* It announces a new address of its own, as routers do when they take over. */
  run_far (f, "ip link set lo up; ip link set far0 addrgenmode none; ip link set far0 up;"
              "echo 1 >/proc/sys/net/ipv4/conf/far0/arp_notify; echo 1 >/proc/sys/net/ipv6/conf/far0/ndisc_notify");
  run_far (f, f->far_address);
  plug_in (f);
  f->ifindex = if_nametoindex ("up0");

  f->kernel = divert_kernel_new (test_on_call, &f->n_calls, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture       *f,
           gconstpointer  user_data)
{
  divert_kernel_free (f->kernel);
  test_child_stop (f->far);
}

guint
get_epoch (Fixture *f)
{
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(GError) error = NULL;

  divert_kernel_gather (f->kernel, facts, &error);
  g_assert_no_error (error);
  return divert_facts_find_link (facts, "up0")->epoch;
}

DivertGatewayState
look (Fixture  *f,
      char    **ret_macs)
{
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(GError) error = NULL;
  const DivertLink *link;
  const DivertGateway *gateway;

  divert_kernel_gather (f->kernel, facts, &error);
  g_assert_no_error (error);
  link = divert_facts_find_link (facts, "up0");
  g_assert_nonnull (link);
  if (link->gateways->len == 0)
    {
      if (ret_macs != NULL)
        *ret_macs = g_strdup ("");
      return DIVERT_GATEWAY_UNKNOWN;
    }
  gateway = link->gateways->pdata[0];
  if (ret_macs != NULL)
    *ret_macs = divert_macs_to_string (gateway->macs);
  return gateway->state;
}

static gboolean
is_as_wanted (gpointer user_data)
{
  Fixture *f = user_data;
  g_autofree char *macs = NULL;
  DivertGatewayState state = look (f, &macs);

  return state == f->wanted && (f->wanted_macs == NULL || g_str_equal (macs, f->wanted_macs));
}

void
expect (Fixture            *f,
        DivertGatewayState  state,
        const char         *macs)
{
  g_autofree char *found = NULL;
  DivertGatewayState found_state;

  f->wanted = state;
  f->wanted_macs = macs;
  if (test_wait (PATIENCE_MS, is_as_wanted, f))
    return;
  found_state = look (f, &found);
  g_error ("wanted state %d, addresses %s; is: %d, %s", state, macs, found_state, found);
}

void
ask (Fixture *f)
{
  look (f, NULL);
  divert_kernel_resolve_gateways (f->kernel, f->ifindex);
}

void
expect_steady (Fixture            *f,
               guint               ms,
               DivertGatewayState  state)
{
  gint64 end = g_get_monotonic_time () + ms * 1000;

  while (g_get_monotonic_time () < end)
    {
      test_wait (5, NULL, NULL);
      g_assert_cmpint (look (f, NULL), ==, state);
    }
}

int
run_gateway_tests (int                 argc,
                   char              **argv,
                   const GatewayTest  *tests,
                   guint               n_tests)
{
  test_needs_namespaces ();
  test_needs ("ip", "nsenter", NULL);
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < n_tests; i++)
    test_families_add ("gateway", tests[i].name, Fixture, set_up, tests[i].test, tear_down);
  return g_test_run ();
}
