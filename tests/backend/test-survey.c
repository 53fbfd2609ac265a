/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a survey sees of rules that other programs made: ip, nft, iptables-legacy and iptables-nft.  And it leaves them,
 * and the tables that are not there, alone.
 */
#include "namespace.h"
#include "system/filter/choice.h"
#include "system/netlink/netlink.h"
#include "system/survey/survey-private.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "core/doctor/findings.h"
#include "values.h"

static const char config_text[] = "[proxy]\ngroup=1\n[site home]\nintranet=192.168.22.0/24\nzone=home\n";

static DivertSurvey *
read_survey (void)
{
  g_autoptr(GArray) destinations = divert_prefixes_new ();

  test_prefixes_add (destinations, "198.51.100.1");
  return divert_survey_read (0x17, destinations);
}

static void
assert_has (const char *text,
            const char *line)
{
  if (strstr (text, line) == NULL)
    g_error ("no '%s' in:\n%s", line, text);
}

static void
test_policies (void)
{
  static const char *const rules[] = {
    "98: from all lookup main suppress_prefixlength 0",
    "99: not from all fwmark 0xca6c lookup 51820",
    ("110: from 10.0.0.0/8 to 192.168.22.0/24 tos 0x10 fwmark 0x80000/0xff0000 iif lo oif eth0 uidrange 0-1000 "
     "ipproto 17 sport 5-9 dport 53 lookup 52"),
    "120: from all iif odd$name lookup 7",
  };
  g_autoptr(DivertSurvey) survey = NULL;
  g_autofree char *text = NULL;

  test_namespace_enter ();
  test_run ("ip rule add pref 98 table main suppress_prefixlength 0; ip rule add pref 99 not fwmark 51820 table 51820; "
            "ip rule add pref 110 from 10.0.0.0/8 to 192.168.22.0/24 tos 0x10 fwmark 0x80000/0xff0000 iif lo oif eth0 "
            "uidrange 0-1000 ipproto udp sport 5-9 dport 53 table 52; ip rule add pref 120 iif 'odd$name' table 7; "
            "ip rule add pref 130 fwmark 0x17/0xff table 2233 protocol 233; ip -6 rule add pref 98 prohibit");
  survey = read_survey ();
  text = divert_survey_to_text (survey);
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *line = g_strdup_printf ("IPv4 %s\n", rules[i]);

      assert_has (text, line);
    }
  assert_has (text, "IPv4 120: from all iif 'odd$name' lookup 7\n");
  assert_has (text, "IPv4 130: from all fwmark 0x17/0xff lookup 2233 ours\n");
  assert_has (text, "IPv6 98: from all unreachable\n");
  assert_has (text, "way 198.51.100.1: none\n");
}

/* What doctor prints is what ip prints, and what ip takes. */
static void
test_cure (void)
{
  g_autoptr(DivertConfig) config = test_config_new (config_text);
  g_autoptr(DivertSurvey) survey = NULL, cured = NULL;
  g_autoptr(DivertDiagnosis) diagnosis = NULL, well = NULL;
  const DivertFinding *taker, *idler;
  g_autofree char *shown = NULL;

  test_namespace_enter ();
  test_run ("ip rule add pref 100 fwmark 0x17/0xff table 2233 protocol 233; "
            "ip route add local default dev lo table 2233; ip link add wg0 type veth peer name far; "
            "ip link set wg0 up; ip route add default dev wg0 table 51820; "
            "ip rule add not fwmark 51820 table 51820; ip rule add table main suppress_prefixlength 0");
  survey = read_survey ();
  diagnosis = divert_diagnosis_new (config, "", survey, NULL);
  g_assert_cmpuint (diagnosis->findings->len, ==, 2);
  taker = g_ptr_array_index (diagnosis->findings, 0);
  idler = g_ptr_array_index (diagnosis->findings, 1);
  g_assert_cmpint (taker->kind, ==, DIVERT_FINDING_POLICY_TAKES);
  g_assert_cmpint (idler->kind, ==, DIVERT_FINDING_POLICY_BEFORE);
  shown = test_output ("ip rule | tr '\\t' ' ' | sed 's/: /:/; s/:/: /'");
  assert_has (shown, taker->rule);
  assert_has (shown, idler->rule);

  test_run ("sudo () { \"$@\"; }; %s; %s", taker->command, idler->command);
  cured = read_survey ();
  well = divert_diagnosis_new (config, "", cured, NULL);
  g_assert_cmpuint (well->findings->len, ==, 0);
}

