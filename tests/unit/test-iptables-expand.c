/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a ruleset becomes in x_tables, without a kernel. Packets that walk through these rules end up where explain
 * says, however many prefixes and grants there are. The grants can be found again among the rules.
 */
#include <netinet/in.h>
#include <string.h>

#include "expansion.h"
#include "system/filter/iptables/iptables-chains.h"
#include "system/filter/iptables/iptables-expand.h"
#include "system/filter/iptables/iptables-text.h"

#define TCP_SYN 0x02

static GHashTable *
index_chains (const GArray  *rules,
              DivertXtTable  table)
{
  GHashTable *chains = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_ptr_array_unref);

  for (guint i = 0; i < rules->len; i++)
    {
      DivertXtRule *rule = divert_xt_rules_index (rules, i);
      GPtrArray *chain = g_hash_table_lookup (chains, rule->chain);

      if (rule->table != table)
        continue;
      if (chain == NULL)
        {
          chain = g_ptr_array_new ();
          g_hash_table_insert (chains, rule->chain, chain);
        }
      g_ptr_array_add (chain, rule);
    }
  return chains;
}

/* The rules by the name of their chain. */
typedef struct
{
  GHashTable *mangle[DIVERT_N_FAMILIES], *nat[DIVERT_N_FAMILIES];
} Chains;

static void
init_chains (Chains                *chains,
             const DivertXtRuleset *xt)
{
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      chains->mangle[family] = index_chains (xt->rules[family], DIVERT_XT_MANGLE);
      chains->nat[family] = index_chains (xt->rules[family], DIVERT_XT_NAT);
    }
}

static void
clear_chains (Chains *chains)
{
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      g_hash_table_unref (chains->mangle[family]);
      g_hash_table_unref (chains->nat[family]);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Chains, clear_chains)

typedef struct
{
  GHashTable         *chains;
  const DivertPacket *packet;
  const char         *in, *out;
  guint32             mark, connmark;
  guint               steps;
  const DivertXtRule *last;   /* the last rule that had a verdict */
} Walk;

static gboolean
matches_mark (const DivertMarkMatch *match,
              guint32                mark)
{
  return !match->has || ((mark & match->mask) == match->value) != match->invert;
}

/* Does it match the first packet of a program's own connection, as explain imagines it? */
static gboolean
matches (const Walk         *walk,
         const DivertXtRule *rule)
{
  const DivertPacket *packet = walk->packet;

  return (rule->protocol == 0 || rule->protocol == packet->protocol) &&
         (rule->in_interface[0] == '\0' || g_str_equal (rule->in_interface, walk->in) != rule->in_invert) &&
         (rule->out_interface[0] == '\0' || g_str_equal (rule->out_interface, walk->out) != rule->out_invert) &&
         (!rule->has_source || (packet->has_source && divert_prefix_contains (&rule->source, &packet->source))) &&
         (!rule->has_destination || divert_prefix_contains (&rule->destination, &packet->destination)) &&
         rule->sport == 0 && (rule->dport == 0 || rule->dport == packet->port) &&
         (!rule->has_tcp_flags ||
          ((TCP_SYN & rule->tcp_flags_mask) == rule->tcp_flags_value) != rule->tcp_flags_invert) &&
         rule->icmpv6_type == 0 && matches_mark (&rule->mark, walk->mark) &&
         matches_mark (&rule->connmark, walk->connmark) && !rule->has_gid && rule->cgroup_path == NULL &&
         (rule->dst_types == 0 || (rule->dst_types & packet->destination_type) != 0);
}

/* Returns the verdict, if it is not RETURN, or NULL. */
static const DivertXtRule *
walk_chain (Walk       *walk,
            const char *name)
{
  const GPtrArray *rules = g_hash_table_lookup (walk->chains, name);

  for (guint i = 0; rules != NULL && i < rules->len; i++)
    {
      const DivertXtRule *rule = rules->pdata[i], *verdict;

      walk->steps++;
      if (!matches (walk, rule))
        continue;
      switch (rule->target)
        {
        case DIVERT_XT_RETURN:
          walk->last = rule;
          return NULL;
        case DIVERT_XT_GOTO:
          return walk_chain (walk, rule->to);
        case DIVERT_XT_JUMP:
          verdict = walk_chain (walk, rule->to);
          if (verdict != NULL)
            return verdict;
          break;
        case DIVERT_XT_MARK:
          walk->mark = (walk->mark & ~rule->mask) | rule->value;
          walk->last = rule;
          break;
        case DIVERT_XT_CONNMARK:
          walk->connmark = (walk->connmark & ~rule->mask) | rule->value;
          break;
        case DIVERT_XT_DROP:
        case DIVERT_XT_TPROXY:
        case DIVERT_XT_REDIRECT:
        default:
          walk->last = rule;
          return rule;
        }
    }
  return NULL;
}

