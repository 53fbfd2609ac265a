/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What we wrote, as `nft -j` reads it from the kernel: the hooks and their places, as many rules as the ruleset has,
 * and packets of all kinds end up where the ruleset says.
 */
#include "../unit/expansion.h"
#include "backend-fixture.h"
#include "namespace.h"
#include "nft-json.h"
#include "system/filter/nftables/nftables-expand.h"
#include "system/filter/nftables/nftables.h"

#define N_PACKETS 3000

static const struct
{
  const char *chain, *type, *hook;
  int         priority;
} hooks[DIVERT_N_HOOKS] = {
  [DIVERT_HOOK_OUTPUT] = { "output", "route", "output", -130 },
  [DIVERT_HOOK_DELIVER] = { "deliver", "filter", "prerouting", 20 },
  [DIVERT_HOOK_AGAIN] = { "again", "filter", "prerouting", G_MININT32 },
  [DIVERT_HOOK_ARRIVE] = { "arrive", "filter", "input", 40 },
  [DIVERT_HOOK_GUARD] = { "guard", "filter", "postrouting", -155 },
  [DIVERT_HOOK_LAN_DNS] = { "dns-forwarded", "nat", "prerouting", -105 },
  [DIVERT_HOOK_DNS] = { "dns", "nat", "output", -105 },
  [DIVERT_HOOK_WIRE] = { "wire", "filter", "egress", 0 }, /* in a table of its own: test-wire.c */
};

static void
lay (DivertRuleset *ruleset)
{
  g_autoptr(DivertBackend) backend = divert_backend_nftables_new ();

  backend_fixture_lay (backend, ruleset);
}

static gboolean
has_rules (const DivertRuleset *ruleset,
           DivertChain          chain)
{
  for (guint i = 0; i < ruleset->rules->len; i++)
    if (((const DivertRule *) g_ptr_array_index (ruleset->rules, i))->chain == chain)
      return TRUE;
  return FALSE;
}

static void
assert_hooks (const NftJson       *json,
              const DivertRuleset *ruleset)
{
  for (guint i = 0; i < DIVERT_N_HOOKS; i++)
    {
      JsonObject *object = g_hash_table_lookup (json->chains, hooks[i].chain);

      g_assert_true ((object != NULL) == has_rules (ruleset, i));
      if (object == NULL)
        continue;
      g_assert_cmpstr (json_object_get_string_member (object, "type"), ==, hooks[i].type);
      g_assert_cmpstr (json_object_get_string_member (object, "hook"), ==, hooks[i].hook);
      g_assert_cmpint (json_object_get_int_member (object, "prio"), ==, hooks[i].priority);
      g_assert_cmpstr (json_object_get_string_member (object, "policy"), ==, "accept");
    }
}

/* No fewer and no more chains, rules, sets and elements than we meant. */
static void
assert_counts (const NftJson       *json,
               const DivertRuleset *ruleset)
{
  g_autoptr(DivertNftTable) table = divert_nft_table_new_from_ruleset (DIVERT_NFT_TABLE, ruleset);
  guint n_chains = 0, n_rules = 0, n_read = 0;
  GHashTableIter iter;
  gpointer rules;

  for (guint i = 0; i < DIVERT_NFT_N_CHAINS; i++)
    {
      n_chains += table->rules[i] != NULL;
      n_rules += table->rules[i] != NULL ? table->rules[i]->len : 0;
    }
  g_hash_table_iter_init (&iter, json->rules);
  while (g_hash_table_iter_next (&iter, NULL, &rules))
    n_read += ((GPtrArray *) rules)->len;
  g_assert_cmpuint (g_hash_table_size (json->chains), ==, n_chains);
  g_assert_cmpuint (n_read, ==, n_rules);
  g_assert_cmpuint (g_hash_table_size (json->sets), ==, table->sets->len);
  for (guint i = 0; i < table->sets->len; i++)
    {
      const DivertNftSet *set = g_ptr_array_index (table->sets, i);
      JsonArray *elements = g_hash_table_lookup (json->sets, set->name);

      g_assert_nonnull (elements);
      if (set->prefixes != NULL)
        g_assert_cmpuint (json_array_get_length (elements), ==, set->prefixes->len);
    }
}

/* As the kernel takes a packet from hook to hook. */
static DivertPath
walk (const NftJson       *json,
      const DivertRouting *routing,
      DivertSample        *sample,
      guint16             *ret_port)
{
  const char *out = (sample->destination_type & DIVERT_ADDRTYPE_LOCAL) != 0 ? "lo" : sample->interface;
  guint16 ignored;

  *ret_port = 0;
  if (nft_json_walk (json, "output", sample, "", out, &ignored) == NFT_JSON_DROPPED)
    return DIVERT_PATH_BLOCK;
  if (sample->is_first && g_hash_table_contains (json->chains, "dns") &&
      nft_json_walk (json, "dns", sample, "", out, ret_port) == NFT_JSON_GIVEN)
    return DIVERT_PATH_DNS;
  *ret_port = 0;
  if ((sample->mark & routing->mask) != routing->mark || sample->is_bound)
    return nft_json_walk (json, "guard", sample, "", out, &ignored) == NFT_JSON_DROPPED ? DIVERT_PATH_BLOCK
                                                                                         : DIVERT_PATH_DIRECT;
  if (nft_json_walk (json, "deliver", sample, "lo", "", ret_port) == NFT_JSON_ACCEPTED && *ret_port != 0)
    return DIVERT_PATH_DIVERT;
  *ret_port = 0;
  return DIVERT_PATH_BLOCK;
}