static void
test_nftables (void)
{
  g_autoptr(DivertSurvey) survey = NULL;
  g_autofree char *text = NULL;

  test_namespace_enter ();
  test_run ("nft -f - <<'END'\n"
            "table inet other {\n"
            "  chain sub { notrack; }\n"
            "  chain pre { type filter hook prerouting priority raw; policy drop;\n"
            "    iifname != \"lo\" meta l4proto tcp tproxy ip to :7893 meta mark set 0x1 accept\n"
            "    meta nfproto ipv6 fib saddr . mark . iif oif missing drop\n"
            "    meta l4proto vmap { tcp : jump sub }\n"
            "    iif lo meta mark & 0xff == 0x17 counter meta mark set meta mark & 0xffff00ff | 0x100\n"
            "    ip daddr 192.0.2.0/24 meta mark set ct mark & 0xff\n"
            "    ct mark set meta mark\n"
            "    ct mark set 0x5 jump sub\n"
            "    iifname \"eth*\" reject\n"
            "  }\n"
            "}\n"
            "table ip nat {\n"
            "  chain out { type nat hook output priority -100;\n"
            "    udp dport 53 redirect to :1054\n"
            "    ip protocol tcp accept\n"
            "  }\n"
            "}\n"
            "table ip6 filter { chain out { type filter hook output priority 7; @nh,72,8 6 accept; }; }\n"
            "END");
  survey = read_survey ();
  text = divert_survey_to_text (survey);
  assert_has (text, "nft: table inet other, chain pre at prerouting -300 drop\n"
                    "  iifname != \"lo\" meta l4proto tcp tproxy to :7893 # handle ");
  assert_has (text, "\n  iifname != \"lo\" meta l4proto tcp meta mark set 0x00000001 # handle ");
  assert_has (text, "\n  iifname != \"lo\" meta l4proto tcp accept # handle ");
  assert_has (text, "\n  fib saddr . iif oif missing drop # handle ");
  assert_has (text, "\n  vmap … # handle ");
  assert_has (text, "\n  iifname \"lo\" meta mark & 0x000000ff == 0x00000017 "
                    "meta mark set meta mark & 0xffff00ff ^ 0x00000100 # handle ");
  assert_has (text, "\n  … meta mark set ct mark & 0x000000ff # handle ");
  assert_has (text, "\n  ct mark set meta mark & 0xffffffff # handle ");
  assert_has (text, "\n  ct mark set 0x00000005 # handle ");
  assert_has (text, "\n  jump sub # handle ");
  assert_has (text, "\n  iifname \"eth*\" drop # handle ");
  assert_has (text, "nft: table inet other, chain sub\n  notrack # handle ");
  assert_has (text, "nft: table ip nat, chain out at output -100\n  meta l4proto udp … redirect to :1054 # handle ");
  assert_has (text, "\n  meta l4proto tcp accept # handle ");
  assert_has (text, "nft: table ip6 filter, chain out at output 7\n  … accept # handle ");
  g_assert_null (strstr (text, "unread"));
}

static void
add_with_iptables (const char *iptables)
{
  test_run ("set -e; %s -t mangle -N MINE; %s -t mangle -A OUTPUT -m comment --comment hello -j MINE; "
            "%s -t mangle -A MINE -p tcp ! -o lo -j MARK --set-mark 23; "
            "%s -t mangle -A MINE -m mark ! --mark 0x1/0xff -j CONNMARK --save-mark; "
            "%s -t mangle -A MINE -j CONNMARK --restore-mark --nfmask 0xf0 --ctmask 0xf0; "
            "%s -t mangle -A PREROUTING -p udp -i lo -j TPROXY --on-port 7893; "
            "%s -t raw -A OUTPUT -m owner --uid-owner 7 -j CT --notrack; "
            "%s -t nat -A OUTPUT -p udp --dport 53 -j REDIRECT --to-ports 1053; "
            "%s -t filter -P INPUT DROP; %s -t filter -A INPUT -i lo -j ACCEPT; %s -t mangle -A MINE -j RETURN",
            iptables, iptables, iptables, iptables, iptables, iptables, iptables, iptables, iptables, iptables,
            iptables);
}

