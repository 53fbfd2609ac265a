/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rulesets as a whole: properties that hold for any configuration. Packets walk through them to show this.
 */
#include <string.h>

#include "core/ruleset/explain.h"
#include "values.h"

#define GROUP_ID 23333

static DivertRuleset *
make_away (const DivertConfig *config)
{
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AWAY, NULL);
  g_autoptr(DivertDecision) decision = divert_decide (config, mode, facts);

  return divert_ruleset_new (config, decision, GROUP_ID, facts);
}

static DivertPath
path_to (const DivertRuleset *ruleset,
         const char          *text)
{
  DivertPacket packet;
  DivertExplanation explanation;
  g_autoptr(GError) error = NULL;

  divert_packet_parse (text, &packet, &error);
  g_assert_no_error (error);
  g_strlcpy (packet.out_interface, "wlan0", sizeof packet.out_interface);
  divert_explain (ruleset, &packet, &explanation);
  return explanation.path;
}

static DivertPath
get_expected (const DivertSite   *site,
              const DivertPacket *packet)
{
  return divert_prefixes_contain (site->intranet, &packet->destination) ? DIVERT_PATH_DIVERT : DIVERT_PATH_DIRECT;
}

/* However many prefixes there are, those in an intranet are diverted, and their neighbours in a bypass prefix are
 * not. */
static void
test_prefixes (void)
{
  static const guint counts[] = { 1, 2, 12, 13, 17, 100, 1000 };

  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      g_autoptr(GString) text = g_string_new ("[proxy]\ngroup=1\n[divert]\nbypass=10.0.0.0/8;fd00::/8\n"
                                              "[site many]\nzone=z\nintranet=");
      g_autoptr(DivertConfig) config = NULL;
      g_autoptr(DivertRuleset) ruleset = NULL;
      const DivertSite *site;

      for (guint j = 0; j < counts[i]; j++)
        {
          guint length = g_test_rand_int_range (9, 33);
          guint32 address = (10u << 24 | g_test_rand_int_range (0, 1 << 24)) & (G_MAXUINT32 << (32 - length));

          g_string_append_printf (text, "%u.%u.%u.%u/%u;fd00:%x::/32;", address >> 24, address >> 16 & 255,
                                  address >> 8 & 255, address & 255, length, (guint) g_test_rand_int_range (0, 0xffff));
        }
      config = test_config_new (text->str);
      ruleset = make_away (config);
      site = g_ptr_array_index (config->sites, 0);

      for (guint j = 0; j < 500; j++)
        {
          guint32 random = g_test_rand_int_range (0, 1 << 24);
          g_autofree char *v4 = g_strdup_printf ("10.%u.%u.%u:80", random >> 16, random >> 8 & 255, random & 255);
          g_autofree char *v6 = g_strdup_printf ("[fd00:%x::%x]:80/udp", random >> 8, j);
          DivertPacket packet;

          g_assert_true (divert_packet_parse (v4, &packet, NULL));
          g_assert_cmpint (path_to (ruleset, v4), ==, get_expected (site, &packet));
          g_assert_true (divert_packet_parse (v6, &packet, NULL));
          g_assert_cmpint (path_to (ruleset, v6), ==, get_expected (site, &packet));
        }
    }
}

static gboolean
has_chain (const DivertRuleset *ruleset,
           const DivertRule    *from)
{
  for (guint i = 0; i < ruleset->rules->len; i++)
    {
      const DivertRule *rule = g_ptr_array_index (ruleset->rules, i);

      if (rule->chain == from->to && (rule->families & from->families) != 0)
        return TRUE;
    }
  return FALSE;
}

/* An IPv6 address never has two types, so such a rule would never match. */
static gboolean
is_one_type (guint types)
{
  return (types & (types - 1)) == 0;
}

