/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is found of other programs' filter rules, and the limits of the findings.
 */
#include "findings-fixture.h"
#include "values.h"

/* The article's, and clash's beside it.  A chain that nobody jumps to is of no interest. */
static void
test_proxies (void)
{
  g_autoptr(DivertSurvey) survey = divert_survey_new ();
  const guint prerouting = add_chain (survey, DIVERT_WORLD_LEGACY, "mangle", "PREROUTING", DIVERT_AT_PREROUTING);
  const guint divert = add_chain (survey, DIVERT_WORLD_LEGACY, "mangle", "DIVERT", DIVERT_AT_NOWHERE);
  const guint idle = add_chain (survey, DIVERT_WORLD_LEGACY, "mangle", "IDLE", DIVERT_AT_NOWHERE);
  const guint output = add_chain (survey, DIVERT_WORLD_LEGACY, "nat", "OUTPUT", DIVERT_AT_OUTPUT);
  const guint clash = add_chain (survey, DIVERT_WORLD_NFTABLES, "clash", "out put", DIVERT_AT_OUTPUT);

  add_jump (survey, prerouting, 1, "DIVERT");
  add_effect (survey, divert, 1, DIVERT_EFFECT_TPROXY, 0, 0, 22223);
  add_effect (survey, divert, 2, DIVERT_EFFECT_TPROXY, 0, 0, 22223);
  add_effect (survey, idle, 1, DIVERT_EFFECT_TPROXY, 0, 0, 22223);
  add_effect (survey, output, 3, DIVERT_EFFECT_REDIRECT, 0, 0, 1053);
  add_effect (survey, output, 5, DIVERT_EFFECT_REDIRECT, 0, 0, 1053);
  add_effect (survey, clash, 7, DIVERT_EFFECT_REDIRECT, 0, 0, 7892);
  assert_found (survey,
                "other-proxy|nft: table ip clash, chain out put|redirect to :7892 # handle 7|clash|"
                "sudo nft delete rule ip clash 'out put' handle 7|1\n"
                "old-rules|iptables-legacy: table mangle, chain DIVERT|-A DIVERT -j TPROXY --on-port 22223||"
                "sudo iptables-legacy -t mangle -F DIVERT|2\n"
                "old-rules|iptables-legacy: table nat, chain OUTPUT|-A OUTPUT -j REDIRECT --to-ports 1053||"
                "sudo iptables-legacy -t nat -D OUTPUT 5 && sudo iptables-legacy -t nat -D OUTPUT 3|2\n");
}

static void
test_marks (void)
{
  g_autoptr(DivertSurvey) survey = divert_survey_new ();
  const guint output = add_chain (survey, DIVERT_WORLD_LEGACY, "mangle", "OUTPUT", DIVERT_AT_OUTPUT);
  const guint forward = add_chain (survey, DIVERT_WORLD_LEGACY, "mangle", "FORWARD", DIVERT_AT_FORWARD);

  add_effect (survey, output, 1, DIVERT_EFFECT_MARK, 0x80000, 0xff0000, 0);
  add_effect (survey, output, 2, DIVERT_EFFECT_MARK, 0x17, G_MAXUINT32, 0);
  add_effect (survey, output, 3, DIVERT_EFFECT_MARK, 0x1, G_MAXUINT32, 0);
  add_effect (survey, output, 4, DIVERT_EFFECT_RESTORE_MARK, 0, 0xff0000, 0);
  add_effect (survey, output, 5, DIVERT_EFFECT_SAVE_MARK, 0, 0x3f, 0);
  add_effect (survey, output, 6, DIVERT_EFFECT_UNTRACK, 0, 0, 0);
  add_effect (survey, forward, 1, DIVERT_EFFECT_MARK, 0x1, G_MAXUINT32, 0);
  assert_found (survey,
                "mark|iptables-legacy: table mangle, chain OUTPUT|-A OUTPUT -j MARK --set-xmark 0x1/0xffffffff||"
                "sudo iptables-legacy -t mangle -D OUTPUT 3|1\n"
                "connection-mark|iptables-legacy: table mangle, chain OUTPUT|"
                "-A OUTPUT -j CONNMARK --save-mark --nfmask 0x3f --ctmask 0x3f||"
                "sudo iptables-legacy -t mangle -D OUTPUT 5|1\n"
                "our-mark|iptables-legacy: table mangle, chain OUTPUT|-A OUTPUT -j MARK --set-xmark 0x17/0xffffffff||"
                "sudo iptables-legacy -t mangle -D OUTPUT 2|1\n"
                "untracked|iptables-legacy: table mangle, chain OUTPUT|-A OUTPUT -j CT --notrack||"
                "sudo iptables-legacy -t mangle -D OUTPUT 6|1\n");
}

