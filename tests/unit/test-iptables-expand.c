/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a ruleset becomes in x_tables, without a kernel. Packets that walk through these rules end up where explain
 * says, however many prefixes and grants there are. The grants can be found again among the rules.
 */
#include <netinet/in.h>
#include <string.h>

#include "expansion.h"
#include "iptables-kernel.h"
#include "iptables-walk.h"
#include "judging-site.h"
#include "system/filter/iptables/iptables-chains.h"
#include "system/filter/iptables/iptables-expand.h"
#include "system/filter/iptables/iptables-text.h"

#define TCP_SYN 0x02

static void
compare_forwarded (const IptablesChains *chains,
                   const DivertWalker   *walker)
{
  DivertExplanation explanation;
  DivertPacket packet;
  DivertSample sample;
  IptablesWay way;

  expansion_make_packet (&packet);
  expansion_make_forwarded (&sample);
  sample.destination = packet.destination;
  packet.has_source = TRUE;
  if (sample.source.family != packet.destination.family)
    return;
  packet.source = sample.source;
  sample.destination_type = packet.destination_type = expansion_choose_type (packet.destination.family);
  sample.protocol = packet.protocol;
  sample.dport = packet.port;
  sample.tcp_flags = TCP_SYN;
  sample.mark = 0;
  sample.is_first = sample.is_tracked = TRUE;
  divert_walker_forward (walker, &sample, &explanation);
  way = iptables_walk_forwarded (chains, &packet, sample.interface);
  g_assert_cmpint (way.path, ==, explanation.path);
  g_assert_cmpint (way.port, ==, explanation.port);
}

static void
test_forwarded (gconstpointer data)
{
  static const guint counts[] = { 0, 1, 13, 100 };

  for (guint i = 0; i < expansion_n_worlds * G_N_ELEMENTS (counts); i++)
    {
      g_autoptr(DivertRuleset) ruleset =
          expansion_make_ruleset_in (counts[i % G_N_ELEMENTS (counts)], GPOINTER_TO_INT (data),
                                     &expansion_worlds[i / G_N_ELEMENTS (counts)]);
      g_autoptr(DivertXtRuleset) xt = divert_xt_ruleset_new (ruleset);
      g_auto(DivertWalker) walker;
      g_auto(IptablesChains) chains;

      divert_walker_init (&walker, ruleset);
      iptables_chains_init (&chains, xt, ruleset);
      for (guint j = 0; j < 1000; j++)
        compare_forwarded (&chains, &walker);
    }
}

static const char *
find_protocol (const DivertPacket *packet)
{
  if (packet->protocol == IPPROTO_TCP)
    return "tcp";
  if (packet->protocol == IPPROTO_UDP)
    return "udp";
  return packet->protocol == IPPROTO_ICMP ? "icmp" : "ipv6-icmp";
}

/* If one rule becomes several, the text is that of the rule that concerns the packet. */
static void
assert_concerns (const char         *text,
                 const DivertPacket *packet)
{
  g_auto(GStrv) words = g_strsplit (text, " ", -1);

  for (char **word = words; *word != NULL; word++)
    {
      DivertPrefix prefix;

      if (g_str_equal (*word, "-p"))
        g_assert_cmpstr (word[1], ==, find_protocol (packet));
      if (!g_str_equal (*word, "-d") && !g_str_equal (*word, "-s"))
        continue;
      g_assert_true (divert_prefix_parse (word[1], &prefix, NULL));
      g_assert_true (divert_prefix_contains (&prefix, word[0][1] == 'd' ? &packet->destination : &packet->source));
    }
}

/* This expands the whole ruleset. */
static void
check_text (const DivertRuleset     *ruleset,
            const DivertPacket      *packet,
            const DivertExplanation *explanation)
{
  g_auto(DivertRuleText) text = { NULL, NULL, NULL };
  DivertXtTable table = 0;

  divert_xt_describe (ruleset, explanation->rule, packet, &text);
  if (explanation->path != DIVERT_PATH_BLOCK)
    g_assert_cmpstr (text.table, ==, explanation->path == DIVERT_PATH_DNS ? "nat" : "mangle");
  while (!g_str_equal (text.table, divert_xt_table_name (table)))
    table++;
  g_assert_true (divert_xt_is_own (table, text.chain));
  g_assert_true (g_str_has_prefix (text.text, "-A ") && g_str_has_prefix (text.text + 3, text.chain));
  assert_concerns (text.text, packet);
}

/* Of long rulesets, few packets are described, but each rule that decides is. */
static gboolean
is_described (guint                    count,
              guint                    n,
              const DivertExplanation *explanation,
              GHashTable              *described)
{
  if (explanation->rule == NULL)
    return FALSE;
  return g_hash_table_add (described, (gpointer) explanation->rule) || n % (count / 50 + 4) == 0;
}

