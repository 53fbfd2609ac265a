/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rulesets that are not as they should be: the walk finds out. Otherwise that it finds nothing would mean nothing.
 */
#include "judging-site.h"

/* Rules of which some are missing. */
typedef gboolean (*Breaks) (const DivertRule *rule);

static gboolean
is_proxys (const DivertRule *rule)
{
  return rule->has_gid;
}

static gboolean
is_units (const DivertRule *rule)
{
  return rule->cgroup != 0;
}

static gboolean
is_unit_marking (const DivertRule *rule)
{
  return rule->cgroup != 0 && rule->verdict == DIVERT_VERDICT_MARK && rule->chain != DIVERT_CHAIN_PASS;
}

static gboolean
is_guard (const DivertRule *rule)
{
  return rule->verdict == DIVERT_VERDICT_DROP && rule->chain != DIVERT_HOOK_OUTPUT;
}

static gboolean
is_dns (const DivertRule *rule)
{
  return rule->verdict == DIVERT_VERDICT_REDIRECT || is_guard (rule);
}

static gboolean
is_exemption (const DivertRule *rule)
{
  return rule->chain == DIVERT_CHAIN_JUDGE && rule->verdict == DIVERT_VERDICT_LEAVE && !rule->has_gid;
}

static gboolean
is_listeners (const DivertRule *rule)
{
  return rule->chain == DIVERT_CHAIN_SERVE && rule->has_tcp_flags;
}

static gboolean
is_own_frame (const DivertRule *rule)
{
  return rule->has_mac;
}

static gboolean
is_stray_drop (const DivertRule *rule)
{
  return rule->chain == DIVERT_CHAIN_WIRE && rule->verdict == DIVERT_VERDICT_DROP;
}

static gboolean
is_frame_of_network (const DivertRule *rule)
{
  return rule->chain == DIVERT_CHAIN_WIRE && rule->verdict == DIVERT_VERDICT_LEAVE && rule->protocols != 0;
}

static gboolean
is_last_drop (const DivertRule *rule)
{
  return rule->chain == DIVERT_CHAIN_GUARD_INTRANET && rule->verdict == DIVERT_VERDICT_DROP && rule->out_invert;
}

static void
break_rules (DivertRuleset *ruleset,
             Breaks         breaks)
{
  const guint before = ruleset->rules->len;

  for (guint i = ruleset->rules->len; i > 0; i--)
    if (breaks (g_ptr_array_index (ruleset->rules, i - 1)))
      g_ptr_array_remove_index (ruleset->rules, i - 1);
  g_assert_cmpuint (ruleset->rules->len, <, before);
}

/* A rule of somebody's invention, which lets everything go. */
static void
open_all (DivertRuleset *ruleset)
{
  g_ptr_array_insert (ruleset->rules, 0, divert_rule_new (DIVERT_HOOK_OUTPUT, DIVERT_FAMILIES_BOTH));
}

/* … or what is for one address by one port. */
static void
open_one (DivertRuleset *ruleset)
{
  DivertRule *rule = divert_rule_new (DIVERT_HOOK_OUTPUT, DIVERT_FAMILIES_BOTH);
  DivertPrefix nas;

  g_assert_true (divert_address_parse ("172.30.1.2", &nas, NULL));
  rule->families = 1 << DIVERT_FAMILY_IPV4;
  rule->destinations = divert_prefixes_new ();
  g_array_append_val (rule->destinations, nas);
  rule->protocols = DIVERT_PROTOCOL_UDP;
  rule->dport = 111;
  g_ptr_array_insert (ruleset->rules, 0, rule);
}

/* The proxy claims every connection that it sends something for. */
static void
claim_all (DivertRuleset *ruleset)
{
  for (guint i = 0; i < ruleset->rules->len; i++)
    {
      DivertRule *rule = g_ptr_array_index (ruleset->rules, i);

      if (rule->verdict == DIVERT_VERDICT_CONNMARK && (rule->has_gid || rule->chain == DIVERT_CHAIN_OWN))
        rule->src_types = 0;
    }
}

static gboolean
is_take (const DivertRule *rule)
{
  return rule->chain == DIVERT_CHAIN_TAKE;
}

/* Whoever sends from a container's address is one. */
static void
relay_by_any_device (DivertRuleset *ruleset)
{
  for (guint i = 0; i < ruleset->rules->len; i++)
    {
      DivertRule *rule = g_ptr_array_index (ruleset->rules, i);

      if (rule->chain == DIVERT_CHAIN_LANS)
        rule->in_interface[0] = '\0';
    }
}

/* … or whoever sends by a container's device. */
static void
relay_for_any_source (DivertRuleset *ruleset)
{
  for (guint i = 0; i < ruleset->rules->len; i++)
    {
      DivertRule *rule = g_ptr_array_index (ruleset->rules, i);

      if (rule->chain == DIVERT_CHAIN_LANS)
        g_clear_pointer (&rule->sources, g_array_unref);
    }
}