/* What comes from a network only, or has another mark, are no packets of ours. */
static void
test_other_packets (void)
{
  g_autoptr(DivertSurvey) survey = divert_survey_new ();
  const guint chain = add_chain (survey, DIVERT_WORLD_NFTABLES, "router", "pre", DIVERT_AT_PREROUTING);
  DivertSurveyRule rule = { .chain = chain, .effect = DIVERT_EFFECT_TPROXY, .port = 7893, .in_interface = "br0" };

  divert_survey_add_rule (survey, &rule);
  rule = (DivertSurveyRule) { .chain = chain, .effect = DIVERT_EFFECT_MARK, .value = 1, .mask = G_MAXUINT32,
                              .mark_match = { TRUE, FALSE, 0x18, 0xff } };
  divert_survey_add_rule (survey, &rule);
  rule = (DivertSurveyRule) { .chain = chain, .effect = DIVERT_EFFECT_TPROXY, .port = 7893, .in_interface = "lo",
                              .in_invert = TRUE };
  divert_survey_add_rule (survey, &rule);
  assert_found (survey, "");
}

/* What refuses ::1 matters behind the redirection only, to those who redirect, and if it isn't about lo. */
static void
test_dns_refused (void)
{
  g_autoptr(DivertSurvey) survey = divert_survey_new ();
  const guint output = add_chain (survey, DIVERT_WORLD_NFTABLES, "firewalld", "filter_OUTPUT", DIVERT_AT_OUTPUT);
  const guint input = add_chain (survey, DIVERT_WORLD_NFTABLES, "strict", "in", DIVERT_AT_INPUT);
  DivertSurveyRule rule = { .chain = output, .number = 5, .effect = DIVERT_EFFECT_DROP, .to_loopback6 = TRUE };

  divert_survey_add_rule (survey, &rule);
  rule.has_more = TRUE;
  divert_survey_add_rule (survey, &rule);
  rule = (DivertSurveyRule) { .chain = output, .effect = DIVERT_EFFECT_DROP, .to_loopback6 = TRUE,
                              .out_interface = "lo" };
  divert_survey_add_rule (survey, &rule);
  rule = (DivertSurveyRule) { .chain = input, .effect = DIVERT_EFFECT_DROP, .to_loopback6 = TRUE,
                              .in_interface = "eth0" };
  divert_survey_add_rule (survey, &rule);
  assert_found (survey,
                "dns-refused|nft: table ip firewalld, chain filter_OUTPUT|ip6 daddr … drop # handle 5|firewalld|"
                "sudo nft delete rule ip firewalld filter_OUTPUT handle 5|1\n");
}

/* A map may lead anywhere in its table, but not out of it. */
static void
test_maps (void)
{
  g_autoptr(DivertSurvey) survey = divert_survey_new ();
  const guint base = add_chain (survey, DIVERT_WORLD_NFTABLES, "a", "base", DIVERT_AT_OUTPUT);
  const guint mapped = add_chain (survey, DIVERT_WORLD_NFTABLES, "a", "mapped", DIVERT_AT_NOWHERE);
  const guint other = add_chain (survey, DIVERT_WORLD_NFTABLES, "b", "mapped", DIVERT_AT_NOWHERE);

  add_effect (survey, base, 1, DIVERT_EFFECT_MAP, 0, 0, 0);
  add_effect (survey, mapped, 2, DIVERT_EFFECT_UNTRACK, 0, 0, 0);
  add_effect (survey, other, 3, DIVERT_EFFECT_UNTRACK, 0, 0, 0);
  assert_found (survey, "untracked|nft: table ip a, chain mapped|notrack # handle 2||"
                        "sudo nft delete rule ip a mapped handle 2|1\n");
}

/* A survey with a base chain at INPUT, the chain 1, and @rules. */
static DivertSurvey *
make_input (gboolean                drops,
            const DivertSurveyRule *rules,
            guint                   n_rules)
{
  DivertSurvey *survey = divert_survey_new ();
  const DivertSurveyChain input = { .world = DIVERT_WORLD_LEGACY, .families = DIVERT_FAMILIES_IPV4, .family = "ip",
                                    .table = "filter", .name = "INPUT", .at = DIVERT_AT_INPUT, .drops = drops };

  divert_survey_add_chain (survey, &input);
  add_chain (survey, DIVERT_WORLD_LEGACY, "filter", "SUB", DIVERT_AT_NOWHERE);
  for (guint i = 0; i < n_rules; i++)
    divert_survey_add_rule (survey, &rules[i]);
  return survey;
}