/* The rules of x_tables mean the same as the ruleset.  @count: how long that is. */
static void
compare_sent (const DivertRuleset *ruleset,
              guint                count)
{
  g_autoptr(DivertXtRuleset) xt = divert_xt_ruleset_new (ruleset);
  g_autoptr(GHashTable) described = g_hash_table_new (NULL, NULL);
  g_auto(IptablesChains) chains;

  iptables_chains_init (&chains, xt, ruleset);
  for (guint i = 0; i < 300; i++)
    {
      DivertExplanation explanation;
      DivertPacket packet;
      IptablesWay way;

      expansion_make_packet (&packet);
      divert_explain (ruleset, &packet, &explanation);
      way = iptables_walk (&chains, &packet);
      g_assert_cmpint (way.path, ==, explanation.path);
      g_assert_cmpint (way.port, ==, explanation.port);
      if (is_described (count, i, &explanation, described))
        check_text (ruleset, &packet, &explanation);
    }
}

static void
test_walk (gconstpointer data)
{
  static const guint counts[] = { 100, 17, 13, 12, 11, 2, 1, 0 };

  for (guint i = 0; i < expansion_n_worlds; i++)
    for (guint j = 0; j < G_N_ELEMENTS (counts); j++)
      {
        g_autoptr(DivertRuleset) ruleset =
            expansion_make_ruleset_in (counts[j], GPOINTER_TO_INT (data), &expansion_worlds[i]);

        compare_sent (ruleset, counts[j]);
      }
  for (guint i = 0; i < 6; i++)
    {
      g_autoptr(DivertRuleset) ruleset =
          expansion_make_ruleset_in (1000, GPOINTER_TO_INT (data), &expansion_worlds[i * expansion_n_worlds / 6]);

      compare_sent (ruleset, 1000);
    }
}

/* At every place that test-judging knows. */
static void
test_sites (void)
{
  for (guint i = 0; i < n_site_cases; i++)
    for (guint place = 0; place < G_N_ELEMENTS (site_places); place++)
      {
        Site *site = make_site (&site_cases[i].keys, site_places[place]);

        compare_sent (site->ruleset, 0);
        site_free (site);
      }
}

/* A packet to the internet doesn't cost more if there are more prefixes or grants. */
static void
test_cost (void)
{
  g_autoptr(DivertRuleset) few = expansion_make_ruleset_with (3, DIVERT_MODE_AUTO, "", "dns=direct\n");
  g_autoptr(DivertRuleset) many = expansion_make_ruleset_with (1000, DIVERT_MODE_AUTO, "", "dns=direct\n");
  g_autoptr(DivertXtRuleset) xt_few = divert_xt_ruleset_new (few);
  g_autoptr(DivertXtRuleset) xt_many = divert_xt_ruleset_new (many);
  g_auto(IptablesChains) chains_few;
  g_auto(IptablesChains) chains_many;
  DivertPacket packet;

  iptables_chains_init (&chains_few, xt_few, few);
  iptables_chains_init (&chains_many, xt_many, many);
  g_assert_true (divert_packet_parse ("1.1.1.1:80", &packet, NULL));
  g_strlcpy (packet.out_interface, "eth0", sizeof packet.out_interface);
  g_assert_cmpuint (iptables_walk (&chains_many, &packet).steps, <=, iptables_walk (&chains_few, &packet).steps);
}

