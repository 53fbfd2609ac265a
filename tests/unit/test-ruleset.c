/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rulesets as a whole: properties that hold for any configuration, shown by walking
 * packets through them.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "core/ruleset/explain.h"

#define GROUP_ID 23333

static DivertConfig *
parse_config (const char *text)
{
  DivertConfig *config = divert_config_new ();
  g_autoptr(GError) error = NULL;

  divert_config_add (config, "config", text, strlen (text), &error);
  g_assert_no_error (error);
  divert_config_finish (config, &error);
  g_assert_no_error (error);
  return config;
}

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

/* However many prefixes, in whatever tree: those in an intranet are diverted, their neighbours in a
 * bypass are not. */
static void
test_dispatch (void)
{
  static const guint counts[] = { 1, 2, 12, 13, 17, 100, 1000 };

  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      g_autoptr(GString) text = g_string_new ("[proxy]\ngroup=1\n[divert]\nbypass=10.0.0.0/8;fd00::/8\n[site many]\n"
                                              "zone=z\nintranet=");
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
      config = parse_config (text->str);
      ruleset = make_away (config);
      site = g_ptr_array_index (config->sites, 0);

      for (guint j = 0; j < 2000; j++)
        {
          guint32 random = g_test_rand_int_range (0, 1 << 24);
          g_autofree char *v4 = g_strdup_printf ("10.%u.%u.%u:80", random >> 16, random >> 8 & 255, random & 255);
          g_autofree char *v6 = g_strdup_printf ("[fd00:%x::%x]:80/udp", random >> 8, j);
          DivertPacket packet;

          g_assert_true (divert_packet_parse (v4, &packet, NULL));
          g_assert_cmpint (path_to (ruleset, v4), ==,
                           divert_prefixes_contain (site->intranet, &packet.destination) ? DIVERT_PATH_DIVERT
                                                                                         : DIVERT_PATH_DIRECT);
          g_assert_true (divert_packet_parse (v6, &packet, NULL));
          g_assert_cmpint (path_to (ruleset, v6), ==,
                           divert_prefixes_contain (site->intranet, &packet.destination) ? DIVERT_PATH_DIVERT
                                                                                         : DIVERT_PATH_DIRECT);
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

      if (rule->table == from->table && g_str_equal (rule->chain, from->to) &&
          (rule->families & from->families) != 0)
        return TRUE;
    }
  return FALSE;
}

/* What the kernel would refuse, or do otherwise than meant (TRAPS 1.4 to 1.6). */
static void
test_well_formed (void)
{
  g_autoptr(DivertConfig) config = parse_config ("[proxy]\ngroup=1\n[site a]\nzone=a\n"
                                                 "intranet=192.168.22.0/24;fd00:22::/64\ntproxy-port=5\n"
                                                 "[site b]\nzone=b\nintranet=10.1.0.0/16\n");
  g_autoptr(DivertRuleset) ruleset = make_away (config);

  for (guint i = 0; i < ruleset->rules->len; i++)
    {
      const DivertRule *rule = g_ptr_array_index (ruleset->rules, i);
      gboolean has_port = rule->sport != 0 || rule->dport != 0;
      gboolean own = divert_chain_is_own (rule->table, rule->chain);

      g_assert_true (own != divert_chain_is_builtin (rule->chain));
      g_assert_true (own || rule->target == DIVERT_TARGET_JUMP);
      g_assert_cmpint (rule->families & ~DIVERT_FAMILIES_BOTH, ==, 0);
      g_assert_cmpint (rule->families, !=, 0);
      if (has_port || rule->target == DIVERT_TARGET_TPROXY || rule->target == DIVERT_TARGET_REDIRECT)
        g_assert_true (rule->protocol == IPPROTO_TCP || rule->protocol == IPPROTO_UDP);
      if (rule->has_destination)
        g_assert_cmpint (rule->families, ==, 1 << rule->destination.family);
      if (rule->has_source)
        g_assert_cmpint (rule->families, ==, 1 << rule->source.family);
      if ((rule->dst_types & DIVERT_ADDRTYPE_BROADCAST) != 0)
        g_assert_cmpint (rule->families, ==, DIVERT_FAMILIES_IPV4);
      if (rule->target == DIVERT_TARGET_JUMP || rule->target == DIVERT_TARGET_GOTO)
        g_assert_true (has_chain (ruleset, rule));
      if (rule->target == DIVERT_TARGET_MARK || rule->target == DIVERT_TARGET_CONNMARK)
        {
          g_assert_cmphex (rule->mask, ==, config->mask);
          g_assert_cmphex (rule->value & ~rule->mask, ==, 0);
          g_assert_cmphex (rule->value, !=, 0);
        }
    }
}

/* The connection mark that spares a connection is never 0 nor the diverting mark; without room for
 * it there is none. */
static void
test_spare (void)
{
  static const struct
  {
    const char *mark;
    guint32     spare;
  } cases[] = {
    { "mark=23\nmask=0xff\n", 0x08 },
    { "mark=0xff\nmask=0xff\n", 0xfe },
    { "mark=0x80000000\nmask=0xffffffff\n", 0x1 },
    { "mark=1\nmask=1\n", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strconcat ("[proxy]\ngroup=1\n[divert]\n", cases[i].mark,
                                           "[site a]\nzone=a\nintranet=10.1.0.0/16\n", NULL);
      g_autoptr(DivertConfig) config = parse_config (text);
      g_autoptr(DivertRuleset) ruleset = make_away (config);
      gboolean found = FALSE;

      for (guint j = 0; j < ruleset->rules->len; j++)
        {
          const DivertRule *rule = g_ptr_array_index (ruleset->rules, j);

          if (rule->target != DIVERT_TARGET_CONNMARK || rule->value == config->mark)
            continue;
          g_assert_cmphex (rule->value, ==, cases[i].spare);
          found = TRUE;
        }
      g_assert_cmpint (found, ==, cases[i].spare != 0);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ruleset/dispatch", test_dispatch);
  g_test_add_func ("/ruleset/well-formed", test_well_formed);
  g_test_add_func ("/ruleset/spare", test_spare);
  return g_test_run ();
}