typedef struct
{
  DivertPath path;
  guint16    port;
  guint      steps;
} Result;

static Result
walk (const Chains       *chains,
      const DivertPacket *packet)
{
  const DivertFamily family = packet->destination.family;
  Walk walk = { .chains = chains->mangle[family], .packet = packet, .in = "", .out = packet->out_interface };
  const DivertXtRule *verdict = walk_chain (&walk, "OUTPUT");

  if (verdict != NULL)
    return (Result) { DIVERT_PATH_BLOCK, 0, walk.steps };
  if ((walk.mark & 0xff) == 23)
    {
      walk.in = "lo";
      walk.out = "";
      verdict = walk_chain (&walk, "PREROUTING");
      g_assert_nonnull (verdict);
      return (Result) { verdict->target == DIVERT_XT_TPROXY ? DIVERT_PATH_DIVERT : DIVERT_PATH_BLOCK, verdict->port,
                        walk.steps };
    }
  walk.chains = chains->nat[family];
  verdict = walk_chain (&walk, "OUTPUT");
  if (verdict != NULL)
    return (Result) { DIVERT_PATH_DNS, verdict->port, walk.steps };
  walk.chains = chains->mangle[family];
  if (walk_chain (&walk, "POSTROUTING") != NULL)
    return (Result) { DIVERT_PATH_BLOCK, 0, walk.steps };
  return (Result) { DIVERT_PATH_DIRECT, 0, walk.steps };
}

static Result
walk_forwarded (const Chains       *chains,
                const DivertPacket *packet,
                const char         *interface)
{
  const DivertFamily family = packet->destination.family;
  Walk walk = { .chains = chains->mangle[family], .packet = packet, .in = interface, .out = "" };
  const DivertXtRule *verdict = walk_chain (&walk, "PREROUTING");

  if (verdict != NULL)
    return (Result) { verdict->target == DIVERT_XT_TPROXY ? DIVERT_PATH_DIVERT : DIVERT_PATH_BLOCK, verdict->port, 0 };
  walk.chains = chains->nat[family];
  verdict = walk_chain (&walk, "PREROUTING");
  if (verdict != NULL)
    return (Result) { DIVERT_PATH_DNS, verdict->port, 0 };
  return (Result) { DIVERT_PATH_DIRECT, 0, 0 };
}