/* What the model refuses, so that it doesn't just take everything. */
static void
test_refused (void)
{
  static const struct
  {
    const char   *chain, *to;
    DivertXtTarget target;
    gboolean      conditional;
    const char   *fault;
  } more[] = {
    { "LOCAL_DIVERT", "LOCAL_DIVERT", DIVERT_XT_GOTO, TRUE, "a loop" },
    { "LOCAL_DIVERT_FENCE", "LOCAL_DIVERT", DIVERT_XT_JUMP, TRUE, "a loop" },
    { "LOCAL_DIVERT", "LOCAL_DIVERT_TAKE", DIVERT_XT_JUMP, TRUE, "isn't known for ours" },
    { "LOCAL_DIVERT_7", "", DIVERT_XT_DROP, FALSE, "nothing leads there" },
    { "LOCAL_DIVERT", "", DIVERT_XT_TPROXY, TRUE, "not allowed here" },
    { "DIVERT", "", DIVERT_XT_DROP, FALSE, "no packet gets so far" },
    { "LOCAL_DIVERT", "", DIVERT_XT_DROP, FALSE, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (more); i++)
    {
      g_autoptr(DivertRuleset) ruleset = expansion_make_ruleset (0, DIVERT_MODE_AWAY);
      g_autoptr(DivertXtRuleset) xt = divert_xt_ruleset_new (ruleset);
      DivertXtRule rule = { .target = more[i].target, .protocol = more[i].conditional ? IPPROTO_TCP : 0 };
      g_autofree char *fault = NULL;

      g_strlcpy (rule.chain, more[i].chain, sizeof rule.chain);
      g_strlcpy (rule.to, more[i].to, sizeof rule.to);
      g_array_append_val (xt->rules[DIVERT_FAMILY_IPV4], rule);
      fault = iptables_kernel_refuse (xt->rules[DIVERT_FAMILY_IPV4], DIVERT_FAMILY_IPV4);
      g_test_message ("%s", fault != NULL ? fault : "taken");
      if (more[i].fault == NULL)
        g_assert_cmpstr (fault, ==, NULL);
      else
        g_assert_true (fault != NULL && strstr (fault, more[i].fault) != NULL);
    }
}

/* Puts variants of @rule in front of it: for other ports, and for some of its destinations alone. */
static void
add_variants (GPtrArray        *rules,
              const DivertRule *rule)
{
  for (guint i = 0; i < 4; i++)
    {
      DivertRule *variant = divert_rule_copy (rule);
      guint at = 0;

      if (i < 3 || rule->destinations_invert)
        {
          variant->protocols = DIVERT_PROTOCOLS_TCP_UDP;
          variant->dport = 79 + i;
        }
      else
        {
          g_array_unref (variant->destinations);
          variant->destinations = divert_prefixes_copy (rule->destinations);
          g_array_set_size (variant->destinations, rule->destinations->len / 2);
        }
      g_assert_true (g_ptr_array_find (rules, rule, &at));
      g_ptr_array_insert (rules, at, variant);
    }
}

/* However many rules with parts are in one chain, no part of it is made twice.  Today's rulesets have one of each. */
static void
test_many_parts (void)
{
  g_autofree char *servers = expansion_make_servers ();
  g_autoptr(DivertRuleset) ruleset = expansion_make_ruleset_with (100, DIVERT_MODE_AUTO, servers, "");
  g_autoptr(GPtrArray) with_parts = g_ptr_array_new ();

  for (guint i = 0; i < ruleset->rules->len; i++)
    {
      DivertRule *rule = g_ptr_array_index (ruleset->rules, i);

      if (rule->destinations_invert || (rule->verdict == DIVERT_VERDICT_GOTO && rule->destinations != NULL))
        g_ptr_array_add (with_parts, rule);
    }
  g_assert_cmpuint (with_parts->len, >=, 6);
  for (guint i = 0; i < with_parts->len; i++)
    add_variants (ruleset->rules, with_parts->pdata[i]);
  compare_sent (ruleset, 0);
}

/* Groups end, and their rules are left out then (iptables-write.c). */
static void
test_groups_end (void)
{
  guint n_removed = 0;

  for (guint i = 0; i < n_site_cases; i++)
    {
      Site *site = make_site (&site_cases[i].keys, DIVERT_PLACE_SITE);
      g_autoptr(DivertXtRuleset) xt = divert_xt_ruleset_new (site->ruleset);

      for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
        for (guint j = xt->rules[family]->len; j > 0; j--)
          if (divert_xt_rules_index (xt->rules[family], j - 1)->cgroup_path != NULL)
            {
              divert_xt_rules_remove (xt->rules[family], j - 1);
              n_removed++;
            }
      iptables_kernel_take (xt);
      site_free (site);
    }
  g_assert_cmpuint (n_removed, >, 0);
}

/* The grants are the rules that withdraw removes. It removes exactly those, few or many, and the tag stays. */
static void
test_withdraw (void)
{
  static const guint counts[] = { 1, 2, 30 };

  for (guint i = 0; i < G_N_ELEMENTS (counts) * g_strv_length ((char **) expansion_homes); i++)
    {
      const guint count = counts[i % G_N_ELEMENTS (counts)];
      g_autoptr(DivertRuleset) ruleset =
          expansion_make_ruleset_with (count, DIVERT_MODE_AUTO, "", expansion_homes[i / G_N_ELEMENTS (counts)]);
      g_autoptr(DivertXtRuleset) withdrawn = divert_xt_ruleset_new (ruleset);
      g_autoptr(DivertXtRuleset) expected = NULL;

      for (guint j = ruleset->rules->len; j > 0; j--)
        if (divert_chain_is_granting (((DivertRule *) g_ptr_array_index (ruleset->rules, j - 1))->chain))
          g_ptr_array_remove_index (ruleset->rules, j - 1);
      expected = divert_xt_ruleset_new (ruleset);

      for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
        {
          g_autofree char *text = NULL, *expected_text = NULL, *fault = NULL;

          g_assert_true (divert_xt_rules_withdraw (withdrawn->rules[family]));
          g_assert_false (divert_xt_rules_withdraw (withdrawn->rules[family]));
          fault = iptables_kernel_refuse (withdrawn->rules[family], family);
          g_assert_cmpstr (fault, ==, NULL);
          text = divert_xt_table_to_text (withdrawn->rules[family], family, DIVERT_XT_MANGLE);
          expected_text = divert_xt_table_to_text (expected->rules[family], family, DIVERT_XT_MANGLE);
          g_assert_true (g_str_equal (text, expected_text));
        }
    }
}

static void
test_names (void)
{
  static const char *const own[] = {
    "LOCAL_DIVERT", "LOCAL_DIVERT_REST", "LOCAL_DIVERT_17",       "LOCAL_INTRANET_DIVERT", "LOCAL_DIVERT_FENCE",
    "DIVERT",       "DIVERT_REST",       "DIVERT_1",              "INTRANET_DIVERT",       "DIVERT_GUARD",
    "DIVERT_GUARD_1", "DIVERT_GUARD_REST", "DIVERT_GUARD_INTRANET", "DIVERT_GUARD_DNS",    "DIVERT_SERVE",
    "LOCAL_DIVERT_FOREIGN", "LOCAL_DIVERT_OWN", "LOCAL_STRANDED_DIVERT", "DIVERT_GUARD_INTERNET",
    "DIVERT_GUARD_NAMES", "LOCAL_DIVERT_MARKED",
    "DIVERT_FORWARDED_REST", "DIVERT_LANS", "DIVERT_LAN", "DIVERT_TAKE",
    "LOCAL_DIVERT_FOREIGN", "LOCAL_DIVERT_OWN",  "LOCAL_INTRANET_DIVERT_EXCEPT",
    "LOCAL_INTRANET_DIVERT_E1234", "LOCAL_DIVERT_ELSE", "DIVERT_GUARD_AFTER", "DIVERT_GUARD_DNS_1",
  };
  static const char *const others[] = {
    "OUTPUT",  "LOCAL_DIVERT_",      "LOCAL_DIVERT_1a",   "DIVERT_RESTS", "INTRANET_DIVERT_1",
    "DIVERTS", "DIVERT_GUARD_INTRANET_1", "DIVERT_SERVE_REST", "LOCAL_DNS_DIVERT", "LOCAL_DIVERT_E", "",
  };

  for (guint chain = 0; chain < DIVERT_N_CHAINS; chain++)
    g_assert_cmpint (divert_xt_chain_name (chain) == NULL, ==,
                     divert_chain_is_granting (chain) || divert_chain_is_wire (chain));
  for (guint i = 0; i < G_N_ELEMENTS (own); i++)
    {
      g_assert_true (divert_xt_is_own (DIVERT_XT_MANGLE, own[i]));
      g_assert_false (divert_xt_is_own (DIVERT_XT_NAT, own[i]));
      g_assert_cmpint (divert_xt_is_guard (own[i]), ==, g_str_has_prefix (own[i], "DIVERT_GUARD"));
      g_assert_cmpuint (strlen (own[i]), <=, DIVERT_XT_CHAIN_MAX);
    }
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_false (divert_xt_is_own (DIVERT_XT_MANGLE, others[i]));
  g_assert_true (divert_xt_is_own (DIVERT_XT_NAT, "LOCAL_DNS_DIVERT"));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/iptables/expand/walk/away", GINT_TO_POINTER (DIVERT_MODE_AWAY), test_walk);
  g_test_add_data_func ("/iptables/expand/walk/home", GINT_TO_POINTER (DIVERT_MODE_AUTO), test_walk);
  g_test_add_data_func ("/iptables/expand/forwarded/away", GINT_TO_POINTER (DIVERT_MODE_AWAY), test_forwarded);
  g_test_add_data_func ("/iptables/expand/forwarded/home", GINT_TO_POINTER (DIVERT_MODE_AUTO), test_forwarded);
  g_test_add_func ("/iptables/expand/sites", test_sites);
  g_test_add_func ("/iptables/expand/cost", test_cost);
  g_test_add_func ("/iptables/expand/refused", test_refused);
  g_test_add_func ("/iptables/expand/many-parts", test_many_parts);
  g_test_add_func ("/iptables/expand/groups-end", test_groups_end);
  g_test_add_func ("/iptables/expand/withdraw", test_withdraw);
  g_test_add_func ("/iptables/expand/names", test_names);
  return g_test_run ();
}