/* The same for one that somebody else sent. */
static DivertPath
walk_forwarded (const NftJson *json,
                DivertSample  *sample,
                guint16       *ret_port)
{
  *ret_port = 0;
  if (sample->is_first && g_hash_table_contains (json->chains, "dns-forwarded") &&
      nft_json_walk (json, "dns-forwarded", sample, sample->interface, "", ret_port) == NFT_JSON_GIVEN)
    return DIVERT_PATH_DNS;
  *ret_port = 0;
  if (nft_json_walk (json, "deliver", sample, sample->interface, "", ret_port) != NFT_JSON_DROPPED)
    return *ret_port != 0 ? DIVERT_PATH_DIVERT : DIVERT_PATH_DIRECT;
  *ret_port = 0;
  return DIVERT_PATH_BLOCK;
}

static void
assert_meaning (const NftJson       *json,
                const DivertRuleset *ruleset)
{
  g_auto(DivertWalker) walker;

  divert_walker_init (&walker, ruleset);
  for (guint i = 0; i < N_PACKETS; i++)
    {
      DivertExplanation explanation;
      DivertSample sample, copy;
      guint16 port;

      expansion_make_sample (&sample);
      copy = sample;
      divert_walker_send (&walker, &sample, &explanation);
      g_assert_cmpint (walk (json, &ruleset->routing, &copy, &port), ==, explanation.path);
      g_assert_cmpint (port, ==, explanation.port);
      g_assert_cmphex (copy.mark, ==, sample.mark);
      g_assert_cmphex (copy.connmark, ==, sample.connmark);

      expansion_make_forwarded (&sample);
      copy = sample;
      divert_walker_forward (&walker, &sample, &explanation);
      g_assert_cmpint (walk_forwarded (json, &copy, &port), ==, explanation.path);
      g_assert_cmpint (port, ==, explanation.port);
      g_assert_cmphex (copy.mark, ==, sample.mark);
      g_assert_cmphex (copy.connmark, ==, sample.connmark);

      expansion_make_sample (&sample);
      copy = sample;
      divert_walker_receive (&walker, &sample);
      if (g_hash_table_contains (json->chains, "arrive"))
        nft_json_walk (json, "arrive", &copy, copy.interface, "", &port);
      g_assert_cmphex (copy.connmark, ==, sample.connmark);
    }
}

static void
test_read_back (gconstpointer data)
{
  static const guint counts[] = { 0, 4, 17, 100 };
  static const char *const keys[] = { "", "intranet-other=allow\n", "mark=1\nmask=1\n", "ipv6=false\n",
                                      "serve=51820;6881-6889\n", "forward=all\n" };

  for (guint i = 0; i < G_N_ELEMENTS (counts) * G_N_ELEMENTS (keys); i++)
    {
      g_autoptr(DivertRuleset) ruleset = expansion_make_ruleset_with (counts[i % G_N_ELEMENTS (counts)],
                                                                      GPOINTER_TO_INT (data),
                                                                      keys[i / G_N_ELEMENTS (counts)], "");
      g_autoptr(NftJson) json = NULL;

      test_namespace_enter ();
      /* nft knows the grants' device by its name only if it is there. */
      test_run ("ip link add eth0 index 3 type bridge");
      lay (ruleset);
      json = nft_json_new ();
      assert_hooks (json, ruleset);
      assert_counts (json, ruleset);
      assert_meaning (json, ruleset);
    }
}

/* Every byte of what nft shows, other people's rules and counters included. */
static void
test_nothing_left (void)
{
  g_autoptr(DivertRuleset) home = expansion_make_ruleset (17, DIVERT_MODE_AUTO);
  g_autoptr(DivertRuleset) away = expansion_make_ruleset (0, DIVERT_MODE_AWAY);
  g_autoptr(DivertRuleset) nothing = divert_ruleset_new_empty ();
  g_autofree char *before = NULL, *after = NULL;

  test_namespace_enter ();
  test_run ("nft 'table inet theirs { set s { type ipv4_addr; flags interval; elements = { 10.9.0.0/16 }; }; "
            "counter n { packets 7 bytes 8; }; map m { type inet_service : verdict; elements = { 22 : accept }; }; "
            "chain c { type filter hook output priority -130; counter name n ip daddr @s tcp dport vmap @m; }; }; "
            "table ip nm-divert { chain judge { comment \"not ours\"; }; }'");
  before = test_output ("nft -a -s list ruleset; nft list ruleset");
  lay (home);
  lay (away);
  lay (nothing);
  after = test_output ("nft -a -s list ruleset; nft list ruleset");
  g_assert_cmpstr (before, ==, after);
}

int
main (int    argc,
      char **argv)
{
  test_needs ("nft", NULL);
  test_needs_namespaces ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/nftables/json/home", GINT_TO_POINTER (DIVERT_MODE_AUTO), test_read_back);
  g_test_add_data_func ("/nftables/json/away", GINT_TO_POINTER (DIVERT_MODE_AWAY), test_read_back);
  g_test_add_func ("/nftables/json/nothing-left", test_nothing_left);
  return g_test_run ();
}