static void
test_forwarded (gconstpointer data)
{
  static const guint counts[] = { 0, 1, 13, 100 };

  for (guint i = 0; i < 2 * G_N_ELEMENTS (counts); i++)
    {
      g_autoptr(DivertRuleset) ruleset = expansion_make_ruleset_with (counts[i / 2], GPOINTER_TO_INT (data),
                                                                      i & 1 ? "forward=all\n" : "", "");
      g_autoptr(DivertXtRuleset) xt = divert_xt_ruleset_new (ruleset);
      g_auto(DivertWalker) walker;
      g_auto(Chains) chains;

      divert_walker_init (&walker, ruleset);
      init_chains (&chains, xt);
      for (guint j = 0; j < 1000; j++)
        {
          DivertExplanation explanation;
          DivertPacket packet;
          DivertSample sample;
          Result result;

          expansion_make_packet (&packet);
          expansion_make_forwarded (&sample);
          sample.destination = packet.destination;
          packet.has_source = TRUE;
          if (sample.source.family != packet.destination.family)
            continue;
          packet.source = sample.source;
          sample.destination_type = packet.destination_type = expansion_choose_type (packet.destination.family);
          sample.protocol = packet.protocol;
          sample.dport = packet.port;
          sample.tcp_flags = TCP_SYN;
          sample.mark = 0;
          sample.is_first = sample.is_tracked = TRUE;
          divert_walker_forward (&walker, &sample, &explanation);
          result = walk_forwarded (&chains, &packet, sample.interface);
          g_assert_cmpint (result.path, ==, explanation.path);
          g_assert_cmpint (result.port, ==, explanation.port);
        }
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

  divert_xt_describe (ruleset, explanation->rule, packet, &text);
  g_assert_cmpstr (text.table, ==, explanation->path == DIVERT_PATH_DNS ? "nat" : "mangle");
  g_assert_true (divert_xt_is_own (text.table[0] == 'n' ? DIVERT_XT_NAT : DIVERT_XT_MANGLE, text.chain));
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
  return g_hash_table_add (described, (gpointer) explanation->rule) || n % (count / 50 + 1) == 0;
}

/* The rules of x_tables mean the same as the ruleset. */
static void
test_walk (gconstpointer data)
{
  static const guint counts[] = { 1000, 100, 17, 13, 12, 11, 2, 1, 0 };

  for (guint i = 0; i < G_N_ELEMENTS (counts) * g_strv_length ((char **) expansion_homes); i++)
    {
      const guint count = counts[i % G_N_ELEMENTS (counts)];
      g_autofree char *servers = expansion_make_servers ();
      const char *const keys[] = { "", "dns-except=10.0.0.0/9;192.168.22.128/25\n", servers };
      g_autoptr(DivertRuleset) ruleset = expansion_make_ruleset_with (
          count, GPOINTER_TO_INT (data), keys[i % 3], expansion_homes[i / G_N_ELEMENTS (counts)]);
      g_autoptr(DivertXtRuleset) xt = divert_xt_ruleset_new (ruleset);
      g_autoptr(GHashTable) described = g_hash_table_new (NULL, NULL);
      g_auto(Chains) chains;

      init_chains (&chains, xt);
      for (guint j = 0; j < 300; j++)
        {
          DivertExplanation explanation;
          DivertPacket packet;
          Result result;

          expansion_make_packet (&packet);
          divert_explain (ruleset, &packet, &explanation);
          result = walk (&chains, &packet);
          g_assert_cmpint (result.path, ==, explanation.path);
          g_assert_cmpint (result.port, ==, explanation.port);
          if (is_described (count, j, &explanation, described))
            check_text (ruleset, &packet, &explanation);
        }
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
  g_auto(Chains) chains_few;
  g_auto(Chains) chains_many;
  DivertPacket packet;

  init_chains (&chains_few, xt_few);
  init_chains (&chains_many, xt_many);
  g_assert_true (divert_packet_parse ("1.1.1.1:80", &packet, NULL));
  g_strlcpy (packet.out_interface, "eth0", sizeof packet.out_interface);
  g_assert_cmpuint (walk (&chains_many, &packet).steps, <=, walk (&chains_few, &packet).steps);
}

/* What the kernel would refuse or interpret differently (K1.4 to K1.6), and whether each chain can be recognised as
 * ours. */
static void
test_well_formed (void)
{
  g_autofree char *servers = expansion_make_servers ();
  g_autoptr(DivertRuleset) ruleset = expansion_make_ruleset_with (100, DIVERT_MODE_AUTO, servers,
                                                                 "internet=direct\ndns=direct\n");
  g_autoptr(DivertXtRuleset) xt = divert_xt_ruleset_new (ruleset);

  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      g_autoptr(GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

      for (guint i = 0; i < xt->rules[family]->len; i++)
        {
          const DivertXtRule *rule = divert_xt_rules_index (xt->rules[family], i);
          const gboolean own = divert_xt_is_own (rule->table, rule->chain);

          g_assert_true (own != divert_xt_is_builtin (rule->chain));
          g_assert_true (own || rule->target == DIVERT_XT_JUMP);
          g_assert_cmpint (rule->tagged, ==, own && g_hash_table_add (seen, (gpointer) rule->chain));
          if (rule->sport != 0 || rule->dport != 0 || rule->target == DIVERT_XT_TPROXY ||
              rule->target == DIVERT_XT_REDIRECT)
            g_assert_true (rule->protocol == IPPROTO_TCP || rule->protocol == IPPROTO_UDP);
          g_assert_true (!rule->has_destination || rule->destination.family == family);
          g_assert_true (!rule->has_source || rule->source.family == family);
          if (rule->target == DIVERT_XT_JUMP || rule->target == DIVERT_XT_GOTO)
            g_assert_true (divert_xt_is_own (rule->table, rule->to));
        }
    }
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
          g_autofree char *text = NULL, *expected_text = NULL;

          g_assert_true (divert_xt_rules_withdraw (withdrawn->rules[family]));
          g_assert_false (divert_xt_rules_withdraw (withdrawn->rules[family]));
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
  g_test_add_func ("/iptables/expand/cost", test_cost);
  g_test_add_func ("/iptables/expand/well-formed", test_well_formed);
  g_test_add_func ("/iptables/expand/withdraw", test_withdraw);
  g_test_add_func ("/iptables/expand/names", test_names);
  return g_test_run ();
}
