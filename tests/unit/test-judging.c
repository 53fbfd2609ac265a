/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every class of packet that this machine can send walks through the ruleset value, in every state that a stranger can
 * choose, at every place. core/ruleset/invariants.c has what must hold, and invariants-walk.c the packets, because
 * debug builds of the helper use them too.
 */
#include <string.h>

#include "core/ruleset/invariants.h"
#include "values.h"

#define GROUP_ID 23333
#define UUID "6b0c1f9e-0000-4000-8000-000000000001"

typedef struct
{
  DivertConfig   *config;
  DivertDecision *decision;
  DivertFacts    *facts;
  DivertRuleset  *ruleset;
  guint32         gid;
} Site;

typedef struct
{
  guint       n;
  GHashTable *invariants; /* that were broken */
  GHashTable *kinds;
} Faults;

static DivertFacts *
make_facts (gboolean here)
{
  /* Good, closed, foreign and unknown ones, each in one family and protocol. */
  static const char facts[] =
      "[machine]\nnm-running=true\nsleeping=false\nformer=2001:db8:f::/64\n"
      "ephemeral-ports=32768-60999\n"
      "listening=tproxy tcp IPv4 22223 good;tproxy udp IPv6 22223 none;tproxy udp IPv4 22223 foreign 1000;"
      "tproxy tcp IPv4 22224 none;tproxy udp IPv6 22224 good;tproxy udp IPv4 22224 foreign 7;"
      "dns udp IPv4 1054 asks-itself 7\n"
      "[connection 1]\nuuid=" UUID "\nid=home\ntype=802-3-ethernet\ndevice=wlan0\nup=true\n"
      "[link 1]\nifindex=9\nname=nm-divert-fence\ncarrier=true\n"
      "[link 2]\nifindex=2\nname=wlan0\ncarrier=%s\n"
      "addresses=192.168.22.33/24;fd00:22::33/64;2001:db8:a::33/64\ngateways=192.168.22.1 unknown\n"
      "own-macs=02:00:00:00:00:03;02:00:00:00:00:13\n"
      /* Own LANs; the second one is part of an intranet. */
      "[link 3]\nifindex=3\nname=docker0\nkind=bridge\ncarrier=true\naddresses=172.17.0.1/16;fd00:d0c::1/64\n"
      "[link 4]\nifindex=4\nname=virbr0\nkind=bridge\ncarrier=true\naddresses=10.20.5.1/24\n"
      "[link 5]\nifindex=5\nname=eth1\ncarrier=true\nown-macs=02:00:00:00:00:05\n"
      "[unit 1]\npath=system.slice/mihomo.service\nid=77\n"
      "[unit 2]\npath=user.slice/user-1000.slice/user@1000.service/direct.slice\nid=78\n";
  g_autofree char *text = g_strdup_printf (facts, here ? "true" : "false");

  return test_facts_new (text);
}

static DivertDecision *
decide (const DivertConfig *config,
        DivertModeKind      mode_kind,
        const DivertFacts  *facts)
{
  g_autoptr(DivertMode) mode = divert_mode_new (mode_kind, NULL);

  return divert_decide (config, mode, facts);
}

/* Keys of the configuration. */
typedef struct
{
  const char *divert; /* groups before the sites */
  const char *home;   /* of that site */
  gboolean    alone;  /* no other intranet is known, so what goes direct to the internet may go anywhere */
} Keys;

static const Keys usual = { "", "", FALSE };

static Site *
make_site (const Keys      *keys,
           DivertPlaceKind  place)
{
  Site *site = g_new0 (Site, 1);
  g_autofree char *text =
      g_strconcat ("[proxy]\n", strstr (keys->divert, "unit=") == keys->divert ? "" : "group=1\n", keys->divert,
                   "[site home]\nconnection-uuid=" UUID "\n"
                   "intranet=192.168.22.0/24;10.20.0.0/16;fd00:22::/64;auto6\n", keys->home,
                   keys->alone ? "" : "[site office]\nzone=work\ntproxy-port=22224\nsubnet=10.0.0.0/8\n"
                                      "intranet=172.30.1.0/30;fd00:33::/48\n",
                   NULL);

  site->config = test_config_new (text);
  site->facts = make_facts (TRUE);
  if (keys->alone)
    g_array_set_size (site->facts->former, 0);
  site->decision = decide (site->config, place == DIVERT_PLACE_AWAY ? DIVERT_MODE_AWAY : DIVERT_MODE_AUTO, site->facts);
  if (place == DIVERT_PLACE_HELD)
    {
      g_autoptr(DivertDecision) before = g_steal_pointer (&site->decision);
      g_autoptr(DivertFacts) gone = make_facts (FALSE);

      site->decision = decide (site->config, DIVERT_MODE_AUTO, gone);
      divert_decision_hold (site->decision, g_ptr_array_index (site->decision->candidates, 0), before);
    }
  g_assert_cmpint (site->decision->place, ==, place);
  site->gid = site->config->group != NULL ? GROUP_ID : DIVERT_GID_NONE;
  site->ruleset = divert_ruleset_new (site->config, site->decision, site->gid, site->facts);
  return site;
}

static void
site_free (Site *site)
{
  divert_config_free (site->config);
  divert_decision_free (site->decision);
  divert_facts_free (site->facts);
  divert_ruleset_unref (site->ruleset);
  g_free (site);
}

static void
on_fault (const char *invariant,
          const char *kind,
          const char *text,
          gpointer    user_data)
{
  Faults *faults = user_data;

  faults->n++;
  g_hash_table_add (faults->invariants, g_strdup (invariant));
  if (g_hash_table_add (faults->kinds, g_strdup (kind)) && g_hash_table_size (faults->kinds) <= 60)
    g_test_message ("%s: %s", invariant, text);
}

