/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a ruleset becomes in nftables, without a kernel. Packets of all kinds walk through this table. They end up where
 * the ruleset says, and leave the marks that it says. What explain shows is there, and what the kernel would refuse
 * isn't.
 */
#include <netinet/in.h>
#include <string.h>

#include "expansion.h"
#include "nftables-walk.h"
#include "system/filter/nftables/nftables-chains.h"
#include "system/filter/nftables/nftables-digest.h"
#include "system/filter/nftables/nftables-expand.h"
#include "system/filter/nftables/nftables-text.h"

#define ACK 0x10

static const guint counts[] = { 0, 1, 2, 4, 5, 17, 1000 };

static void
compare_sent (const DivertWalker   *walker,
              const DivertNftTable *table)
{
  DivertExplanation explanation;
  DivertSample sample, copy;
  NftablesWay way;

  expansion_make_sample (&sample);
  copy = sample;
  divert_walker_send (walker, &sample, &explanation);
  way = nftables_walk (table, &walker->routing, &copy, TRUE);
  g_assert_cmpint (way.path, ==, explanation.path);
  g_assert_cmpint (way.port, ==, explanation.port);
  g_assert_cmphex (copy.mark, ==, sample.mark);
  g_assert_cmphex (copy.connmark, ==, sample.connmark);
  g_assert_true (!way.refused || explanation.path == DIVERT_PATH_BLOCK);
}

static void
compare_arriving (const DivertWalker   *walker,
                  const DivertNftTable *table)
{
  DivertSample sample, copy;

  expansion_make_sample (&sample);
  copy = sample;
  divert_walker_receive (walker, &sample);
  nftables_walk_arriving (table, &copy);
  g_assert_cmphex (copy.connmark, ==, sample.connmark);
}

static void
compare_forwarded (const DivertWalker   *walker,
                   const DivertNftTable *table)
{
  DivertExplanation explanation;
  DivertSample sample, copy;
  NftablesWay way;

  expansion_make_forwarded (&sample);
  copy = sample;
  divert_walker_forward (walker, &sample, &explanation);
  way = nftables_walk_forwarded (table, &copy);
  g_assert_cmpint (way.path, ==, explanation.path);
  g_assert_cmpint (way.port, ==, explanation.port);
  g_assert_cmphex (copy.mark, ==, sample.mark);
  g_assert_cmphex (copy.connmark, ==, sample.connmark);
}

/* Who doesn't listen is found out as a packet comes (test_refused). */
static gboolean
is_closed (const ExpansionWorld *world)
{
  return world->listening != NULL && strstr (world->listening, "tproxy") != NULL;
}

static void
test_walk (gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    for (guint j = 0; j < expansion_n_worlds; j++)
      {
        g_autoptr(DivertRuleset) ruleset =
            expansion_make_ruleset_in (counts[i], GPOINTER_TO_INT (data), &expansion_worlds[j]);
        g_autoptr(DivertNftTable) table = divert_nft_table_new_from_ruleset (DIVERT_NFT_TABLE, ruleset);
        g_auto(DivertWalker) walker;

        divert_walker_init (&walker, ruleset);
        for (guint k = 0; k < 3000 && !is_closed (&expansion_worlds[j]); k++)
          {
            compare_sent (&walker, table);
            compare_arriving (&walker, table);
            compare_forwarded (&walker, table);
          }
      }
}

/* What the proxy doesn't take goes nowhere. */
static void
test_refused (void)
{
  g_autoptr(DivertRuleset) ruleset = expansion_make_ruleset (17, DIVERT_MODE_AWAY);
  g_autoptr(DivertNftTable) table = divert_nft_table_new_from_ruleset (DIVERT_NFT_TABLE, ruleset);
  g_auto(DivertWalker) walker;
  guint n_refused = 0;

  divert_walker_init (&walker, ruleset);
  for (guint i = 0; i < 20000; i++)
    {
      DivertExplanation explanation;
      DivertSample sample, copy;
      NftablesWay way;

      expansion_make_sample (&sample);
      copy = sample;
      divert_walker_send (&walker, &sample, &explanation);
      way = nftables_walk (table, &ruleset->routing, &copy, FALSE);
      if (explanation.path == DIVERT_PATH_DIVERT)
        {
          g_assert_true (way.refused);
          g_assert_cmpint (way.path, ==, DIVERT_PATH_BLOCK);
          n_refused++;
        }
      else
        g_assert_cmpint (way.path, ==, explanation.path);
    }
  g_assert_cmpuint (n_refused, >, 1000);
}