static void
assert_lists (const DivertRule *rule)
{
  const GArray *const lists[] = { rule->sources, rule->destinations };

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      DivertFamilies families = DIVERT_FAMILIES_NONE;

      for (guint j = 0; lists[i] != NULL && j < lists[i]->len; j++)
        families |= 1 << divert_prefixes_index (lists[i], j)->family;
      g_assert_true (lists[i] == NULL || (rule->families & ~families) == 0);
      if (lists[i] != NULL)
        {
          g_autoptr(GArray) merged = divert_prefixes_merge (lists[i]);

          g_assert_true (divert_prefixes_equal (merged, lists[i]));
        }
    }
}

/* What a packet filter would refuse or interpret differently. */
static void
test_well_formed (void)
{
  g_autoptr(DivertConfig) config = test_config_new ("[proxy]\ngroup=1\n"
                                                 "[site a]\nzone=a\nintranet=192.168.22.0/24;fd00:22::/64\n"
                                                 "tproxy-port=5\n"
                                                 "[site b]\nzone=b\nintranet=10.1.0.0/16\n");
  g_autoptr(DivertRuleset) ruleset = make_away (config);

  for (guint i = 0; i < ruleset->rules->len; i++)
    {
      const DivertRule *rule = g_ptr_array_index (ruleset->rules, i);
      gboolean has_port = rule->sport != 0 || rule->dport != 0;

      g_assert_cmpint (rule->chain < DIVERT_N_HOOKS, <=, rule->verdict == DIVERT_VERDICT_JUMP);
      g_assert_false (divert_chain_is_granting (rule->chain));
      g_assert_cmpint (rule->families & ~DIVERT_FAMILIES_BOTH, ==, 0);
      g_assert_cmpint (rule->families, !=, 0);
      assert_lists (rule);
      if (has_port || rule->verdict == DIVERT_VERDICT_TPROXY || rule->verdict == DIVERT_VERDICT_REDIRECT)
        g_assert_true (rule->protocols != 0 && (rule->protocols & ~DIVERT_PROTOCOLS_TCP_UDP) == 0);
      if (rule->has_tcp_flags)
        g_assert_cmpint (rule->protocols, ==, DIVERT_PROTOCOL_TCP);
      if (rule->icmpv6_type != 0)
        g_assert_true (rule->protocols == DIVERT_PROTOCOL_ICMP && rule->families == DIVERT_FAMILIES_IPV6);
      if ((rule->dst_types & DIVERT_ADDRTYPE_BROADCAST) != 0)
        g_assert_cmpint (rule->families, ==, DIVERT_FAMILIES_IPV4);
      if ((rule->families & DIVERT_FAMILIES_IPV6) != 0)
        g_assert_true (is_one_type (rule->dst_types) && is_one_type (rule->src_types));
      if (rule->receiver != DIVERT_RECEIVER_ANY)
        g_assert_cmpint (rule->chain, ==, DIVERT_CHAIN_SERVE);
      if (rule->dports != NULL)
        g_assert_true (rule->dport == 0 && rule->protocols != 0 && (rule->protocols & ~DIVERT_PROTOCOLS_TCP_UDP) == 0);
      if ((rule->verdict == DIVERT_VERDICT_JUMP || rule->verdict == DIVERT_VERDICT_GOTO) &&
          !divert_chain_is_granting (rule->to))
        g_assert_true (has_chain (ruleset, rule));
      if (rule->verdict == DIVERT_VERDICT_MARK || rule->verdict == DIVERT_VERDICT_MARK_LEAVE ||
          rule->verdict == DIVERT_VERDICT_CONNMARK)
        {
          g_assert_cmphex (rule->mask, ==, config->mask);
          g_assert_cmphex (rule->value & ~rule->mask, ==, 0);
          g_assert_cmpint (rule->value == 0, ==, rule->receiver == DIVERT_RECEIVER_BOUND);
        }
    }
}

static DivertRule *
make_rule (void)
{
  DivertRule *rule = divert_rule_new (DIVERT_CHAIN_JUDGE, DIVERT_FAMILIES_BOTH);
  DivertPrefix prefix;

  rule->sources = divert_prefixes_new ();
  rule->destinations = divert_prefixes_new ();
  g_assert_true (divert_prefix_parse ("10.0.0.0/8", &prefix, NULL));
  divert_prefixes_add (rule->sources, &prefix);
  divert_prefixes_add (rule->destinations, &prefix);
  return rule;
}