#define INPUT_DROPS(RULE) "dropped|iptables-legacy: table filter, chain INPUT|" RULE \
                          "||sudo iptables-legacy -t filter -I INPUT -i lo -j ACCEPT|1\n"

static void
test_drops (void)
{
  const DivertSurveyRule from_lo = { .effect = DIVERT_EFFECT_ACCEPT, .in_interface = "lo" };
  const DivertSurveyRule from_eth = { .effect = DIVERT_EFFECT_ACCEPT, .in_interface = "eth0" };
  const DivertSurveyRule some = { .effect = DIVERT_EFFECT_ACCEPT, .has_more = TRUE };
  const DivertSurveyRule set = { .effect = DIVERT_EFFECT_ACCEPT, .has_more = TRUE, .device_set = TRUE };
  const DivertSurveyRule drop = { .effect = DIVERT_EFFECT_DROP };
  const DivertSurveyRule back = { .effect = DIVERT_EFFECT_RETURN, .has_more = TRUE };
  const DivertSurveyRule marked = { .effect = DIVERT_EFFECT_DROP,
                                    .mark_match = { TRUE, FALSE, 0x40000, 0xff0000 } };
  const DivertSurveyRule sub = { .effect = DIVERT_EFFECT_JUMP, .to = "SUB" };
  const DivertSurveyRule sub_drop = { .chain = 1, .effect = DIVERT_EFFECT_DROP };
  const struct
  {
    gboolean          drops;
    DivertSurveyRule  rules[4];
    guint             n_rules;
    const char       *expected;
  } cases[] = {
    { TRUE, { from_lo }, 1, "" },
    { TRUE, { set }, 1, "" },
    { TRUE, { from_eth, some }, 2, INPUT_DROPS ("policy DROP") },
    { FALSE, { from_eth, some }, 2, "" },
    { FALSE, { some, drop }, 2, INPUT_DROPS ("-A INPUT -j DROP") },
    { FALSE, { back, drop }, 2, "" },
    { FALSE, { marked }, 1, "" },
    { FALSE, { from_lo, drop }, 2, "" },
    { FALSE, { sub, sub_drop }, 2, INPUT_DROPS ("-A SUB -j DROP") },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(DivertSurvey) survey = make_input (cases[i].drops, cases[i].rules, cases[i].n_rules);

      assert_found (survey, cases[i].expected);
    }
}

static void
test_reverse_path (void)
{
  g_autoptr(DivertSurvey) survey = divert_survey_new ();
  const DivertSurveyChain chain = { .world = DIVERT_WORLD_NFTABLES, .families = DIVERT_FAMILIES_BOTH,
                                    .family = "inet", .table = "firewalld", .name = "mangle_PREROUTING",
                                    .at = DIVERT_AT_PREROUTING };
  const DivertSurveyRule rule = { .number = 4, .effect = DIVERT_EFFECT_DROP, .reverse_path = TRUE };
  g_autofree char *with_nftables = NULL;

  divert_survey_add_chain (survey, &chain);
  divert_survey_add_rule (survey, &rule);
  assert_found (survey, "reverse-path|nft: table inet firewalld, chain mangle_PREROUTING|"
                        "fib saddr . iif oif missing drop # handle 4|firewalld|"
                        "sudo nft delete rule inet firewalld mangle_PREROUTING handle 4|1\n");
  with_nftables = diagnose (survey, "nftables");
  g_assert_cmpstr (with_nftables, ==, "");
}

/* wg-quick's rule against those who guess a tunnel's address. */
static void
test_replies (void)
{
  g_autoptr(DivertSurvey) survey = divert_survey_new ();
  const DivertSurveyChain chain = { .world = DIVERT_WORLD_NFTABLES, .families = DIVERT_FAMILIES_IPV4, .family = "ip",
                                    .table = "wg-quick-wg0", .name = "preraw", .at = DIVERT_AT_PREROUTING };
  DivertSurveyRule rule = { .number = 3, .effect = DIVERT_EFFECT_DROP, .foreign_sender = TRUE, .has_more = TRUE,
                            .in_interface = "wg0", .in_invert = TRUE };

  divert_survey_add_chain (survey, &chain);
  divert_survey_add_rule (survey, &rule);
  assert_found (survey, "replies|nft: table ip wg-quick-wg0, chain preraw|"
                        "iifname != \"wg0\" … drop # handle 3|wg-quick|"
                        "sudo nft delete rule ip wg-quick-wg0 preraw handle 3|1\n");
}