/* A chain that is all of a hook is in the hook's place. */
static const char *
find_place (DivertChain chain)
{
  if (chain == DIVERT_CHAIN_JUDGE)
    return "output";
  return chain == DIVERT_CHAIN_DNS ? "dns" : divert_chain_name (chain);
}

/* For each packet that explain is asked about there is a rule to show, and it is for the packet's own family and
 * protocol. */
static void
test_describe (gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      g_autoptr(DivertRuleset) ruleset = expansion_make_ruleset (counts[i], GPOINTER_TO_INT (data));

      for (guint j = 0; j < 100; j++)
        {
          g_auto(DivertRuleText) text = { NULL, NULL, NULL };
          DivertExplanation explanation;
          DivertPacket packet;

          expansion_make_packet (&packet);
          packet.destination_type = expansion_choose_type (packet.destination.family);
          divert_explain (ruleset, &packet, &explanation);
          if (explanation.rule == NULL)
            continue;
          divert_nft_describe (ruleset, explanation.rule, &packet, &text);
          g_assert_cmpstr (text.table, ==, "inet nm-divert");
          g_assert_cmpstr (text.chain, ==, find_place (explanation.rule->chain));
          g_assert_nonnull (text.text);
          g_assert_null (strstr (text.text, packet.destination.family == DIVERT_FAMILY_IPV6 ? "ip daddr"
                                                                                            : "ip6 daddr"));
          g_assert_null (strstr (text.text, packet.protocol == IPPROTO_TCP ? "l4proto udp" : "l4proto tcp"));
        }
    }
}

/* A packet to the internet doesn't cost more if there are more prefixes or grants. */
static void
test_cost (void)
{
  g_autoptr(DivertRuleset) few = expansion_make_ruleset (4, DIVERT_MODE_AUTO);
  g_autoptr(DivertRuleset) many = expansion_make_ruleset (1000, DIVERT_MODE_AUTO);
  g_autoptr(DivertNftTable) table_few = divert_nft_table_new_from_ruleset (DIVERT_NFT_TABLE, few);
  g_autoptr(DivertNftTable) table_many = divert_nft_table_new_from_ruleset (DIVERT_NFT_TABLE, many);
  DivertSample sample = { .protocol = IPPROTO_TCP, .dport = 80, .tcp_flags = ACK, .interface = "eth0",
                          .is_tracked = TRUE }, copy;

  g_assert_true (divert_address_parse ("1.1.1.1", &sample.destination, NULL));
  copy = sample;
  g_assert_cmpuint (nftables_walk (table_many, &many->routing, &sample, TRUE).steps, <=,
                    nftables_walk (table_few, &few->routing, &copy, TRUE).steps);
}

static void
check_expr (const DivertNftTable *table,
            const DivertNftExpr  *expr)
{
  if (expr->kind == DIVERT_NFT_JUMP || expr->kind == DIVERT_NFT_GOTO)
    {
      g_assert_nonnull (table->rules[expr->chain]);
      g_assert_null (divert_nft_chain_hook (expr->chain));
    }
  if (divert_nft_expr_has_set (expr))
    g_assert_nonnull (divert_nft_table_find_set (table, expr->name));
}

/* What the kernel would refuse: a statement after a verdict, a name that is too long, a set twice. */
static void
test_well_formed (void)
{
  g_autofree char *servers = expansion_make_servers ();
  g_autoptr(DivertRuleset) ruleset = expansion_make_ruleset_with (100, DIVERT_MODE_AUTO, servers, "");
  g_autoptr(DivertNftTable) table = divert_nft_table_new_from_ruleset (DIVERT_NFT_TABLE, ruleset);
  g_autoptr(GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < table->sets->len; i++)
    {
      const DivertNftSet *set = g_ptr_array_index (table->sets, i);

      g_assert_true (g_hash_table_add (names, (gpointer) set->name));
      g_assert_cmpuint (strlen (set->name), <, DIVERT_NFT_SET_NAME_MAX);
    }
  for (guint chain = 0; chain < DIVERT_NFT_N_CHAINS; chain++)
    for (guint i = 0; table->rules[chain] != NULL && i < table->rules[chain]->len; i++)
      {
        const DivertNftRule *rule = g_ptr_array_index (table->rules[chain], i);

        g_assert_cmpuint (rule->chain, ==, chain);
        g_assert_cmpuint (rule->exprs->len, >, 0);
        g_assert_false (divert_nft_expr_is_match (divert_nft_rule_index (rule, rule->exprs->len - 1)));
        g_assert_true (rule->comment == NULL || strlen (rule->comment) < 128);
        for (guint j = 0; j < rule->exprs->len; j++)
          {
            check_expr (table, divert_nft_rule_index (rule, j));
            g_assert_true (j + 1 == rule->exprs->len || divert_nft_rule_index (rule, j)->kind < DIVERT_NFT_REDIRECT);
          }
      }
}

