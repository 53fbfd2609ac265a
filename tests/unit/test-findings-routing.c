/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is found of other programs' ip rules and routes.
 */
#include "findings-fixture.h"
#include "values.h"

static const DivertPolicy local = { .priority = 0, .table = DIVERT_TABLE_LOCAL, .suppress_prefixlength = -1 };
static const DivertPolicy ours = { .ours = TRUE, .priority = 100, .mark = 0x17, .mask = 0xff, .table = 2233,
                                   .suppress_prefixlength = -1 };
static const DivertPolicy main_table = { .priority = 32766, .table = DIVERT_TABLE_MAIN, .suppress_prefixlength = -1 };
static const DivertPolicy wg_main = { .priority = 98, .table = DIVERT_TABLE_MAIN, .suppress_prefixlength = 0 };
static const DivertPolicy wg_all = { .priority = 99, .invert = TRUE, .mark = 0xca6c, .mask = G_MAXUINT32,
                                     .table = 51820, .suppress_prefixlength = -1 };

static DivertSurvey *
make_policies (const DivertPolicy *const *policies,
               guint                      n)
{
  DivertSurvey *survey = divert_survey_new ();

  for (guint i = 0; i < n; i++)
    divert_survey_add_policy (survey, policies[i]);
  return survey;
}

static void
add_way (DivertSurvey *survey,
         const char   *to,
         guint32       table)
{
  DivertWay way = { .answered = TRUE, .to_lo = table == 2233, .table = table };

  g_assert_true (divert_address_parse (to, &way.destination, NULL));
  divert_survey_add_way (survey, &way);
}

#define MOVE_MAIN "sudo ip -4 rule add pref 32701 from all lookup main suppress_prefixlength 0 && " \
                  "sudo ip -4 rule del pref 98 from all lookup main suppress_prefixlength 0"
#define MOVE_ALL "sudo ip -4 rule add pref 32702 not from all fwmark 0xca6c lookup 51820 && " \
                 "sudo ip -4 rule del pref 99 not from all fwmark 0xca6c lookup 51820"

static void
test_rules_before_ours (void)
{
  const DivertPolicy *const policies[] = { &local, &wg_main, &wg_all, &ours, &main_table };
  g_autoptr(DivertSurvey) taken = make_policies (policies, 5), idle = make_policies (policies, 5);

  add_way (taken, "198.51.100.1", 51820);
  add_way (idle, "198.51.100.1", 2233);
  assert_found (taken,
                "rule-takes|ip -4 rule|99: not from all fwmark 0xca6c lookup 51820|wg-quick|" MOVE_ALL "|1\n"
                "rule-before|ip -4 rule|98: from all lookup main suppress_prefixlength 0|wg-quick|" MOVE_MAIN "|1\n");
  assert_found (idle,
                "rule-before|ip -4 rule|98: from all lookup main suppress_prefixlength 0|wg-quick|" MOVE_MAIN "|1\n"
                "rule-before|ip -4 rule|99: not from all fwmark 0xca6c lookup 51820|wg-quick|" MOVE_ALL "|1\n");
}

static void
test_rules_behind_ours (void)
{
  DivertPolicy all = wg_all;
  const DivertPolicy *const policies[] = { &local, &ours, &wg_main, &all, &main_table };
  g_autoptr(DivertSurvey) survey = make_policies (policies, 5);

  all.priority = 32764;
  assert_found (survey, "");
}

