/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: the rulesets and packets that are shared by the tests of the backends' expansions. */
#include "expansion.h"
#include "values.h"

#include <string.h>

#define SYN 0x02
#define ACK 0x10

#define CHOOSE(list) (list)[g_test_rand_int_range (0, G_N_ELEMENTS (list))]

/* In an order of the user's, with prefixes inside others, and more than are compared one by one. */
#define OTHERS "10.255.255.0/24;fd01::/32;172.31.0.0/16;10.255.253.0/24;172.31.5.0/24;fd01:0:1::/48;192.168.5.0/24;" \
               "fd03:1::/48;172.30.0.0/24;fd02::/48;fd03::/48;10.255.252.0/24;fd02:0:5::/48"
#define BYPASSED "192.0.2.0/24;2001:db8:5::/48;198.51.100.0/24;100.64.0.0/10;2001:db8:1::/48;198.51.100.128/25;" \
                 "2001:db8:7::/48;172.16.0.0/13;2001:db8:5:1::/64;203.0.114.0/28;2001:db8:6::/48;" \
                 "2001:db8:3::/48;10.254.0.0/30"

#define UUID "6b0c0000-0000-4000-8000-000000000001"

/* So few that each is compared. */
#define FEW_OTHERS "10.255.255.0/24;fd01::/32;172.31.0.0/16"

/* @n prefixes of each family in 10.0.0.0/8 and fd00::/16, besides the link's own. Those of IPv4 have one length, or
 * many, by turns. Their neighbours are reached by @bypass.  @keys: more of [divert]; with exempt-units= the proxy
 * usually has a unit, too. */
static DivertConfig *
make_config (guint                 n,
             const char           *bypass,
             const char           *keys,
             const ExpansionWorld *world)
{
  const char *proxy = strstr (keys, "exempt-units=") != NULL ? "group=1\nunit=proxy.service\n" : "group=1\n";
  g_autoptr(GString) text = g_string_new (NULL);
  static gboolean is_even;

  is_even = !is_even;
  g_string_append_printf (text, "[site other]\nzone=z\nintranet=%s\ntproxy-port=5\n"
                          "[site home]\nconnection-uuid=" UUID "\nsubnet=192.168.22.0/24\n"
                          "intranet=192.168.22.0/24;fd00:22::/64", n > 0 ? OTHERS : FEW_OTHERS);
  for (guint i = 0; i < n; i++)
    {
      guint length = is_even ? 24 : g_test_rand_int_range (18, 33);
      guint32 address = (10u << 24 | g_test_rand_int_range (0, 1 << 24)) & (G_MAXUINT32 << (32 - length));

      g_string_append_printf (text, ";%u.%u.%u.%u/%u;fd00:%x::/32", address >> 24, address >> 16 & 255,
                              address >> 8 & 255, address & 255, length, (guint) g_test_rand_int_range (0, 0x10000));
    }
  g_string_append_printf (text, "\n%s[proxy]\n%s[divert]\nbypass=%s\n%s", world->home,
                          world->proxy != NULL ? world->proxy : proxy, bypass, keys);
  return test_config_new (text->str);
}

static DivertFacts *
make_facts (const ExpansionWorld *world)
{
  static const char rest[] = "[connection 1]\nuuid=" UUID "\nid=home\ntype=802-3-ethernet\ndevice=eth0\n"
                             "up=true\nexternal=false\n"
                             "[link 1]\nifindex=3\nname=eth0\ncarrier=true\n"
                             "addresses=192.168.22.33/24;fd00:22::33/64;fe80::1/64\n"
                             "gateways=192.168.22.1 resolved 02:00:00:00:22:01\n"
                             "[link 2]\nifindex=4\nname=docker0\nkind=bridge\ncarrier=true\n"
                             "addresses=172.17.0.1/16;fd00:d0c::1/64\n"
                             "[link 3]\nifindex=5\nname=virbr0\nkind=bridge\ncarrier=true\n"
                             "addresses=10.20.5.1/24\n"
                             "[unit 1]\npath=system.slice/proxy.service\nid=1\n"
                             "[unit 2]\npath=direct.slice\nid=2\n";
  g_autofree char *text = g_strdup_printf ("[machine]\nnm-running=true\nsleeping=false\n%s%s\n%s",
                                           world->listening != NULL ? "listening=" : "",
                                           world->listening != NULL ? world->listening : "", rest);

  return test_facts_new (text);
}

const char *const expansion_homes[] = { "", "internet=direct\n", "dns=direct\n", "internet=direct\ndns=direct\n",
                                        NULL };

/* A resolver that asks itself, and a proxy that is closed, in one family or in both. */
#define ASKS(family) "dns tcp " family " 1053 asks-itself 7;dns udp " family " 1053 asks-itself 7"
#define CLOSED(family) "tproxy tcp " family " 22223 none;tproxy udp " family " 22223 none"

#define EXCEPT "dns-except=10.0.0.0/9;192.168.22.128/25;fd00:22::/96\n"
#define DOWN "unit=down.service\n"