static void
init_faults (Faults *faults)
{
  faults->n = 0;
  faults->invariants = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  faults->kinds = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

static void
clear_faults (Faults *faults)
{
  g_hash_table_unref (faults->invariants);
  g_hash_table_unref (faults->kinds);
}

static guint
check (const Site *site,
       guint       budget,
       guint       turn,
       Faults     *faults)
{
  const DivertOrigin origin = { site->config, site->decision, site->facts, site->gid };

  return divert_invariants_check (site->ruleset, &origin, budget, turn, on_fault, faults);
}

/* Under a sanitizer or an emulator each walk takes many times as long, and few of them show what all would show there.
 * So it is some packets to each address, unless "-m slow" wants all of them. */
#define N_TURNS 40
#define BUDGET 500

static guint
walk (const Site *site,
      Faults     *faults)
{
  guint n_walks = 0;

  if (g_test_slow ())
    return check (site, 0, 0, faults);
  for (guint turn = 0; turn < N_TURNS; turn++)
    n_walks += check (site, BUDGET, turn, faults);
  return n_walks;
}

static void
walk_all (const Keys      *keys,
          DivertPlaceKind  place)
{
  Site *site = make_site (keys, place);
  Faults faults;
  guint n_walks;

  init_faults (&faults);
  n_walks = walk (site, &faults);
  g_test_message ("%s: %u walks, %u faults", divert_decision_get_place (site->decision), n_walks, faults.n);
  g_assert_cmpuint (n_walks, >, g_test_slow () ? 500000 : 50000);
  g_assert_cmpuint (faults.n, ==, 0);
  clear_faults (&faults);
  site_free (site);
}

static void
test_all (gconstpointer data)
{
  static const DivertPlaceKind places[] = { DIVERT_PLACE_AWAY, DIVERT_PLACE_SITE, DIVERT_PLACE_HELD };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    walk_all (data, places[i]);
}

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

      if (rule->chain == DIVERT_CHAIN_WIRE_GRANTS)
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
test_broken (gconstpointer data)
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
  static const struct
  {
    const char *path;
    Keys        keys;
  } cases[] = {
    { "/judging/usual", { "", "", FALSE } },
    /* A hole in the intranet, because no route leads by its router. */
    { "/judging/router", { "", "router=192.168.22.254 02:00:00:00:00:fe 192.168.22.64/26;"
                               "fd00:22::fe 02:00:00:00:00:fe fd00:22::1:0/112\n", FALSE } },
    { "/judging/no-dns-port", { "dns-port=0\n", "", FALSE } },
    /* The resolver there asks itself. */
    { "/judging/circular", { "dns-port=1054\n", "", FALSE } },
    { "/judging/circular-except", { "dns-port=1054\n[divert]\ndns-except=10.9.9.9;192.168.22.0/25\n", "", FALSE } },
    { "/judging/circular-direct", { "dns-port=1054\n[divert]\nforward=all\n", "dns=direct\n", FALSE } },
    { "/judging/dns-except", { "[divert]\ndns-except=10.9.9.9;192.168.22.0/25;fd00:22::/96\n", "", FALSE } },
    { "/judging/dns-except-direct", { "[divert]\ndns-except=10.9.9.9;192.168.22.0/25\n", "dns=direct\n", FALSE } },
    { "/judging/intranet-other", { "[divert]\nintranet-other=allow\n", "", FALSE } },
    { "/judging/no-room-in-mask", { "[divert]\nmark=16\nmask=16\n", "", FALSE } },
    { "/judging/internet-direct", { "", "internet=direct\n", FALSE } },
    { "/judging/internet-alone", { "", "internet=direct\n", TRUE } },
    { "/judging/dns-direct", { "", "dns=direct\n", FALSE } },
    { "/judging/both-direct", { "", "internet=direct\ndns=direct\n", FALSE } },
    { "/judging/both-alone", { "", "internet=direct\ndns=direct\n", TRUE } },
    { "/judging/forward-all", { "[divert]\nforward=all\n", "", FALSE } },
    { "/judging/forward-all-except", { "[divert]\nforward=all\ndns-except=10.9.9.9;192.168.22.0/25\n", "", FALSE } },
    { "/judging/forward-none", { "[divert]\nforward=none\n", "", FALSE } },
    { "/judging/forward-all-direct", { "[divert]\nforward=all\n", "internet=direct\ndns=direct\n", FALSE } },
    /* By its unit alone, by both, by one that does not run; and programs that go direct. */
    { "/judging/unit", { "unit=mihomo.service\n", "", FALSE } },
    { "/judging/unit-exempt", { "unit=mihomo.service\n[divert]\nexempt-units=direct.slice\n", "", FALSE } },
    { "/judging/group-unit", { "tproxy-port=22223\nunit=mihomo.service\n", "", FALSE } },
    { "/judging/unit-down", { "unit=v2ray.service\n[divert]\nexempt-units=direct.slice\n", "", FALSE } },
    { "/judging/exempt", { "[divert]\nexempt-units=direct.slice\n", "", FALSE } },
    { "/judging/unit-direct", { "unit=mihomo.service\n[divert]\nexempt-units=direct.slice\n",
                                "internet=direct\ndns=direct\n", FALSE } },
    { "/judging/unit-names", { "unit=mihomo.service\n", "dns=direct\n", FALSE } },
    { "/judging/unit-internet", { "unit=mihomo.service\n[divert]\nexempt-units=direct.slice\n",
                                  "internet=direct\n", FALSE } },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_test_add_data_func (cases[i].path, &cases[i].keys, test_all);
  g_test_add_data_func ("/judging/broken", NULL, test_broken);
  g_test_add_func ("/judging/turns", test_turns);
  return g_test_run ();
}
