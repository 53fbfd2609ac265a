/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every field and every target of DivertXtRule, in both families. The backend installs them, iptables-legacy-save
 * prints them, and iptables-legacy-restore makes the same bytes from that text.
 */
#include "system/filter/iptables/iptables.h"
#include "cgroups.h"
#include "sandbox.h"

#include <netinet/in.h>
#include <string.h>

#define MANGLE DIVERT_XT_MANGLE
#define NAT DIVERT_XT_NAT
#define FILTER DIVERT_XT_FILTER
#define BOTH DIVERT_FAMILIES_BOTH
#define IPV4 DIVERT_FAMILIES_IPV4
#define IPV6 DIVERT_FAMILIES_IPV6

/* The kernel only takes a group that is there. */
#define GROUP "system.slice/a\\x2db@1.service"

#define PREFIX4(a, b, c, d, l) { .family = DIVERT_FAMILY_IPV4, .length = l, .bytes = { a, b, c, d } }
#define PREFIX6(a, b, o, z, l) { .family = DIVERT_FAMILY_IPV6, .length = l, .bytes = { a, b, [7] = o, [15] = z } }

typedef struct
{
  DivertFamilies families;
  DivertXtRule   rule;
  const char    *text; /* after "-A CHAIN " */
} Case;

/* Chain by chain, in the order in which iptables-save prints them. */
static const Case cases[] = {
  /* The hooks. */
  { BOTH, { .table = MANGLE, .chain = "PREROUTING", .in_interface = "lo",
      .mark = { TRUE, FALSE, 0x17, 0xff }, .target = DIVERT_XT_JUMP, .to = "DIVERT" },
    "-i lo -m mark --mark 0x17/0xff -j DIVERT" },
  { BOTH, { .table = MANGLE, .chain = "INPUT", .in_interface = "lo", .in_invert = TRUE, .target = DIVERT_XT_JUMP,
      .to = "DIVERT_SERVE" },
    "! -i lo -j DIVERT_SERVE" },
  { BOTH, { .table = MANGLE, .chain = "OUTPUT", .target = DIVERT_XT_JUMP, .to = "LOCAL_DIVERT" },
    "-j LOCAL_DIVERT" },
  { BOTH, { .table = MANGLE, .chain = "POSTROUTING", .out_interface = "lo", .out_invert = TRUE,
      .target = DIVERT_XT_JUMP, .to = "DIVERT_GUARD" },
    "! -o lo -j DIVERT_GUARD" },

  /* TPROXY. */
  { IPV4, { .table = MANGLE, .chain = "DIVERT", .protocol = IPPROTO_TCP, .tagged = TRUE,
      .has_destination = TRUE, .destination = PREFIX4 (192, 168, 22, 0, 24), .target = DIVERT_XT_TPROXY,
      .port = 22223 },
    "-d 192.168.22.0/24 -p tcp -m comment --comment nm-divert -j TPROXY --on-port 22223 --on-ip 0.0.0.0 "
    "--tproxy-mark 0x0/0x0" },
  { IPV6, { .table = MANGLE, .chain = "DIVERT", .protocol = IPPROTO_UDP, .tagged = TRUE,
      .has_destination = TRUE, .destination = PREFIX6 (0xfd, 0, 0x22, 0, 64), .target = DIVERT_XT_TPROXY, .port = 1 },
    "-d fd00:0:0:22::/64 -p udp -m comment --comment nm-divert -j TPROXY --on-port 1 --on-ip :: "
    "--tproxy-mark 0x0/0x0" },

  /* The guard. */
  { BOTH, { .table = MANGLE, .chain = "DIVERT_GUARD", .tagged = TRUE, .mark = { TRUE, FALSE, 0x17, 0xff },
      .src_types = DIVERT_ADDRTYPE_LOCAL, .target = DIVERT_XT_DROP },
    "-m mark --mark 0x17/0xff -m addrtype --src-type LOCAL -m comment --comment nm-divert -j DROP" },

  /* The receiver, which is known only where packets come in. */
  { BOTH, { .table = MANGLE, .chain = "DIVERT_SERVE", .receiver = DIVERT_RECEIVER_SOMEBODY, .tagged = TRUE,
      .target = DIVERT_XT_CONNMARK, .value = 8, .mask = 0xff },
    "-m socket --nowildcard -m comment --comment nm-divert -j CONNMARK --set-xmark 0x8/0xff" },
  { BOTH, { .table = MANGLE, .chain = "DIVERT_SERVE", .receiver = DIVERT_RECEIVER_BOUND, .target = DIVERT_XT_CONNMARK,
      .value = 0, .mask = 0xff },
    "-m socket -j CONNMARK --set-xmark 0x0/0xff" },

  /* Every match. */
  { BOTH, { .table = MANGLE, .chain = "LOCAL_DIVERT", .tagged = TRUE, .out_interface = "lo",
      .target = DIVERT_XT_RETURN },
    "-o lo -m comment --comment nm-divert -j RETURN" },
  { BOTH, { .table = MANGLE, .chain = "LOCAL_DIVERT", .target = DIVERT_XT_RETURN }, "-j RETURN" },
  { BOTH, { .table = MANGLE, .chain = "LOCAL_DIVERT", .out_interface = "fifteen-letters", .out_invert = TRUE,
      .target = DIVERT_XT_RETURN },
    "! -o fifteen-letters -j RETURN" },
  { IPV4, { .table = MANGLE, .chain = "LOCAL_DIVERT", .has_source = TRUE, .source = PREFIX4 (10, 1, 2, 3, 8),
      .has_destination = TRUE, .destination = PREFIX4 (10, 0, 0, 1, 32), .target = DIVERT_XT_RETURN },
    "-s 10.0.0.0/8 -d 10.0.0.1/32 -j RETURN" },
  { IPV4, { .table = MANGLE, .chain = "LOCAL_DIVERT", .has_source = TRUE, .source = PREFIX4 (172, 16, 0, 0, 12),
      .has_destination = TRUE, .destination = PREFIX4 (192, 168, 22, 254, 31), .target = DIVERT_XT_RETURN },
    "-s 172.16.0.0/12 -d 192.168.22.254/31 -j RETURN" },
  { IPV6, { .table = MANGLE, .chain = "LOCAL_DIVERT", .has_source = TRUE, .source = PREFIX6 (0xfc, 0, 0, 0, 7),
      .has_destination = TRUE, .destination = PREFIX6 (0xfd, 0, 0x22, 1, 128), .target = DIVERT_XT_RETURN },
    "-s fc00::/7 -d fd00:0:0:22::1/128 -j RETURN" },
  { IPV6, { .table = MANGLE, .chain = "LOCAL_DIVERT", .has_source = TRUE, .source = PREFIX6 (0xfd, 0, 0x22, 1, 60),
      .target = DIVERT_XT_RETURN },
    "-s fd00:0:0:20::/60 -j RETURN" },
  { BOTH, { .table = MANGLE, .chain = "LOCAL_DIVERT", .protocol = IPPROTO_TCP, .target = DIVERT_XT_RETURN },
    "-p tcp -j RETURN" },
  { BOTH, { .table = MANGLE, .chain = "LOCAL_DIVERT", .protocol = IPPROTO_UDP, .target = DIVERT_XT_RETURN },
    "-p udp -j RETURN" },
  { IPV4, { .table = MANGLE, .chain = "LOCAL_DIVERT", .protocol = IPPROTO_ICMP, .target = DIVERT_XT_RETURN },
    "-p icmp -j RETURN" },
  { IPV6, { .table = MANGLE, .chain = "LOCAL_DIVERT", .protocol = IPPROTO_ICMPV6, .target = DIVERT_XT_RETURN },
    "-p ipv6-icmp -j RETURN" },
  { IPV6, { .table = MANGLE, .chain = "LOCAL_DIVERT", .protocol = IPPROTO_ICMPV6, .icmpv6_type = 135,
      .target = DIVERT_XT_RETURN },
    "-p ipv6-icmp -m icmp6 --icmpv6-type 135 -j RETURN" },
  { BOTH, { .table = MANGLE, .chain = "LOCAL_DIVERT", .protocol = IPPROTO_TCP, .dport = 53,
      .target = DIVERT_XT_RETURN },
    "-p tcp -m tcp --dport 53 -j RETURN" },
  { BOTH, { .table = MANGLE, .chain = "LOCAL_DIVERT", .protocol = IPPROTO_UDP, .sport = 68, .dport = 67,
      .target = DIVERT_XT_RETURN },
    "-p udp -m udp --sport 68 --dport 67 -j RETURN" },
  { BOTH, { .table = MANGLE, .chain = "LOCAL_DIVERT", .protocol = IPPROTO_UDP, .dport = 1, .dport_last = 1023,
      .target = DIVERT_XT_RETURN },
    "-p udp -m udp --dport 1:1023 -j RETURN" },
  { BOTH, { .table = MANGLE, .chain = "LOCAL_DIVERT", .protocol = IPPROTO_TCP, .dport = 61000, .dport_last = 65535,
      .target = DIVERT_XT_RETURN },
    "-p tcp -m tcp --dport 61000:65535 -j RETURN" },
  { BOTH, { .table = MANGLE, .chain = "LOCAL_DIVERT", .protocol = IPPROTO_UDP, .sport = 65535,
      .target = DIVERT_XT_RETURN },
    "-p udp -m udp --sport 65535 -j RETURN" },
  { BOTH, { .table = MANGLE, .chain = "LOCAL_DIVERT", .protocol = IPPROTO_TCP, .sport = 1, .has_tcp_flags = TRUE,
      .tcp_flags_invert = TRUE, .tcp_flags_mask = 0x17, .tcp_flags_value = 0x02, .target = DIVERT_XT_RETURN },
    "-p tcp -m tcp --sport 1 ! --tcp-flags FIN,SYN,RST,ACK SYN -j RETURN" },
  { BOTH, { .table = MANGLE, .chain = "LOCAL_DIVERT", .protocol = IPPROTO_TCP, .has_tcp_flags = TRUE,
      .tcp_flags_mask = 0x3f, .tcp_flags_value = 0x29, .target = DIVERT_XT_RETURN },
    "-p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG FIN,PSH,URG -j RETURN" },
  { BOTH, { .table = MANGLE, .chain = "LOCAL_DIVERT", .mark = { TRUE, TRUE, 0, G_MAXUINT32 },
      .target = DIVERT_XT_RETURN },
    "-m mark ! --mark 0x0 -j RETURN" },
  { BOTH, { .table = MANGLE, .chain = "LOCAL_DIVERT", .connmark = { TRUE, FALSE, 0x8, 0xff },
      .target = DIVERT_XT_RETURN },
    "-m connmark --mark 0x8/0xff -j RETURN" },
  { BOTH, { .table = MANGLE, .chain = "LOCAL_DIVERT", .mark = { TRUE, FALSE, 0x80000000, 0xff000000 },
      .connmark = { TRUE, TRUE, 0x17, 0xffffffff }, .target = DIVERT_XT_RETURN },
    "-m mark --mark 0x80000000/0xff000000 -m connmark ! --mark 0x17 -j RETURN" },
  { BOTH, { .table = MANGLE, .chain = "LOCAL_DIVERT", .has_gid = TRUE, .gid = 23333,
      .target = DIVERT_XT_RETURN },
    "-m owner --gid-owner 23333 -j RETURN" },
  { BOTH, { .table = MANGLE, .chain = "LOCAL_DIVERT", .cgroup_path = GROUP, .target = DIVERT_XT_RETURN },
    "-m cgroup --path \"system.slice/a\\\\x2db@1.service\" -j RETURN" },
  { IPV4, { .table = MANGLE, .chain = "LOCAL_DIVERT",
      .dst_types = DIVERT_ADDRTYPE_LOCAL | DIVERT_ADDRTYPE_BROADCAST | DIVERT_ADDRTYPE_MULTICAST,
      .target = DIVERT_XT_RETURN },
    "-m addrtype --dst-type LOCAL,BROADCAST,MULTICAST -j RETURN" },
  { IPV6, { .table = MANGLE, .chain = "LOCAL_DIVERT", .src_types = DIVERT_ADDRTYPE_LOCAL,
      .dst_types = DIVERT_ADDRTYPE_LOCAL | DIVERT_ADDRTYPE_MULTICAST, .target = DIVERT_XT_RETURN },
    "-m addrtype --src-type LOCAL --dst-type LOCAL,MULTICAST -j RETURN" },

  /* Every target that is allowed in LOCAL_DIVERT. */
  { BOTH, { .table = MANGLE, .chain = "LOCAL_DIVERT", .protocol = IPPROTO_TCP, .target = DIVERT_XT_MARK,
      .value = 0x17, .mask = 0xff },
    "-p tcp -j MARK --set-xmark 0x17/0xff" },
  { BOTH, { .table = MANGLE, .chain = "LOCAL_DIVERT", .target = DIVERT_XT_CONNMARK, .value = 0x17,
      .mask = 0xff },
    "-j CONNMARK --set-xmark 0x17/0xff" },
  { BOTH, { .table = MANGLE, .chain = "LOCAL_DIVERT", .target = DIVERT_XT_MARK, .value = 0xdeadbeef,
      .mask = 0xffffffff },
    "-j MARK --set-xmark 0xdeadbeef/0xffffffff" },
  { BOTH, { .table = MANGLE, .chain = "LOCAL_DIVERT", .target = DIVERT_XT_JUMP, .to = "LOCAL_INTRANET_DIVERT" },
    "-j LOCAL_INTRANET_DIVERT" },
  { BOTH, { .table = MANGLE, .chain = "LOCAL_DIVERT", .target = DIVERT_XT_GOTO, .to = "LOCAL_INTRANET_DIVERT" },
    "-g LOCAL_INTRANET_DIVERT" },
  /* All matches together. */
  { IPV4, { .table = MANGLE, .chain = "LOCAL_INTRANET_DIVERT", .protocol = IPPROTO_TCP, .out_interface = "wlan0",
      .has_source = TRUE, .source = PREFIX4 (192, 168, 22, 0, 24), .has_destination = TRUE,
      .destination = PREFIX4 (192, 168, 22, 0, 24), .dport = 445, .mark = { TRUE, TRUE, 0x17, 0xff },
      .connmark = { TRUE, TRUE, 0x17, 0xff }, .has_gid = TRUE, .gid = 4294967294, .cgroup_path = GROUP,
      .dst_types = DIVERT_ADDRTYPE_LOCAL, .src_types = DIVERT_ADDRTYPE_LOCAL,
      .tagged = TRUE, .target = DIVERT_XT_DROP },
    "-s 192.168.22.0/24 -d 192.168.22.0/24 -o wlan0 -p tcp -m tcp --dport 445 -m mark ! --mark 0x17/0xff"
    " -m connmark ! --mark 0x17/0xff -m owner"
    " --gid-owner 4294967294 -m cgroup --path \"system.slice/a\\\\x2db@1.service\" -m addrtype"
    " --src-type LOCAL --dst-type LOCAL -m comment --comment nm-divert -j DROP" },

  /* nat. */
  { BOTH, { .table = NAT, .chain = "OUTPUT", .target = DIVERT_XT_JUMP, .to = "LOCAL_DNS_DIVERT" },
    "-j LOCAL_DNS_DIVERT" },
  { BOTH, { .table = NAT, .chain = "LOCAL_DNS_DIVERT", .tagged = TRUE, .out_interface = "lo",
      .target = DIVERT_XT_RETURN },
    "-o lo -m comment --comment nm-divert -j RETURN" },
  { BOTH, { .table = NAT, .chain = "LOCAL_DNS_DIVERT", .protocol = IPPROTO_UDP, .dport = 53,
      .target = DIVERT_XT_REDIRECT, .port = 1053 },
    "-p udp -m udp --dport 53 -j REDIRECT --to-ports 1053" },
  { BOTH, { .table = NAT, .chain = "LOCAL_DNS_DIVERT", .protocol = IPPROTO_TCP, .dport = 53,
      .target = DIVERT_XT_REDIRECT, .port = 65535 },
    "-p tcp -m tcp --dport 53 -j REDIRECT --to-ports 65535" },

  /* filter. */
  { BOTH, { .table = FILTER, .chain = "OUTPUT", .mark = { TRUE, FALSE, 0x17, 0xff }, .target = DIVERT_XT_JUMP,
      .to = "DIVERT_REFUSE" },
    "-m mark --mark 0x17/0xff -j DIVERT_REFUSE" },
  { BOTH, { .table = FILTER, .chain = "DIVERT_REFUSE", .tagged = TRUE, .protocol = IPPROTO_TCP,
      .has_tcp_flags = TRUE, .tcp_flags_mask = 0x17, .tcp_flags_value = 2, .target = DIVERT_XT_REJECT },
    "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -m comment --comment nm-divert -j REJECT --reject-with tcp-reset" },
  { IPV4, { .table = FILTER, .chain = "DIVERT_REFUSE", .protocol = IPPROTO_UDP, .target = DIVERT_XT_REJECT },
    "-p udp -j REJECT --reject-with icmp-port-unreachable" },
  { IPV6, { .table = FILTER, .chain = "DIVERT_REFUSE", .protocol = IPPROTO_UDP, .target = DIVERT_XT_REJECT },
    "-p udp -j REJECT --reject-with icmp6-port-unreachable" },
};