static void
test_other_devices_replies (void)
{
  g_autoptr(DivertSurvey) survey = divert_survey_new ();
  const guint chain = add_chain (survey, DIVERT_WORLD_NFTABLES, "mine", "pre", DIVERT_AT_PREROUTING);
  const DivertSurveyRule rule = { .chain = chain, .number = 3, .effect = DIVERT_EFFECT_DROP, .foreign_sender = TRUE,
                                  .has_more = TRUE, .in_interface = "lo", .in_invert = TRUE };

  divert_survey_add_rule (survey, &rule);
  assert_found (survey, "");
}

static void
test_ours_and_unseen (void)
{
  g_autoptr(DivertSurvey) survey = divert_survey_new ();
  const DivertSurveyChain chain = { .world = DIVERT_WORLD_NFTABLES, .families = DIVERT_FAMILIES_BOTH,
                                    .family = "inet", .table = "nm-divert", .name = "output",
                                    .at = DIVERT_AT_OUTPUT, .ours = TRUE };

  divert_survey_add_chain (survey, &chain);
  add_effect (survey, 0, 1, DIVERT_EFFECT_MARK, 0x17, G_MAXUINT32, 0);
  survey->unread = 1u << DIVERT_SOURCE_LEGACY;
  survey->cut = 1u << DIVERT_SOURCE_NFTABLES;
  assert_found (survey, "unread|legacy||||1\ncut|nftables||||1\n");
}

/* Chains that jump to each other in a ring, and to all others. */
static void
test_work (void)
{
  g_autoptr(DivertSurvey) survey = divert_survey_new ();
  g_autoptr(DivertConfig) config = test_config_new (findings_config);
  g_autoptr(DivertDiagnosis) diagnosis = NULL;
  const guint n_chains = 100, n_rules = 100;

  for (guint i = 0; i < n_chains; i++)
    {
      g_autofree char *name = g_strdup_printf ("c%u", i);

      add_chain (survey, DIVERT_WORLD_NFTABLES, "t", name, i == 0 ? DIVERT_AT_PREROUTING : DIVERT_AT_NOWHERE);
    }
  for (guint i = 0; i < n_chains; i++)
    for (guint j = 0; j < n_rules; j++)
      {
        g_autofree char *to = g_strdup_printf ("c%u", (i + j + 1) % n_chains);

        if (j == n_rules - 1)
          add_effect (survey, i, j, DIVERT_EFFECT_MAP, 0, 0, 0);
        else
          add_jump (survey, i, j, to);
      }
  diagnosis = divert_diagnosis_new (config, "iptables", survey, NULL);
  g_assert_cmpuint (diagnosis->findings->len, ==, 0);
  g_assert_cmpuint (diagnosis->steps, <, 4 * n_chains * n_rules);
}

static void
test_limits (void)
{
  g_autoptr(DivertSurvey) survey = divert_survey_new ();
  const DivertPolicy main_table = { .priority = 32766, .table = DIVERT_TABLE_MAIN, .suppress_prefixlength = -1 };
  const guint chain = add_chain (survey, DIVERT_WORLD_LEGACY, "mangle", "OUTPUT", DIVERT_AT_OUTPUT);

  for (guint i = 0; i < DIVERT_SURVEY_MAX_RULES; i++)
    add_effect (survey, chain, i + 1, DIVERT_EFFECT_ACCEPT, 0, 0, 0);
  g_assert_cmpuint (survey->cut, ==, 0);
  add_effect (survey, chain, 1, DIVERT_EFFECT_ACCEPT, 0, 0, 0);
  g_assert_cmpuint (survey->cut, ==, 1u << DIVERT_SOURCE_LEGACY);
  g_assert_cmpuint (survey->rules->len, ==, DIVERT_SURVEY_MAX_RULES);
  for (guint i = 0; i <= DIVERT_SURVEY_MAX_POLICIES; i++)
    divert_survey_add_policy (survey, &main_table);
  g_assert_cmpuint (survey->cut, ==, 1u << DIVERT_SOURCE_LEGACY | 1u << DIVERT_SOURCE_POLICIES);
}

