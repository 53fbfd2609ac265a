/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gateways' link-layer addresses, with a real neighbour table.
 *
 * This file tests what the kernel does and reports. unit/test-gateway-resolution.c tests what we do and when.
 */
#include "core/facts/freshness.h"
#include "gateway-fixture.h"

#include <string.h>

static void
test_resolves (Fixture       *f,
               gconstpointer  user_data)
{
  g_autofree char *before = NULL;

  g_assert_cmpint (look (f, NULL), ==, DIVERT_GATEWAY_UNKNOWN);
  /* Nobody asked, so nothing is sent. */
  before = test_output ("ip neigh show %s dev up0", f->gateway);
  g_assert_cmpstr (before, ==, "");
  ask (f);
  g_assert_cmpint (look (f, NULL), ==, DIVERT_GATEWAY_PENDING);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
  /* Asking while a question is under way does nothing. */
  ask (f);
  g_assert_cmpint (look (f, NULL), ==, DIVERT_GATEWAY_RESOLVED);
}

static void
test_tells (Fixture       *f,
            gconstpointer  user_data)
{
  test_wait (50, NULL, NULL);
  ask (f);
  f->n_calls = 0;
  g_assert_true (test_wait (PATIENCE_MS, test_was_called, &f->n_calls));
  g_assert_cmpint (look (f, NULL), ==, DIVERT_GATEWAY_RESOLVED);
  test_wait (50, NULL, NULL);
  g_assert_cmpuint (f->n_calls, ==, 1);
}

static guint
count_fresh (Fixture *f)
{
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(GError) error = NULL;

  divert_kernel_gather (f->kernel, facts, &error);
  g_assert_no_error (error);
  divert_facts_fill_fresh (facts);
  return divert_facts_find_link (facts, "up0")->fresh->len;
}

/* The first address of the other family. */
static void
add_address (Fixture *f)
{
  test_run (f->family == DIVERT_FAMILY_IPV6 ? "ip addr add 198.51.100.9/24 dev up0"
                                            : "ip addr add 2001:db8::9/64 dev up0 nodad");
}

/* An address is fresh until the gateway has answered after it. We are told about that soon. */
static void
test_fresh_address (Fixture       *f,
                    gconstpointer  user_data)
{
  ask (f);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
  g_assert_cmpuint (count_fresh (f), ==, 0);

  add_address (f);
  g_assert_cmpuint (count_fresh (f), ==, 1);
  /* It looks only when it is notified, by the kernel about the address or by us about the answer. */
  do
    {
      f->n_calls = 0;
      g_assert_true (test_wait (PATIENCE_MS, test_was_called, &f->n_calls));
    }
  while (count_fresh (f) > 0);
}

/* An address comes when the gateway is already gone, and nobody knows yet. */
static void
test_fresh_address_and_silence (Fixture       *f,
                                gconstpointer  user_data)
{
  ask (f);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
  run_far (f, "ip addr flush dev far0");
  add_address (f);
  do
    {
      g_assert_cmpuint (count_fresh (f), ==, 1);
      test_wait (5, NULL, NULL);
    }
  while (look (f, NULL) == DIVERT_GATEWAY_RESOLVED);
  g_assert_cmpint (look (f, NULL), ==, DIVERT_GATEWAY_FAILED);
}

/* An entry that says "reachable" may come from another place or time, and isn't believed. */
static void
test_stale_entry (Fixture       *f,
                  gconstpointer  user_data)
{
  test_run ("ip neigh replace %s lladdr " MAC_B " dev up0 nud reachable", f->gateway);
  ask (f);
  g_assert_cmpint (look (f, NULL), ==, DIVERT_GATEWAY_PENDING);
  /* First nobody gets the unicast probe. Then everybody is asked. */
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
}

static void
test_stale_entry_and_no_answer (Fixture       *f,
                                gconstpointer  user_data)
{
  run_far (f, "ip addr flush dev far0");
  test_run ("ip neigh replace %s lladdr " MAC_A " dev up0 nud reachable", f->gateway);
  ask (f);
  g_assert_cmpint (look (f, NULL), ==, DIVERT_GATEWAY_PENDING);
  expect (f, DIVERT_GATEWAY_FAILED, NULL);

  /* It is asked again without anybody's help, and now it answers. */
  run_far (f, f->far_address);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
}

