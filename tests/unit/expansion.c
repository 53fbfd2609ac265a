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

/* @n prefixes of each family in 10.0.0.0/8 and fd00::/16, besides the link's own. Those of IPv4 have one length, or
 * many, by turns. Their neighbours are reached by @bypass.  @keys: more of [divert]; with exempt-units= the proxy has a
 * unit, too.  @home: of the site. */
static DivertConfig *
make_config (guint       n,
             const char *bypass,
             const char *keys,
             const char *home)
{
  g_autoptr(GString) text = g_string_new ("[site other]\nzone=z\nintranet=" OTHERS "\ntproxy-port=5\n"
                                          "[site home]\nconnection-uuid=" UUID "\nsubnet=192.168.22.0/24\n"
                                          "intranet=192.168.22.0/24;fd00:22::/64");
  static gboolean is_even;

  is_even = !is_even;

  for (guint i = 0; i < n; i++)
    {
      guint length = is_even ? 24 : g_test_rand_int_range (18, 33);
      guint32 address = (10u << 24 | g_test_rand_int_range (0, 1 << 24)) & (G_MAXUINT32 << (32 - length));

      g_string_append_printf (text, ";%u.%u.%u.%u/%u;fd00:%x::/32", address >> 24, address >> 16 & 255,
                              address >> 8 & 255, address & 255, length, (guint) g_test_rand_int_range (0, 0x10000));
    }
  g_string_append_printf (text, "\n%s[proxy]\ngroup=1\n%s[divert]\nbypass=%s\n%s", home,
                          strstr (keys, "exempt-units=") != NULL ? "unit=proxy.service\n" : "", bypass, keys);
  return test_config_new (text->str);
}

static DivertFacts *
make_facts (void)
{
  static const char text[] = "[machine]\nnm-running=true\nsleeping=false\n"
                             "[connection 1]\nuuid=" UUID "\nid=home\ntype=802-3-ethernet\ndevice=eth0\n"
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

  return test_facts_new (text);
}

const char *const expansion_homes[] = { "", "internet=direct\n", "dns=direct\n", "internet=direct\ndns=direct\n",
                                        NULL };

DivertRuleset *
expansion_make_ruleset_with (guint           n,
                             DivertModeKind  kind,
                             const char     *keys,
                             const char     *home)
{
  /* At home the neighbours differ from the intranet because they are diverted, and away because they are direct. */
  const char *bypass = kind == DIVERT_MODE_AWAY ? "10.0.0.0/8;fd00::/8;" BYPASSED : "203.0.113.0/24;" BYPASSED;
  g_autoptr(DivertConfig) config = make_config (n, bypass, keys, home);
  g_autoptr(DivertFacts) facts = make_facts ();
  g_autoptr(DivertMode) mode = divert_mode_new (kind, NULL);
  g_autoptr(DivertDecision) decision = divert_decide (config, mode, facts);

  g_assert_cmpint (decision->place, ==, kind == DIVERT_MODE_AWAY ? DIVERT_PLACE_AWAY : DIVERT_PLACE_SITE);
  return divert_ruleset_new (config, decision, 1, facts);
}

DivertRuleset *
expansion_make_ruleset (guint          n,
                        DivertModeKind kind)
{
  return expansion_make_ruleset_with (n, kind, "", "");
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