/* A grant for one device is one for all. */
static void
grant_any_device (DivertRuleset *ruleset)
{
  for (guint i = 0; i < ruleset->rules->len; i++)
    {
      DivertRule *rule = g_ptr_array_index (ruleset->rules, i);

      if (rule->chain == DIVERT_CHAIN_WIRE_GRANTS || rule->chain == DIVERT_CHAIN_EXITS)
        {
          rule->out_interface[0] = '\0';
          rule->out_index = 0;
        }
    }
}

static void
feed_circle (DivertRuleset *ruleset)
{
  for (guint i = 0; i < ruleset->rules->len; i++)
    {
      DivertRule *rule = g_ptr_array_index (ruleset->rules, i);

      if (divert_rule_refuses_by_redirection (rule))
        rule->verdict = DIVERT_VERDICT_REDIRECT;
    }
}

static void
refuse_forwarded (DivertRuleset *ruleset)
{
  DivertRule *rule = divert_rule_new (DIVERT_CHAIN_LAN, DIVERT_FAMILIES_BOTH);

  rule->verdict = DIVERT_VERDICT_DROP;
  g_ptr_array_insert (ruleset->rules, 0, rule);
}

static void
test_broken (void)
{
  static const struct
  {
    Breaks      breaks;               /* NULL: nothing is missing */
    void      (*change) (DivertRuleset *ruleset); /* NULL: nothing else is different */
    const char *invariant;
    const char *divert;
  } cases[] = {
    { NULL, open_all, "direct", "" },    { is_guard, NULL, "guard", "" },  { is_guard, open_all, "intranet", "" },
    { is_proxys, NULL, "proxy", "" },    { is_dns, NULL, "dns", "" },      { is_exemption, NULL, "exempt", "" },
    { is_listeners, NULL, "plant", "" }, { NULL, claim_all, "claim", "" },
    { is_units, NULL, "proxy", "unit=mihomo.service\n" },
    { is_unit_marking, NULL, "proxy", "unit=mihomo.service\n" },
    { is_units, NULL, "exempt", "[divert]\nexempt-units=direct.slice\n" },
    { NULL, feed_circle, "fed", "dns-port=1054\n" },
    { is_take, NULL, "forward", "" },    { NULL, relay_by_any_device, "relay", "" },
    { NULL, relay_for_any_source, "relay", "" }, { NULL, refuse_forwarded, "lan", "" },
    { is_own_frame, NULL, "wire", "" },  { is_stray_drop, NULL, "stray", "" },
    { is_frame_of_network, NULL, "wire", "" }, { NULL, grant_any_device, "stray", "" },
    { is_last_drop, NULL, "elsewhere", "" }, { NULL, grant_any_device, "elsewhere", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const Keys keys = { cases[i].divert, "", FALSE };
      /* Away there is none. */
      const DivertPlaceKind place = cases[i].change == grant_any_device ? DIVERT_PLACE_SITE : DIVERT_PLACE_AWAY;
      Site *site = make_site (&keys, place);
      Faults faults;

      init_faults (&faults);
      if (cases[i].breaks != NULL)
        break_rules (site->ruleset, cases[i].breaks);
      if (cases[i].change != NULL)
        cases[i].change (site->ruleset);
      check (site, 0, 0, &faults);
      g_test_message ("%u: %u faults", i, faults.n);
      g_assert_true (g_hash_table_contains (faults.invariants, cases[i].invariant));
      clear_faults (&faults);
      site_free (site);
    }
}

/* The part that is walked before a commit: small in each turn, and everything in the end. */
static void
test_turns (void)
{
  const Keys usual = { "", "", FALSE };
  Site *site = make_site (&usual, DIVERT_PLACE_SITE);
  const guint budget = 500;
  Faults faults;
  guint all, most = 0, sum = 0, turns = 0;

  init_faults (&faults);
  all = check (site, 0, 0, &faults);
  for (; sum < all; turns++)
    {
      const guint n_walks = check (site, budget, turns, &faults);

      most = MAX (most, n_walks);
      sum += n_walks;
    }
  g_test_message ("%u walks: %u turns, %u walks at the most", all, turns, most);
  g_assert_cmpuint (most, <, budget * 30);
  g_assert_cmpuint (faults.n, ==, 0);

  /* What is broken for one address alone is found in one of them. */
  clear_faults (&faults);
  init_faults (&faults);
  open_one (site->ruleset);
  for (guint turn = 0; faults.n == 0; turn++)
    {
      g_assert_cmpuint (turn, <=, turns);
      check (site, budget, turn, &faults);
    }
  clear_faults (&faults);
  site_free (site);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/judging/broken", test_broken);
  g_test_add_func ("/judging/turns", test_turns);
  return g_test_run ();
}