static void
test_legacy (gconstpointer data)
{
  const gboolean is_v6 = GPOINTER_TO_INT (data);
  const char *iptables = is_v6 ? "ip6tables-legacy" : "iptables-legacy";
  const char *const wanted[] = {
    ": table mangle, chain MINE\n  -A MINE ! -o lo -p tcp -j MARK --set-xmark 0x17/0xffffffff\n"
      "  -A MINE -m mark ! --mark 0x1/0xff -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff\n"
      "  -A MINE -j CONNMARK --restore-mark --nfmask 0xf0 --ctmask 0xf0\n",
    ": table mangle, chain OUTPUT at output 0\n  -A OUTPUT -j MINE\n",
    ": table mangle, chain PREROUTING at prerouting 0\n  -A PREROUTING -i lo -p udp -j TPROXY --on-port 7893\n",
    ": table raw, chain OUTPUT at output 0\n  -A OUTPUT … -j CT --notrack\n",
    ": table nat, chain OUTPUT at output 0\n  -A OUTPUT -p udp … -j REDIRECT --to-ports 1053\n",
    ": table filter, chain INPUT at input 0 drop\n  -A INPUT -i lo -j ACCEPT\n",
  };
  g_autoptr(DivertSurvey) survey = NULL;
  g_autofree char *text = NULL;

  test_namespace_enter ();
  add_with_iptables (iptables);
  survey = read_survey ();
  text = divert_survey_to_text (survey);
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      g_autofree char *line = g_strconcat (iptables, wanted[i], NULL);

      assert_has (text, line);
    }
}

/* Its rules are in nftables, in expressions that are those of x_tables. */
static void
test_iptables_nft (void)
{
  g_autoptr(DivertSurvey) survey = NULL;
  g_autofree char *text = NULL;

  test_namespace_enter ();
  add_with_iptables ("iptables-nft");
  survey = read_survey ();
  text = divert_survey_to_text (survey);
  assert_has (text, "oifname != \"lo\" meta l4proto tcp meta mark set 0x00000017 # handle ");
  assert_has (text, "ct mark set meta mark & 0xffffffff # handle ");
  assert_has (text, "meta mark set ct mark & 0x000000f0 # handle ");
  assert_has (text, "iifname \"lo\" meta l4proto udp tproxy to :7893 # handle ");
  assert_has (text, "redirect to :1053 # handle ");
  assert_has (text, "… notrack # handle ");
  assert_has (text, "table ip filter, chain INPUT at input 0 drop\n");
  g_assert_null (strstr (text, "iptables-legacy: "));
}

/* Which rules drop what is for ::1, in every way in which nft writes an address.  Without counters the rules after the
 * last one that does would look the same. */
static void
test_loopback (void)
{
  static const char *const dropping[] = {
    "ip6 daddr ::/96 drop", "ip6 daddr ::1 drop", "ip6 daddr ::/15 drop", "ip6 daddr != 2001:db8::1 drop",
    "ip6 daddr { ::/96, 2002:a00::/24 } reject", "ip6 daddr { ::1, 2001:db8::7 } drop", "ip6 daddr @named drop",
  };
  static const char *const others[] = {
    "ip6 daddr 2001:db8::/32 drop", "ip6 daddr ::2 drop", "ip6 daddr { 2001:db8::/32, fd00::/8 } drop",
    "ip6 daddr != { ::/96 } drop", "ip6 saddr ::1 drop", "ip daddr 127.0.0.1 drop", "ip6 daddr ::1 udp dport 7 drop",
    "ip6 daddr . udp dport { ::1 . 53 } drop", "ip6 daddr @others drop",
  };
  g_autoptr(GString) text = g_string_new ("table inet f {\n  set named { type ipv6_addr; elements = { ::1 }; }\n"
                                          "  set others { type ipv6_addr; elements = { ::3 }; }\n"
                                          "  chain out { type filter hook output priority 10;\n");
  g_autoptr(DivertSurvey) survey = NULL;

  test_namespace_enter ();
  for (guint i = 0; i < G_N_ELEMENTS (dropping); i++)
    g_string_append_printf (text, "%s\n", dropping[i]);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_string_append_printf (text, "%s\n", others[i]);
  test_run ("nft -f - <<'END'\n%s  }\n}\nEND\n"
            "ip6tables-legacy -A OUTPUT -d ::/96 -j DROP; ip6tables-legacy -A OUTPUT -d fd00::/8 -j DROP; "
            "ip6tables-legacy -A OUTPUT ! -d ::/96 -j DROP", text->str);
  survey = read_survey ();
  g_assert_cmpuint (survey->rules->len, ==, G_N_ELEMENTS (dropping) + G_N_ELEMENTS (others) + 3);
  for (guint i = 0; i < survey->rules->len; i++)
    {
      const DivertSurveyRule *rule = divert_survey_get_rule (survey, i);
      const guint n = G_N_ELEMENTS (dropping) + G_N_ELEMENTS (others);
      const gboolean drops = rule->to_loopback6 && !rule->has_more;

      if (drops != (i < G_N_ELEMENTS (dropping) || i == n))
        g_error ("wrong about '%s'", i < G_N_ELEMENTS (dropping) ? dropping[i]
                                     : i < n ? others[i - G_N_ELEMENTS (dropping)] : "one of ip6tables");
    }
}