/* The worst are kept. */
static void
test_many_findings (void)
{
  g_autoptr(DivertSurvey) survey = divert_survey_new ();
  g_autoptr(DivertConfig) config = test_config_new (findings_config);
  g_autoptr(DivertDiagnosis) diagnosis = NULL;
  const DivertFinding *first, *last;

  for (guint i = 0; i <= DIVERT_DIAGNOSIS_MAX_FINDINGS; i++)
    {
      g_autofree char *name = g_strdup_printf ("c%u", i);
      const guint chain = add_chain (survey, DIVERT_WORLD_NFTABLES, "t", name, DIVERT_AT_OUTPUT);

      add_effect (survey, chain, 1, i == 200 ? DIVERT_EFFECT_REDIRECT : DIVERT_EFFECT_UNTRACK, 0, 0, 7);
    }
  diagnosis = divert_diagnosis_new (config, "nftables", survey, NULL);
  first = g_ptr_array_index (diagnosis->findings, 0);
  last = g_ptr_array_index (diagnosis->findings, diagnosis->findings->len - 1);
  g_assert_cmpuint (diagnosis->findings->len, ==, DIVERT_DIAGNOSIS_MAX_FINDINGS);
  g_assert_cmpint (first->kind, ==, DIVERT_FINDING_OTHER_PROXY);
  g_assert_cmpint (last->kind, ==, DIVERT_FINDING_CUT);
}

/* Only DNS over UDP loses answers by it. */
static void
test_wildcard (void)
{
  g_autoptr(DivertSurvey) survey = divert_survey_new ();
  g_autoptr(DivertConfig) config = test_config_new (findings_config);
  g_autoptr(DivertConfig) without = test_config_new ("[proxy]\ngroup=1\ndns-port=0\n[site home]\n"
                                                     "intranet=192.168.22.0/24\nzone=home\n");
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(DivertDiagnosis) none = NULL, found = NULL, unasked = NULL;
  const DivertFinding *finding;

  g_assert_true (divert_listening_from_text ("dns tcp IPv4 1053 good;dns udp IPv4 1053 good", facts->listening));
  none = divert_diagnosis_new (config, "nftables", survey, facts);
  g_assert_cmpuint (none->findings->len, ==, 0);
  g_assert_true (divert_listening_from_text ("dns udp IPv6 1053 good wildcard", facts->listening));
  found = divert_diagnosis_new (config, "nftables", survey, facts);
  g_assert_cmpuint (found->findings->len, ==, 1);
  finding = g_ptr_array_index (found->findings, 0);
  g_assert_cmpint (finding->kind, ==, DIVERT_FINDING_DNS_WILDCARD);
  g_assert_cmpstr (finding->where, ==, "[::]:1053");
  unasked = divert_diagnosis_new (without, "nftables", survey, facts);
  g_assert_cmpuint (unasked->findings->len, ==, 0);
}

static void
test_names (void)
{
  for (guint i = 0; i < DIVERT_N_FINDINGS; i++)
    {
      DivertFindingKind kind;

      g_assert_true (divert_finding_kind_from_name (divert_finding_kind_name (i), &kind));
      g_assert_cmpint (kind, ==, i);
      g_assert_cmpint (divert_finding_kind_get_gravity (i), >=, i > 0 ? divert_finding_kind_get_gravity (i - 1) : 0);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/findings/proxies", test_proxies);
  g_test_add_func ("/findings/marks", test_marks);
  g_test_add_func ("/findings/other-packets", test_other_packets);
  g_test_add_func ("/findings/dns-refused", test_dns_refused);
  g_test_add_func ("/findings/maps", test_maps);
  g_test_add_func ("/findings/drops", test_drops);
  g_test_add_func ("/findings/reverse-path", test_reverse_path);
  g_test_add_func ("/findings/replies", test_replies);
  g_test_add_func ("/findings/replies/other-devices", test_other_devices_replies);
  g_test_add_func ("/findings/ours-and-unseen", test_ours_and_unseen);
  g_test_add_func ("/findings/wildcard", test_wildcard);
  g_test_add_func ("/findings/work", test_work);
  g_test_add_func ("/findings/limits", test_limits);
  g_test_add_func ("/findings/many-findings", test_many_findings);
  g_test_add_func ("/findings/names", test_names);
  return g_test_run ();
}