const ExpansionWorld expansion_worlds[] = {
  { "", "", NULL, NULL },
  { "intranet-other=allow\n", "", NULL, NULL },
  { "mark=1\nmask=1\n", "", NULL, NULL },
  { "ipv6=false\n", "", NULL, NULL },
  { "serve=51820;6881-6889\n", "", NULL, NULL },
  { "dns-except=10.0.0.0/9;192.168.22.128/25\n", "", NULL, NULL },
  { NULL, "", NULL, NULL },
  { "dns-except=10.0.0.0/9;192.168.22.128/25\n", "dns=direct\n", NULL, NULL },
  { "", "internet=direct\n", NULL, NULL },
  { "", "dns=direct\n", NULL, NULL },
  { "", "internet=direct\ndns=direct\n", NULL, NULL },
  { "forward=all\n", "", NULL, NULL },
  { "forward=all\n", "internet=direct\ndns=direct\n", NULL, NULL },
  { "exempt-units=direct.slice\n", "", NULL, NULL },
  { "exempt-units=direct.slice\n", "internet=direct\n", NULL, NULL },
  { "", "", NULL, ASKS ("IPv4") },
  { EXCEPT, "", NULL, ASKS ("IPv4") },
  { EXCEPT "forward=all\n", "dns=direct\n", NULL, ASKS ("IPv6") },
  { NULL, "internet=direct\n", NULL, ASKS ("IPv6") },
  { EXCEPT "forward=all\n", "", NULL, ASKS ("IPv4") ";" ASKS ("IPv6") },
  { EXCEPT, "", DOWN, NULL },
  { EXCEPT "forward=all\n", "internet=direct\n", DOWN, NULL },
  { NULL, "internet=direct\ndns=direct\n", DOWN, NULL },
  { EXCEPT, "internet=direct\n", DOWN, ASKS ("IPv4") ";" CLOSED ("IPv6") },
  { "", "", NULL, CLOSED ("IPv4") },
  { EXCEPT "forward=all\n", "internet=direct\n", NULL, CLOSED ("IPv6") ";" ASKS ("IPv6") },
};
const guint expansion_n_worlds = G_N_ELEMENTS (expansion_worlds);

DivertRuleset *
expansion_make_ruleset_in (guint                 n,
                           DivertModeKind        kind,
                           const ExpansionWorld *world)
{
  /* At home the neighbours differ from the intranet because they are diverted, and away because they are direct. */
  const char *bypass = kind == DIVERT_MODE_AWAY ? "10.0.0.0/8;fd00::/8;" BYPASSED : "203.0.113.0/24;" BYPASSED;
  g_autofree char *servers = expansion_make_servers ();
  g_autoptr(DivertConfig) config = make_config (n, bypass, world->divert != NULL ? world->divert : servers, world);
  g_autoptr(DivertFacts) facts = make_facts (world);
  g_autoptr(DivertMode) mode = divert_mode_new (kind, NULL);
  g_autoptr(DivertDecision) decision = divert_decide (config, mode, facts);

  g_assert_cmpint (decision->place, ==, kind == DIVERT_MODE_AWAY ? DIVERT_PLACE_AWAY : DIVERT_PLACE_SITE);
  return divert_ruleset_new (config, decision, config->group != NULL ? 1 : DIVERT_GID_NONE, facts);
}

DivertRuleset *
expansion_make_ruleset_with (guint           n,
                             DivertModeKind  kind,
                             const char     *keys,
                             const char     *home)
{
  const ExpansionWorld world = { keys, home, NULL, NULL };

  return expansion_make_ruleset_in (n, kind, &world);
}

DivertRuleset *
expansion_make_ruleset (guint          n,
                        DivertModeKind kind)
{
  return expansion_make_ruleset_with (n, kind, "", "");
}

void
expansion_take_grants (DivertRuleset *ruleset)
{
  for (guint i = ruleset->rules->len; i > 0; i--)
    if (divert_chain_is_granting (((DivertRule *) g_ptr_array_index (ruleset->rules, i - 1))->chain))
      g_ptr_array_remove_index (ruleset->rules, i - 1);
}

char *
expansion_make_servers (void)
{
  g_autoptr(GString) text = g_string_new ("dns-except=192.168.22.64/26");

  for (guint i = 0; i < 30; i++)
    g_string_append_printf (text, ";10.%u.0.0/16;fd00:%x::/24", g_test_rand_int_range (0, 256),
                            g_test_rand_int_range (0, 256) << 8);
  g_string_append_c (text, '\n');
  return g_string_free (g_steal_pointer (&text), FALSE);
}

