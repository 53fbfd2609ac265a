/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long the first run waits. */
#include "core/memory/startup.h"
#include "values.h"

#define BEGIN 1000
#define MS 1000

static const char config_text[] =
  "[proxy]\ngroup=1\n"
  "[site home]\nintranet=192.168.22.0/24\nzone=home\ngateway-mac=02:00:00:00:22:01\n"
  "beacon=tls://192.168.22.1:443 sha256:0000000000000000000000000000000000000000000000000000000000000000\n";

/* What home's connection proves while its gateway is in the state @state. */
static DivertDecision *
decide (const char *state)
{
  g_autoptr(DivertConfig) config = test_config_new (config_text);
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AUTO, NULL);
  g_autoptr(DivertFacts) facts = NULL;
  g_autofree char *text = g_strconcat ("[machine]\nnm-running=true\nsleeping=false\n"
                                       "[connection 1]\nuuid=1\nzone=home\ntype=802-3-ethernet\ndevice=eth0\nup=true\n"
                                       "external=false\nreturned=false\n"
                                       "[link 1]\nifindex=2\nname=eth0\ncarrier=true\naddresses=192.168.22.33/24\n"
                                       "gateways=192.168.22.1 ", state, "\n", NULL);

  facts = test_facts_new (text);
  return divert_decide (config, mode, facts);
}

static void
test_no_rules (void)
{
  DivertStartup startup = divert_startup_begin (FALSE, BEGIN);

  g_assert_cmpint (divert_startup_wait (&startup, FALSE, NULL, BEGIN), ==, 0);
}

static void
test_network_manager (void)
{
  DivertStartup startup = divert_startup_begin (TRUE, BEGIN);
  gint64 until = divert_startup_wait (&startup, FALSE, NULL, BEGIN);

  g_assert_cmpint (until, ==, BEGIN + 2000 * MS);
  g_assert_cmpint (divert_startup_wait (&startup, FALSE, NULL, until - 1), ==, until);
  g_assert_cmpint (divert_startup_wait (&startup, FALSE, NULL, until), ==, 0);
}

static void
test_gateway (void)
{
  DivertStartup startup = divert_startup_begin (TRUE, BEGIN);
  g_autoptr(DivertDecision) pending = decide ("pending");
  g_autoptr(DivertDecision) failed = decide ("failed");
  gint64 until;

  g_assert_cmpint (divert_startup_wait (&startup, TRUE, NULL, BEGIN + 100 * MS), ==, 0);
  until = divert_startup_wait (&startup, TRUE, pending, BEGIN + 100 * MS);
  g_assert_cmpint (until, ==, BEGIN + 400 * MS);
  /* Asking again and again doesn't make it longer. */
  g_assert_cmpint (divert_startup_wait (&startup, TRUE, pending, BEGIN + 300 * MS), ==, until);
  g_assert_cmpint (divert_startup_wait (&startup, TRUE, failed, BEGIN + 300 * MS), ==, 0);
  g_assert_cmpint (divert_startup_wait (&startup, TRUE, pending, until), ==, 0);
}

static void
test_beacon (void)
{
  DivertStartup startup = divert_startup_begin (TRUE, BEGIN);
  g_autoptr(DivertDecision) only_beacon = decide ("resolved 02:00:00:00:22:01");
  gint64 until = divert_startup_wait (&startup, TRUE, only_beacon, BEGIN);

  g_assert_cmpint (until, ==, BEGIN + 1000 * MS);
  g_assert_cmpint (divert_startup_wait (&startup, TRUE, only_beacon, until - 1), ==, until);
  g_assert_cmpint (divert_startup_wait (&startup, TRUE, only_beacon, until), ==, 0);
}

static void
test_over (void)
{
  DivertStartup startup = divert_startup_begin (TRUE, BEGIN);
  g_autoptr(DivertDecision) pending = decide ("pending");

  divert_startup_end (&startup);
  g_assert_cmpint (divert_startup_wait (&startup, FALSE, NULL, BEGIN), ==, 0);
  g_assert_cmpint (divert_startup_wait (&startup, TRUE, pending, BEGIN), ==, 0);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/startup/no-rules", test_no_rules);
  g_test_add_func ("/startup/network-manager", test_network_manager);
  g_test_add_func ("/startup/gateway", test_gateway);
  g_test_add_func ("/startup/beacon", test_beacon);
  g_test_add_func ("/startup/over", test_over);
  return g_test_run ();
}