static GArray *
make_rules (DivertFamily family)
{
  GArray *rules = sandbox_rules_new ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    if ((cases[i].families & (1 << family)) != 0)
      sandbox_rules_add (rules, &cases[i].rule);
  return rules;
}

static char *
make_expected (DivertFamily  family,
               DivertXtTable table)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    if (cases[i].rule.table == table && (cases[i].families & (1 << family)) != 0)
      g_string_append_printf (text, "-A %s %s\n", cases[i].rule.chain, cases[i].text);
  return g_string_free (text, FALSE);
}

typedef struct
{
  DivertFamily family;
  DivertXtTable  table;
} Where;

static void
test_text (gconstpointer data)
{
  const Where *where = data;
  g_autoptr(GArray) rules = make_rules (where->family);
  g_autofree char *expected = make_expected (where->family, where->table);
  g_autofree char *saved = NULL;

  sandbox_enter ();
  g_assert_true (sandbox_apply (rules, where->table, where->family));
  saved = sandbox_save_rules (where->family, where->table);
  g_assert_cmpstr (saved, ==, expected);
}

static void
test_bytes (gconstpointer data)
{
  const Where *where = data;
  g_autoptr(GArray) rules = make_rules (where->family);
  g_autoptr(GBytes) ours = NULL;
  g_autoptr(GBytes) theirs = NULL;
  g_autofree char *saved = NULL;

  sandbox_enter ();
  sandbox_apply (rules, where->table, where->family);
  ours = sandbox_read_blob (where->family, where->table);
  saved = sandbox_save (where->family, where->table, FALSE);

  sandbox_enter ();
  sandbox_restore (where->family, saved, FALSE);
  theirs = sandbox_read_blob (where->family, where->table);
  g_assert_cmpmem (g_bytes_get_data (ours, NULL), g_bytes_get_size (ours),
                   g_bytes_get_data (theirs, NULL), g_bytes_get_size (theirs));
  g_assert_cmpuint (g_bytes_get_size (ours), >, 1000);

  /* So the rules that iptables installed are the ones we want, and there is nothing to write. */
  g_assert_false (sandbox_apply (rules, where->table, where->family));
}

