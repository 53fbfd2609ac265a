/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: a site with everything that rules can be about. */
#include "judging-site.h"

#include <string.h>

#include "values.h"

#define GROUP_ID 23333
#define UUID "6b0c1f9e-0000-4000-8000-000000000001"

const __typeof__ (site_cases[0]) site_cases[] = {
  { "/judging/usual", { "", "", FALSE } },
  /* A hole in the intranet, because no route leads by its router. */
  { "/judging/router", { "", "router=192.168.22.254 02:00:00:00:00:fe 192.168.22.64/26;"
                             "fd00:22::fe 02:00:00:00:00:fe fd00:22::1:0/112\n", FALSE } },
  { "/judging/beacon", { "", "beacon=tls://192.168.22.2:443 sha256:"
                             "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n", FALSE } },
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
  { "/judging/unit-down-forward", { "unit=v2ray.service\n[divert]\nforward=all\n", "", FALSE } },
  { "/judging/unit-down-internet", { "unit=v2ray.service\n[divert]\ndns-except=10.9.9.9;192.168.22.0/25\n",
                                     "internet=direct\n", FALSE } },
};
const guint n_site_cases = G_N_ELEMENTS (site_cases);
const DivertPlaceKind site_places[3] = { DIVERT_PLACE_AWAY, DIVERT_PLACE_SITE, DIVERT_PLACE_HELD };

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
      "[beacon 1]\nsite=home\nifindex=2\nstate=proven\n"
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

Site *
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

void
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

void
init_faults (Faults *faults)
{
  faults->n = 0;
  faults->invariants = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  faults->kinds = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

void
clear_faults (Faults *faults)
{
  g_hash_table_unref (faults->invariants);
  g_hash_table_unref (faults->kinds);
}

guint
check (const Site *site,
       guint       budget,
       guint       turn,
       Faults     *faults)
{
  const DivertOrigin origin = { site->config, site->decision, site->facts, site->gid };

  return divert_invariants_check (site->ruleset, &origin, budget, turn, on_fault, faults);
}