static void
put_expression (DivertNetlinkMessage *msg,
                const char           *name,
                const guint32        *values,
                guint                 n_values)
{
  struct nlattr *element = nla_nest_start (msg, NFTA_LIST_ELEM), *data;

  nla_put_string (msg, NFTA_EXPR_NAME, name);
  data = nla_nest_start (msg, NFTA_EXPR_DATA);
  for (guint i = 0; i < n_values; i++)
    nla_put_u32 (msg, i + 1, GUINT32_TO_BE (values[i]));
  nla_nest_end (msg, data);
  nla_nest_end (msg, element);
}

/* A newer kernel and a newer nft have expressions that the library doesn't know.  The rest of the rule counts. */
/* As wg-quick lays it, in either world. */
static void
test_foreign_sender (void)
{
  g_autoptr(DivertSurvey) survey = NULL;
  guint n = 0;

  test_namespace_enter ();
  test_run ("nft 'table ip wg-quick-wg0 { chain preraw { type filter hook prerouting priority -300; "
            "iifname != \"wg0\" ip daddr 10.9.0.2 fib saddr type != local drop; "
            "fib saddr type local drop; fib daddr type != local drop; }; }'");
  test_run ("iptables-legacy -t raw -A PREROUTING ! -i wg0 -d 10.9.0.2 -m addrtype ! --src-type LOCAL -j DROP;"
            "iptables-legacy -t raw -A PREROUTING -m addrtype --src-type LOCAL -j DROP");
  survey = read_survey ();
  for (guint i = 0; i < survey->rules->len; i++)
    {
      const DivertSurveyRule *rule = divert_survey_get_rule (survey, i);

      n += rule->foreign_sender;
      if (rule->foreign_sender)
        {
          g_assert_cmpstr (rule->in_interface, ==, "wg0");
          g_assert_true (rule->in_invert && rule->has_more && rule->effect == DIVERT_EFFECT_DROP);
        }
    }
  g_assert_cmpuint (survey->rules->len, ==, 5);
  g_assert_cmpuint (n, ==, 2);
}

static void
test_newer_nftables (void)
{
  static const guint32 load_mark[] = { NFT_REG_1, NFT_META_MARK }, from_register[] = { 0, NFT_META_MARK, NFT_REG_1 };
  const struct nfgenmsg header = { .nfgen_family = NFPROTO_INET };
  const DivertSurveyChain chain = { .world = DIVERT_WORLD_NFTABLES, .families = DIVERT_FAMILIES_BOTH,
                                    .family = "inet", .table = "t", .name = "c" };
  g_autoptr(DivertNetlinkMessage) msg = divert_netlink_message_new (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE, 0,
                                                                    &header, sizeof header);
  g_autoptr(DivertSurvey) survey = divert_survey_new ();
  g_autoptr(GArray) lookups = g_array_new (FALSE, FALSE, sizeof (DivertSurveyLookup));
  struct nlattr *list;
  g_autofree char *text = NULL;

  divert_survey_add_chain (survey, &chain);
  nla_put_u64 (msg, NFTA_RULE_HANDLE, GUINT64_TO_BE (7));
  list = nla_nest_start (msg, NFTA_RULE_EXPRESSIONS);
  put_expression (msg, "meta", load_mark, 2);
  put_expression (msg, "novelty", load_mark, 2);
  put_expression (msg, "meta", from_register, 3);
  nla_nest_end (msg, list);
  divert_survey_read_nft_rule (survey, 0, nlmsg_hdr (msg), lookups);
  text = divert_survey_to_text (survey);
  g_assert_cmpstr (text, ==, "nft: table inet t, chain c\n"
                             "  … meta mark set meta mark & 0xffffffff ^ 0x00000000 # handle 7\n");
}