/* One condition at a time: which of them keeps our packets away? */
static void
test_rules_that_miss_ours (void)
{
  DivertPolicy tailscale = { .priority = 50, .mark = 0x80000, .mask = 0xff0000, .table = 52,
                             .suppress_prefixlength = -1 };
  DivertPolicy in = { .priority = 51, .in_interface = "eth0", .table = 7, .suppress_prefixlength = -1 };
  DivertPolicy mark = { .priority = 52, .mark = 0x18, .mask = 0xff, .table = 7, .suppress_prefixlength = -1 };
  DivertPolicy nop = { .priority = 53, .action = DIVERT_POLICY_NONE, .suppress_prefixlength = -1 };
  DivertPolicy not_ours = { .priority = 54, .invert = TRUE, .mark = 0x17, .mask = 0xff, .table = 7,
                            .suppress_prefixlength = -1 };
  const DivertPolicy *const policies[] = { &local, &tailscale, &in, &mark, &nop, &not_ours, &ours };
  g_autoptr(DivertSurvey) survey = make_policies (policies, G_N_ELEMENTS (policies));

  assert_found (survey, "");
}

static void
test_rules_of_our_mark (void)
{
  DivertPolicy left = { .priority = 99, .mark = 23, .mask = G_MAXUINT32, .table = 2233, .suppress_prefixlength = -1 };
  DivertPolicy theirs = { .priority = 200, .mark = 0x1117, .mask = 0xffff, .table = 7, .suppress_prefixlength = -1 };
  DivertPolicy hidden = { .priority = 98, .table = 8, .has_more = TRUE, .suppress_prefixlength = -1 };
  const DivertPolicy *const policies[] = { &local, &hidden, &left, &ours, &theirs };
  g_autoptr(DivertSurvey) survey = make_policies (policies, G_N_ELEMENTS (policies));

  assert_found (survey,
                "rule-before|ip -4 rule|98: from all lookup 8|||1\n"
                "rule-left|ip -4 rule|99: from all fwmark 0x17 lookup 2233||"
                "sudo ip -4 rule del pref 99 from all fwmark 0x17 lookup 2233|1\n"
                "rule-mark|ip -4 rule|200: from all fwmark 0x1117/0xffff lookup 7|||1\n");
}

/* OpenVPN's way: a route for its server past the tunnel. */
static void
test_tunnel (void)
{
  g_autoptr(DivertSurvey) survey = divert_survey_new ();
  DivertPrefix server;

  g_strlcpy (survey->tunnel.device, "tun0", sizeof survey->tunnel.device);
  assert_found (survey, "");
  g_assert_true (divert_address_parse ("10.0.0.9", &server, NULL));
  divert_prefixes_add (survey->tunnel.past, &server);
  assert_found (survey, "");
  g_array_set_size (survey->tunnel.past, 0);
  g_assert_true (divert_address_parse ("203.0.113.9", &server, NULL));
  divert_prefixes_add (survey->tunnel.past, &server);
  assert_found (survey, "tunnel|tun0|203.0.113.9|||1\n");
}

static void
test_destinations (void)
{
  g_autoptr(DivertConfig) config = test_config_new (findings_config);
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AUTO, NULL);
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(DivertDecision) decision = divert_decide (config, mode, facts);
  g_autoptr(GArray) all = divert_diagnosis_list_destinations (config, decision), granted = NULL;
  g_autofree char *all_text = divert_prefixes_to_string (all), *granted_text = NULL;

  test_prefixes_add (decision->direct, "192.168.22.0/24");
  granted = divert_diagnosis_list_destinations (config, decision);
  granted_text = divert_prefixes_to_string (granted);
  g_assert_cmpstr (all_text, ==, "198.51.100.1;2001:db8::1;192.168.22.0;fd00:22::");
  g_assert_cmpstr (granted_text, ==, "198.51.100.1;2001:db8::1;fd00:22::");
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/findings/rules-before-ours", test_rules_before_ours);
  g_test_add_func ("/findings/rules-behind-ours", test_rules_behind_ours);
  g_test_add_func ("/findings/rules-that-miss-ours", test_rules_that_miss_ours);
  g_test_add_func ("/findings/rules-of-our-mark", test_rules_of_our_mark);
  g_test_add_func ("/findings/tunnel", test_tunnel);
  g_test_add_func ("/findings/destinations", test_destinations);
  return g_test_run ();
}