static void
test_fresh_entry_is_asked_gently (Fixture       *f,
                                  gconstpointer  user_data)
{
  test_run ("ip neigh replace %s lladdr " MAC_A " dev up0 nud stale", f->gateway);
  ask (f);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
}

static void
test_mac_changes (Fixture       *f,
                  gconstpointer  user_data)
{
  guint epoch = get_epoch (f);

  ask (f);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
  g_assert_cmpuint (get_epoch (f), ==, epoch);
  run_far (f, "ip link set far0 address " MAC_B);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_B ";" MAC_A);
  g_assert_cmpuint (get_epoch (f), >, epoch);
  /* Both are kept for a while, because the gateway answers with them in turn. */
  run_far (f, "ip link set far0 address " MAC_A);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A ";" MAC_B);
  /* Another place knows nothing about them. */
  divert_kernel_distrust (f->kernel, f->ifindex);
  g_assert_cmpint (look (f, NULL), ==, DIVERT_GATEWAY_UNKNOWN);
  ask (f);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
}

static gboolean
has_entry (Fixture *f)
{
  g_autofree char *entry = test_output ("ip neigh show %s dev up0", f->gateway);

  return strstr (entry, MAC_A) != NULL;
}

static void
test_entry_is_dropped (Fixture       *f,
                       gconstpointer  user_data)
{
  ask (f);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
  test_run ("ip neigh flush dev up0");
  /* It is asked in the background. */
  while (!has_entry (f))
    expect_steady (f, 5, DIVERT_GATEWAY_RESOLVED);
  g_assert_cmpint (look (f, NULL), ==, DIVERT_GATEWAY_RESOLVED);

  run_far (f, "ip addr flush dev far0");
  test_run ("ip neigh flush dev up0");
  expect (f, DIVERT_GATEWAY_FAILED, NULL);
}

static void
test_kernel_finds_it_gone (Fixture       *f,
                           gconstpointer  user_data)
{
  ask (f);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
  run_far (f, "ip addr flush dev far0");
  test_run ("ip neigh replace %s lladdr " MAC_A " dev up0 nud probe", f->gateway);
  expect (f, DIVERT_GATEWAY_FAILED, NULL);
}

/* The gateway is silent and comes back. What was proven before has to be proven again, once. */
typedef struct
{
  Fixture *f;
  guint    ifindex;
  gint64   after;
  gint64   apart;
} Together;

/* Have two gateways answered since then, and how far apart? */
static gboolean
have_answered (gpointer user_data)
{
  Together *together = user_data;
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  const DivertGateway *gateways[2];
  const DivertLink *link;

  g_assert_true (divert_kernel_gather (together->f->kernel, facts, NULL));
  link = divert_facts_find_link (facts, "up0");
  g_assert_cmpuint (link->gateways->len, ==, 2);
  for (guint i = 0; i < 2; i++)
    {
      gateways[i] = link->gateways->pdata[i];
      if (gateways[i]->last_answer <= together->after)
        return FALSE;
    }
  together->apart = ABS (gateways[0]->last_answer - gateways[1]->last_answer);
  return TRUE;
}

/* Whenever each of them was asked first, they are soon asked in one wake-up. */
static void
test_together (Fixture       *f,
               gconstpointer  user_data)
{
  const gboolean is_ipv6 = f->family == DIVERT_FAMILY_IPV6;
  Together together = { .f = f };

  ask (f);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
  test_wait (400, NULL, NULL);
  if (is_ipv6)
    {
      run_far (f, "ip addr add 192.0.2.1/24 dev far0");
      test_run ("ip addr add 192.0.2.2/24 dev up0; ip route add default via 192.0.2.1 dev up0");
    }
  else
    {
      run_far (f, "ip addr add fe80::1/64 dev far0 nodad");
      test_run ("ip addr add fe80::2/64 dev up0 nodad; ip -6 route add default via fe80::1 dev up0");
    }
  ask (f);
  together.after = g_get_monotonic_time ();
  g_assert_true (test_wait (PATIENCE_MS, have_answered, &together));
  together.after = g_get_monotonic_time () + 2 * G_USEC_PER_SEC;
  g_assert_true (test_wait (PATIENCE_MS, have_answered, &together));
  /* A busy machine may come to one of them later. */
  for (guint i = 0; i < 5 && together.apart >= 200 * 1000; i++)
    {
      together.after = g_get_monotonic_time ();
      g_assert_true (test_wait (PATIENCE_MS, have_answered, &together));
    }
  g_test_message ("%.1f ms apart", together.apart / 1000.0);
  g_assert_cmpint (together.apart, <, 200 * 1000);
}