static void
test_nothing_is_made (void)
{
  g_autoptr(DivertSurvey) survey = NULL;
  g_autofree char *before = NULL, *after = NULL;

  test_namespace_enter ();
  before = test_output ("cat /proc/net/ip_tables_names /proc/net/ip6_tables_names; nft list ruleset");
  survey = read_survey ();
  after = test_output ("cat /proc/net/ip_tables_names /proc/net/ip6_tables_names; nft list ruleset");
  g_assert_cmpstr (before, ==, after);
  g_assert_cmpuint (survey->chains->len, ==, 0);
  g_assert_cmpuint (survey->unread, ==, 0);
}

/* Our own rules are no finding, with either backend. */
static void
test_ours (gconstpointer data)
{
  const char *name = data;
  g_autoptr(DivertConfig) config = test_config_new (config_text);
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AWAY, NULL);
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(DivertDecision) decision = divert_decide (config, mode, facts);
  g_autoptr(DivertRuleset) ruleset = divert_ruleset_new (config, decision, 1, facts);
  g_autoptr(DivertBackend) backend = divert_choice_new_by_name (name);
  g_autoptr(DivertSurvey) survey = NULL;
  g_autoptr(DivertDiagnosis) diagnosis = NULL;
  g_autoptr(GError) error = NULL;
  DivertApplied applied = { 0 };

  test_namespace_enter ();
  g_assert_true (backend->klass->apply (backend, ruleset, &applied, &error));
  g_assert_no_error (error);
  survey = read_survey ();
  diagnosis = divert_diagnosis_new (config, name, survey, NULL);
  g_assert_cmpuint (survey->chains->len, >, 0);
  g_assert_cmpuint (diagnosis->findings->len, ==, 0);
}

/* Ten thousand rules in each world. */
static void
test_many (void)
{
  g_autoptr(DivertConfig) config = test_config_new (config_text);
  g_autoptr(DivertSurvey) survey = NULL;
  g_autoptr(DivertDiagnosis) diagnosis = NULL;
  gint64 began, took;

  test_namespace_enter ();
  test_run ("{ echo 'table ip many { chain out { type filter hook output priority 0;'; "
            "seq 10000 | awk '{ print \"tcp dport \" $1 \" meta mark set \" $1 * 256 \"; \" }'; "
            "echo '}'; echo '}'; } | nft -f -");
  test_run ("{ echo '*mangle'; seq 10000 | "
            "awk '{ print \"-A OUTPUT -p tcp --dport \" $1 \" -j MARK --set-xmark 0x100/0x100\" }'; echo COMMIT; } | "
            "iptables-legacy-restore");
  began = test_processor_time (CLOCK_PROCESS_CPUTIME_ID);
  survey = read_survey ();
  diagnosis = divert_diagnosis_new (config, "iptables", survey, NULL);
  took = test_processor_time (CLOCK_PROCESS_CPUTIME_ID) - began;
  g_test_message ("%" G_GINT64_FORMAT " us, %" G_GUINT64_FORMAT " steps", took, diagnosis->steps);
  g_assert_cmpuint (survey->rules->len, ==, 20000);
  g_assert_cmpuint (diagnosis->findings->len, ==, 1);
  g_assert_cmpuint (((DivertFinding *) g_ptr_array_index (diagnosis->findings, 0))->count, ==, 10000);
  g_assert_cmpuint (diagnosis->steps, <, 5 * 20000);
  g_assert_cmpint (took, <, 200 * 1000);
}

int
main (int    argc,
      char **argv)
{
  test_needs ("ip", "nft", "iptables-legacy", "ip6tables-legacy", "iptables-nft", NULL);
  test_needs_namespaces ();
  test_lock_enter ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/survey/policies", test_policies);
  g_test_add_func ("/survey/cure", test_cure);
  g_test_add_func ("/survey/nftables", test_nftables);
  g_test_add_data_func ("/survey/legacy/IPv4", GINT_TO_POINTER (FALSE), test_legacy);
  g_test_add_data_func ("/survey/legacy/IPv6", GINT_TO_POINTER (TRUE), test_legacy);
  g_test_add_func ("/survey/iptables-nft", test_iptables_nft);
  g_test_add_func ("/survey/loopback", test_loopback);
  g_test_add_func ("/survey/foreign-sender", test_foreign_sender);
  g_test_add_func ("/survey/newer-nftables", test_newer_nftables);
  g_test_add_func ("/survey/nothing-is-made", test_nothing_is_made);
  g_test_add_data_func ("/survey/ours/iptables", "iptables", test_ours);
  g_test_add_data_func ("/survey/ours/nftables", "nftables", test_ours);
  g_test_add_func ("/survey/many", test_many);
  return g_test_run ();
}