void
expansion_make_packet (DivertPacket *packet)
{
  static const char *const protocols[] = { "", "/udp", "/icmp" };
  static const char *const ports[] = { ":80", ":53" };
  static const char *const others[] = { "10.255.255.1", "[fd01::1]", "172.31.5.1", "172.31.6.1", "10.255.253.1",
                                        "192.168.5.1", "[fd03::1]", "[fd03:1::1]", "[fd02:0:5::1]", "172.30.0.1",
                                        "192.0.2.1", "[2001:db8:5:1::1]", "198.51.100.200", "100.64.0.1",
                                        "[2001:db8:1::1]", "[2001:db8:7::1]", "172.16.0.1", "203.0.114.1",
                                        "[2001:db8:6::1]", "[2001:db8:3::1]", "10.254.0.1", "[2001:db8:2::1]" };
  static const char *const own[] = { [DIVERT_FAMILY_IPV4] = "192.168.22.33", [DIVERT_FAMILY_IPV6] = "fd00:22::33" };
  const char *protocol = protocols[g_test_rand_int_range (0, G_N_ELEMENTS (protocols))];
  const char *port = ports[g_test_rand_int_range (0, G_N_ELEMENTS (ports))];
  const guint32 random = g_test_rand_int ();
  g_autofree char *text = NULL;

  switch (g_test_rand_int_range (0, 6))
    {
    case 0:
      text = g_strdup_printf ("192.168.22.%u%s%s", random & 255, port, protocol);
      break;
    case 1:
      text = g_strdup_printf ("[fd00:22::%x]%s%s", random & 0xffff, port, protocol);
      break;
    case 2:
      text = g_strdup_printf ("[fd00:%x::%x]%s%s", random & 0xffff, random >> 16, port, protocol);
      break;
    case 3:
      text = g_strdup_printf ("%s%s%s", CHOOSE (others), port, protocol);
      break;
    case 4:
      text = g_strdup_printf ("%u.%u.%u.%u%s%s", random >> 24, random >> 16 & 255, random >> 8 & 255, random & 255,
                              port, protocol);
      break;
    default:
      text = g_strdup_printf ("10.%u.%u.%u%s%s", random >> 16 & 255, random >> 8 & 255, random & 255, port, protocol);
      break;
    }
  g_assert_true (divert_packet_parse (text, packet, NULL));
  g_strlcpy (packet->out_interface, g_test_rand_bit () ? "eth0" : "wlan0", sizeof packet->out_interface);
  packet->has_source = g_test_rand_bit ();
  if (packet->has_source)
    g_assert_true (divert_address_parse (own[packet->destination.family], &packet->source, NULL));
}

guint
expansion_choose_type (DivertFamily family)
{
  static const guint types[] = { 0, 0, DIVERT_ADDRTYPE_LOCAL, DIVERT_ADDRTYPE_LOCAL, DIVERT_ADDRTYPE_MULTICAST,
                                 DIVERT_ADDRTYPE_BROADCAST };

  return types[g_test_rand_int_range (0, G_N_ELEMENTS (types) - (family == DIVERT_FAMILY_IPV6))];
}

void
expansion_make_sample (DivertSample *sample)
{
  static const guint8 flags[] = { SYN, SYN | ACK, ACK, 0x04 };
  static const guint8 icmp_types[] = { 128, 135, 136 };
  static const guint16 ports[] = { 53, 67, 68, 80, 546, 547, 6885, 40000, 51820 };
  static const char *const interfaces[] = { "eth0", "eth0", "wlan0", "nm-divert-fence" };
  static const guint32 marks[] = { 0, 0, 0, 1, 0x8, 0x17, 0xca6c00, 0xca6c17 };
  DivertPacket packet;

  expansion_make_packet (&packet);
  *sample = (DivertSample) {
    .has_source = packet.has_source,
    .source = packet.source,
    .destination = packet.destination,
    .source_type = expansion_choose_type (packet.destination.family),
    .destination_type = expansion_choose_type (packet.destination.family),
    .protocol = packet.protocol,
    .sport = CHOOSE (ports),
    .dport = CHOOSE (ports),
    .tcp_flags = CHOOSE (flags),
    .icmp_type = CHOOSE (icmp_types),
    .interface = CHOOSE (interfaces),
    .is_bound = g_test_rand_int_range (0, 8) == 0,
    .has_socket = g_test_rand_bit (),
    .gid = g_test_rand_bit (),
    .cgroup = g_test_rand_int_range (0, 3),
    .mark = CHOOSE (marks),
    .is_tracked = g_test_rand_int_range (0, 8) != 0,
    .connmark = CHOOSE (marks),
    .is_first = g_test_rand_bit (),
    .receiver = g_test_rand_int_range (0, DIVERT_RECEIVER_BOUND + 1),
  };
}

void
expansion_make_forwarded (DivertSample *sample)
{
  static const char *const interfaces[] = { "docker0", "docker0", "virbr0", "eth0" };
  static const char *const sources[DIVERT_N_FAMILIES][3] = {
    [DIVERT_FAMILY_IPV4] = { "172.17.0.2", "10.20.5.7", "198.51.100.9" },
    [DIVERT_FAMILY_IPV6] = { "fd00:d0c::2", "fd00:d0c::3", "2001:db8:9::9" },
  };
  static const guint32 marks[] = { 0, 0, 0, 0x17, 0xca6c00 };

  expansion_make_sample (sample);
  sample->interface = CHOOSE (interfaces);
  sample->has_source = TRUE;
  g_assert_true (divert_address_parse (CHOOSE (sources[sample->destination.family]), &sample->source, NULL));
  sample->has_socket = FALSE;
  sample->mark = CHOOSE (marks);
}
