/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every class of packet that this machine can send walks through the ruleset value, in every state that a stranger can
 * choose, at every place. core/ruleset/invariants.c has what must hold, and invariants-walk.c the packets, because
 * debug builds of the helper use them too.
 */
#include "judging-site.h"

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
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_test_add_data_func (cases[i].path, &cases[i].keys, test_all);
  return g_test_run ();
}