/* Rules are compared by their meaning, field by field, and a prefix counts only in its own family. */
static void
test_equal (void)
{
  static const gsize fields[] = {
#define FIELD(name) G_STRUCT_OFFSET (DivertRule, name)
    FIELD (chain), FIELD (protocols), FIELD (in_interface), FIELD (in_invert), FIELD (out_interface),
    FIELD (out_invert), FIELD (out_index),
    FIELD (sport), FIELD (dport), FIELD (has_tcp_flags), FIELD (tcp_flags_invert),
    FIELD (tcp_flags_mask), FIELD (tcp_flags_value), FIELD (icmpv6_type), FIELD (mark.has), FIELD (mark.invert),
    FIELD (mark.value), FIELD (mark.mask), FIELD (connmark.has), FIELD (connmark.invert), FIELD (connmark.value),
    FIELD (connmark.mask), FIELD (has_gid), FIELD (gid), FIELD (cgroup), FIELD (dst_types), FIELD (src_types),
    FIELD (receiver),
    FIELD (verdict), FIELD (to), FIELD (value), FIELD (mask), FIELD (port),
#undef FIELD
  };
  g_autoptr(DivertRule) rule = make_rule ();
  g_autoptr(DivertRule) same = make_rule ();
  DivertPrefix prefix;

  same->why = "another reason";
  g_assert_true (divert_rule_equal (rule, same, DIVERT_FAMILY_IPV4));
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      g_autoptr(DivertRule) other = make_rule ();

      /* A value that is neither 0 nor the field's own, whichever byte comes first. */
      *((guint8 *) other + fields[i]) = 0x7f;
      g_assert_false (divert_rule_equal (rule, other, DIVERT_FAMILY_IPV4));
    }

  same->families = DIVERT_FAMILIES_IPV4;
  g_assert_true (divert_rule_equal (rule, same, DIVERT_FAMILY_IPV4));
  g_assert_false (divert_rule_equal (rule, same, DIVERT_FAMILY_IPV6));
  same->families = DIVERT_FAMILIES_BOTH;
  g_assert_true (divert_prefix_parse ("fd00::/8", &prefix, NULL));
  divert_prefixes_add (same->destinations, &prefix);
  g_assert_true (divert_rule_equal (rule, same, DIVERT_FAMILY_IPV4));
  g_assert_false (divert_rule_equal (rule, same, DIVERT_FAMILY_IPV6));
  g_assert_true (divert_prefix_parse ("10.0.0.0/9", &prefix, NULL));
  divert_prefixes_add (same->sources, &prefix);
  g_assert_false (divert_rule_equal (rule, same, DIVERT_FAMILY_IPV4));
  g_clear_pointer (&same->sources, g_array_unref);
  g_assert_false (divert_rule_equal (rule, same, DIVERT_FAMILY_IPV4));
}

static void
test_same_rules (void)
{
  g_autoptr(DivertConfig) config = test_config_new ("[proxy]\ngroup=1\n"
                                                 "[site a]\nzone=a\nintranet=192.168.22.0/24;fd00:22::/64\n");
  g_autoptr(DivertConfig) other = test_config_new ("[proxy]\ngroup=1\ndns-port=5353\n"
                                                "[site a]\nzone=a\nintranet=192.168.22.0/24;fd00:23::/64\n");
  g_autoptr(DivertRuleset) a = make_away (config);
  g_autoptr(DivertRuleset) again = make_away (config);
  g_autoptr(DivertRuleset) b = make_away (other);
  const DivertChains dns = DIVERT_CHAIN_BIT (DIVERT_HOOK_DNS) | DIVERT_CHAIN_BIT (DIVERT_CHAIN_DNS) |
                           DIVERT_CHAIN_BIT (DIVERT_CHAIN_GUARD);

  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      g_assert_true (divert_ruleset_same_rules (a, again, family, DIVERT_ALL_CHAINS));
      g_assert_false (divert_ruleset_same_rules (a, b, family, dns));
      g_assert_false (divert_ruleset_same_rules (a, b, family, DIVERT_ALL_CHAINS));
    }
  g_assert_true (divert_ruleset_same_rules (a, b, DIVERT_FAMILY_IPV4, ~dns));
  g_assert_false (divert_ruleset_same_rules (a, b, DIVERT_FAMILY_IPV6, ~dns));
  divert_ruleset_restrict (again, DIVERT_FAMILIES_IPV4);
  g_assert_true (divert_ruleset_same_rules (a, again, DIVERT_FAMILY_IPV4, DIVERT_ALL_CHAINS));
  g_assert_false (divert_ruleset_same_rules (a, again, DIVERT_FAMILY_IPV6, DIVERT_ALL_CHAINS));
}