static gboolean
grants (guint chain)
{
  return divert_chain_is_granting (chain) || chain == DIVERT_NFT_CHAIN_GRANTED;
}

static void
assert_last (const DivertNftTable *table,
             const char           *text)
{
  const GPtrArray *rules = table->rules[DIVERT_NFT_CHAIN_GRANTED];
  g_autofree char *last = divert_nft_rule_to_text (g_ptr_array_index (rules, rules->len - 1));

  g_assert_cmpstr (last, ==, text);
}

/* What is for an intranet leaves by a grant or goes on, and nothing else compares the grants. */
static void
test_way (void)
{
  static const struct { guint n; const char *last; } cases[] = {
    { 0, "goto leaving-intranet" }, { 1, "goto leaving-covered" }, { 1000, "goto leaving-covered" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(DivertRuleset) ruleset = expansion_make_ruleset (cases[i].n, DIVERT_MODE_AUTO);
      g_autoptr(DivertNftTable) home = divert_nft_table_new_from_ruleset (DIVERT_NFT_TABLE, ruleset);
      g_autoptr(DivertNftTable) away = NULL;

      expansion_take_grants (ruleset);
      away = divert_nft_table_new_from_ruleset (DIVERT_NFT_TABLE, ruleset);
      g_assert_cmpuint (home->rules[DIVERT_NFT_CHAIN_GRANTED]->len, >, 1);
      g_assert_cmpuint (away->rules[DIVERT_NFT_CHAIN_GRANTED]->len, ==, 1);
      assert_last (home, cases[i].last);
      assert_last (away, cases[i].last);
      g_assert_cmpint (home->rules[DIVERT_NFT_CHAIN_COVERED] != NULL, ==, cases[i].n > 0);
      for (guint j = 0; j < home->rules[DIVERT_HOOK_GUARD]->len; j++)
        {
          const DivertNftRule *rule = g_ptr_array_index (home->rules[DIVERT_HOOK_GUARD], j);

          g_assert_cmpuint (divert_nft_rule_index (rule, rule->exprs->len - 1)->chain, !=, DIVERT_CHAIN_GRANTS);
        }
    }
}

/* A change of place changes the chain of grants and, if there are many, the sets that it looks into. */
static void
test_grants (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      g_autoptr(DivertRuleset) ruleset = expansion_make_ruleset_with (counts[i], DIVERT_MODE_AUTO, "",
                                                                     "internet=direct\ndns=direct\n");
      g_autoptr(DivertNftTable) home = divert_nft_table_new_from_ruleset (DIVERT_NFT_TABLE, ruleset);
      g_autoptr(DivertNftTable) away = NULL;

      for (guint j = ruleset->rules->len; j > 0; j--)
        if (divert_chain_is_granting (((DivertRule *) g_ptr_array_index (ruleset->rules, j - 1))->chain))
          g_ptr_array_remove_index (ruleset->rules, j - 1);
      away = divert_nft_table_new_from_ruleset (DIVERT_NFT_TABLE, ruleset);

      g_assert_cmpuint (home->rules[DIVERT_CHAIN_GRANTS]->len, >, 0);
      g_assert_cmpuint (away->rules[DIVERT_CHAIN_GRANTS]->len, ==, 0);
      for (guint chain = 0; chain < DIVERT_NFT_N_CHAINS; chain++)
        for (guint j = 0; !grants (chain) && home->rules[chain] != NULL && j < home->rules[chain]->len; j++)
          {
            g_autofree char *text = divert_nft_rule_to_text (g_ptr_array_index (home->rules[chain], j));
            g_autofree char *expected = divert_nft_rule_to_text (g_ptr_array_index (away->rules[chain], j));

            g_assert_cmpstr (text, ==, expected);
          }
    }
}