/* Rules that are read back have no host bits, but some of the cases do. */
static void
clear_host_bits (GArray *rules)
{
  for (guint i = 0; i < rules->len; i++)
    {
      DivertXtRule *rule = divert_xt_rules_index (rules, i);

      rule->source = divert_prefix_network (&rule->source);
      rule->destination = divert_prefix_network (&rule->destination);
    }
}

/* Reading rules back, in the core's own text form. */
static void
test_read (gconstpointer data)
{
  const Where *where = data;
  g_autoptr(GArray) rules = make_rules (where->family);
  g_autofree char *expected = NULL;
  g_autofree char *text = NULL;
  g_autoptr(GError) error = NULL;

  sandbox_enter ();
  sandbox_apply (rules, where->table, where->family);
  text = divert_iptables_read_text (where->family, where->table, &error);
  g_assert_no_error (error);
  clear_host_bits (rules);
  expected = divert_xt_table_to_text (rules, where->family, where->table);
  g_assert_cmpstr (text, ==, expected);
}

int
main (int    argc,
      char **argv)
{
  static Where where[DIVERT_N_FAMILIES][DIVERT_XT_N_TABLES];

  test_needs_namespaces ();
  test_needs ("ip", "iptables-legacy", "ip6tables-legacy", NULL);
  test_cgroups_enter ();
  test_cgroups_make (GROUP);
  g_test_init (&argc, &argv, NULL);
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    for (guint table = 0; table < DIVERT_XT_N_TABLES; table++)
      {
        g_autofree char *name = g_strdup_printf ("%s/%s", divert_family_name (family), divert_xt_table_name (table));
        g_autofree char *text = g_strconcat ("/iptables/entry/text/", name, NULL);
        g_autofree char *bytes = g_strconcat ("/iptables/entry/bytes/", name, NULL);
        g_autofree char *read = g_strconcat ("/iptables/entry/read/", name, NULL);

        where[family][table] = (Where){ family, table };
        g_test_add_data_func (text, &where[family][table], test_text);
        g_test_add_data_func (bytes, &where[family][table], test_bytes);
        g_test_add_data_func (read, &where[family][table], test_read);
      }
  return g_test_run ();
}