/* The connection marks that leave a connection alone are never 0, never the diversion's mark, and never the same. If
 * there is no room for them, there are none. */
static void
test_spare (void)
{
  static const struct
  {
    const char *mark;
    guint32     spare, served;
  } cases[] = {
    { "mark=23\nmask=0xff\n", 0x08, 0x01 },
    { "mark=0xff\nmask=0xff\n", 0xfe, 0x01 },
    { "mark=0x80000000\nmask=0xffffffff\n", 0x1, 0x2 },
    { "mark=1\nmask=3\n", 2, 3 },
    { "mark=0x300\nmask=0x300\n", 0x200, 0x100 },
    { "mark=1\nmask=1\n", 0, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strconcat ("[proxy]\ngroup=1\n[divert]\n", cases[i].mark,
                                           "[site a]\nzone=a\nintranet=10.1.0.0/16\n", NULL);
      g_autoptr(DivertConfig) config = test_config_new (text);
      g_autoptr(DivertRuleset) ruleset = make_away (config);
      guint32 found = 0;

      for (guint j = 0; j < ruleset->rules->len; j++)
        {
          const DivertRule *rule = g_ptr_array_index (ruleset->rules, j);

          if (rule->verdict == DIVERT_VERDICT_CONNMARK)
            {
              g_assert_true (rule->value == config->mark || rule->value == cases[i].spare ||
                             rule->value == cases[i].served || rule->value == 0);
              found |= rule->value;
            }
        }
      g_assert_cmphex (divert_ruleset_get_spare_mark (config), ==, cases[i].spare);
      g_assert_cmphex (divert_ruleset_get_served_mark (config), ==, cases[i].served);
      g_assert_cmphex (found, ==, config->mark | cases[i].spare | cases[i].served);
    }
}

/* The mark for packets that must be left alone (a question to a beacon) is none that a rule takes for its own. */
static void
test_bypass_mark (void)
{
  static const struct
  {
    const char *mark;
    guint32     bypass;
  } cases[] = {
    { "mark=23\nmask=0xff\n", 0x100 },
    { "mark=1\nmask=1\n", 0x2 },
    { "mark=0x100\nmask=0xffffff00\n", 0x1 },
    { "mark=0x80000000\nmask=0xffffffff\n", 0x1 },
    { "mark=1\nmask=0xffffffff\n", 0x2 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strconcat ("[proxy]\ngroup=1\n[divert]\n", cases[i].mark, NULL);
      g_autoptr(DivertConfig) config = test_config_new (text);
      guint32 bypass = divert_ruleset_get_bypass_mark (config);

      g_assert_cmphex (bypass, ==, cases[i].bypass);
      g_assert_cmphex (bypass & config->mask, !=, config->mark);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ruleset/prefixes", test_prefixes);
  g_test_add_func ("/ruleset/well-formed", test_well_formed);
  g_test_add_func ("/ruleset/equal", test_equal);
  g_test_add_func ("/ruleset/same-rules", test_same_rules);
  g_test_add_func ("/ruleset/spare", test_spare);
  g_test_add_func ("/ruleset/bypass-mark", test_bypass_mark);
  return g_test_run ();
}