/* Rule by rule. */
static void
compare_rules (const DivertNftTable *a,
               const DivertNftTable *b)
{
  for (guint chain = 0; chain < DIVERT_NFT_N_CHAINS; chain++)
    for (guint i = 0; a->rules[chain] != NULL && i < a->rules[chain]->len; i++)
      for (guint j = 0; j < b->rules[chain]->len; j++)
        {
          DivertNftRule *x = g_ptr_array_index (a->rules[chain], i);
          DivertNftRule *y = g_ptr_array_index (b->rules[chain], j);

          g_assert_true (i != j || divert_nft_rule_equal (x, y));
          g_assert_true (!divert_nft_rule_equal (x, y) || divert_nft_digest_rule (x) == divert_nft_digest_rule (y));
        }
}

/* The same ruleset, made again, has equal rules, and equal rules have the same digest. */
static void
test_equal (void)
{
  /* A random list isn't the same again. */
  for (guint i = 0; i < expansion_n_worlds; i++)
    for (guint mode = 0; mode < 2 && expansion_worlds[i].divert != NULL; mode++)
      {
        const DivertModeKind kind = mode == 0 ? DIVERT_MODE_AWAY : DIVERT_MODE_AUTO;
        g_autoptr(DivertRuleset) first = expansion_make_ruleset_in (0, kind, &expansion_worlds[i]);
        g_autoptr(DivertRuleset) second = expansion_make_ruleset_in (0, kind, &expansion_worlds[i]);
        g_autoptr(DivertNftTable) a = divert_nft_table_new_from_ruleset (DIVERT_NFT_TABLE, first);
        g_autoptr(DivertNftTable) b = divert_nft_table_new_from_ruleset (DIVERT_NFT_TABLE, second);

        compare_rules (a, b);
      }
}

static DivertNftRule *
make_rule (const char *source)
{
  g_autoptr(DivertNftRule) rule = divert_nft_rule_new (DIVERT_CHAIN_GRANTS);
  DivertNftExpr *expr = divert_nft_rule_add (rule, DIVERT_NFT_MATCH_EQUAL);

  expr->key = DIVERT_NFT_KEY_SOURCE;
  g_assert_true (divert_prefix_parse (source, &expr->prefix, NULL));
  expr->family = expr->prefix.family;
  return g_steal_pointer (&rule);
}

/* A stranger may choose an address so that a hash does not tell it from another one. */
static void
test_unequal (void)
{
  g_autoptr(DivertNftRule) rule = make_rule ("fd00:22::33/128");
  g_autoptr(DivertNftRule) same = make_rule ("fd00:22::33/128");
  g_autoptr(DivertNftRule) other = make_rule ("fd00:22:0:8000:0:8000:0:8033/128");

  g_assert_true (divert_nft_rule_equal (rule, same));
  g_assert_false (divert_nft_rule_equal (rule, other));
  same->comment = "why";
  g_assert_false (divert_nft_rule_equal (rule, same));
  divert_nft_rule_add (other, DIVERT_NFT_DROP);
  g_assert_false (divert_nft_rule_equal (rule, other));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/nftables/expand/walk/away", GINT_TO_POINTER (DIVERT_MODE_AWAY), test_walk);
  g_test_add_data_func ("/nftables/expand/walk/home", GINT_TO_POINTER (DIVERT_MODE_AUTO), test_walk);
  g_test_add_func ("/nftables/expand/refused", test_refused);
  g_test_add_data_func ("/nftables/expand/describe/away", GINT_TO_POINTER (DIVERT_MODE_AWAY), test_describe);
  g_test_add_data_func ("/nftables/expand/describe/home", GINT_TO_POINTER (DIVERT_MODE_AUTO), test_describe);
  g_test_add_func ("/nftables/expand/cost", test_cost);
  g_test_add_func ("/nftables/expand/well-formed", test_well_formed);
  g_test_add_func ("/nftables/expand/way", test_way);
  g_test_add_func ("/nftables/expand/grants", test_grants);
  g_test_add_func ("/nftables/expand/equal", test_equal);
  g_test_add_func ("/nftables/expand/unequal", test_unequal);
  return g_test_run ();
}