static void
test_silence (Fixture       *f,
              gconstpointer  user_data)
{
  guint epoch;

  ask (f);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
  epoch = get_epoch (f);
  run_far (f, "ip addr flush dev far0");
  expect (f, DIVERT_GATEWAY_FAILED, NULL);
  g_assert_cmpuint (get_epoch (f), ==, epoch + 1);
  run_far (f, f->far_address);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
  g_assert_cmpuint (get_epoch (f), ==, epoch + 1);
}

static void
test_permanent_entry (Fixture       *f,
                      gconstpointer  user_data)
{
  g_autofree char *entry = NULL;

  test_run ("ip neigh replace %s lladdr " MAC_A " dev up0 nud permanent", f->gateway);
  ask (f);
  g_assert_cmpint (look (f, NULL), ==, DIVERT_GATEWAY_FAILED);
  entry = test_output ("ip neigh show %s dev up0", f->gateway);
  g_assert_nonnull (strstr (entry, "PERMANENT"));
  g_assert_nonnull (strstr (entry, MAC_A));
}

/* The router flag on an IPv6 neighbour survives our question. (Without it the default route might go.) */
static void
test_router_flag (Fixture       *f,
                  gconstpointer  user_data)
{
  g_autofree char *entry = NULL;

  if (f->family == DIVERT_FAMILY_IPV4)
    return;
  run_far (f, "ip addr flush dev far0");
  test_run ("ip neigh replace %s lladdr " MAC_A " dev up0 router nud reachable", f->gateway);
  ask (f);
  entry = test_output ("ip neigh show %s dev up0", f->gateway);
  g_assert_nonnull (strstr (entry, "PROBE"));
  g_assert_nonnull (strstr (entry, "router"));
}

static void
test_storm (Fixture       *f,
            gconstpointer  user_data)
{
  ask (f);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
  test_wait (50, NULL, NULL);
  f->n_calls = 0;
  test_run ("i=0; while [ $i -lt 40 ]; do j=1; while [ $j -le 250 ]; "
            "do echo neigh replace 10.7.$i.$j lladdr " MAC_B " dev up0;"
            "j=$((j+1)); done; i=$((i+1)); done | ip -batch -");
  test_wait (100, NULL, NULL);
  g_assert_cmpuint (f->n_calls, <=, 2);
  g_assert_cmpint (look (f, NULL), ==, DIVERT_GATEWAY_RESOLVED);
}

static void
test_lost_notifications (Fixture       *f,
                         gconstpointer  user_data)
{
  ask (f);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_A);
  /* The socket is full when the other address is reported. */
  test_run ("seq 1 30000 | sed 's/.*/link set up0 alias &/' | ip -batch -");
  run_far (f, "ip link set far0 address " MAC_B);
  expect (f, DIVERT_GATEWAY_UNKNOWN, "");
  ask (f);
  expect (f, DIVERT_GATEWAY_RESOLVED, MAC_B);
}

int
main (int   argc,
      char *argv[])
{
  static const GatewayTest tests[] = {
    { "resolves", test_resolves },
    { "tells", test_tells },
    { "fresh-address", test_fresh_address },
    { "fresh-address-and-silence", test_fresh_address_and_silence },
    { "stale-entry", test_stale_entry },
    { "stale-entry-and-no-answer", test_stale_entry_and_no_answer },
    { "fresh-entry-is-asked-gently", test_fresh_entry_is_asked_gently },
    { "mac-changes", test_mac_changes },
    { "entry-is-dropped", test_entry_is_dropped },
    { "kernel-finds-it-gone", test_kernel_finds_it_gone },
    { "together", test_together },
    { "silence", test_silence },
    { "permanent-entry", test_permanent_entry },
    { "router-flag", test_router_flag },
    { "storm", test_storm },
    { "lost-notifications", test_lost_notifications },
  };

  return run_gateway_tests (argc, argv, tests, G_N_ELEMENTS (tests));
}
