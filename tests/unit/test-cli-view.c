/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What people read (view.h), what scripts read of the same, and that nothing in what people read can steer a terminal.
 * What scripts read as a whole: test-cli-json.c.
 */
#include "divert-config.h"

#include <string.h>

#include <json-glib/json-glib.h>

#include "cli-status.h"
#include "json.h"
#include "printable.h"
#include "view.h"

static const char at_home_text[] =
  "Place       home, by wlan0\n"
  "Reason      connection 'Home Wi-Fi' on wlan0 proves 'home' (uuid 6b0c)\n"
  "Mode        automatic\n"
  "Backend     iptables\n"
  "Proxy       group clash, port 22223, DNS port 1053\n"
  "            TCP/IPv4, TCP/IPv6, UDP/IPv4, UDP/IPv6: listening on port 22223\n"
  "Own LANs    docker0, vir\\x1bbr0\n"
  "\n"
  "Sites (+ holds, - fails, ? not known yet)\n"
  "  home: 192.168.22.0/24, fd00:22::/64\n"
  "    'Home Wi-Fi' on wlan0: proven\n"
  "      + subnet 192.168.22.0/24: found 192.168.22.33/24\n";

static const char broken[] =
  "{'mode': <'off'>, 'mode-expires': <uint64 4000>, 'until-network-change': <true>, 'place': <'away'>,"
  " 'reason': <'only the English is known\\u001b[2J'>, 'reason-code': <'of-a-newer-helper'>, 'backend': <''>,"
  " 'problems': <['English', 'the lock is held']>, 'problem-list': <[{'code': <'no-group'>, 'detail': <''>}]>,"
  " 'proxy': <{'group': <''>, 'tproxy-port': <uint32 22223>, 'dns-port': <uint32 0>, 'tcp4': <'none'>,"
  "            'tcp6': <'none'>, 'udp4': <'foreign'>, 'udp6': <'good'>}>,"
  " 'guard-dropped': <uint64 3>, 'missing': <['group', 'site']>, 'sites': <@aa{sv} []>}";

static void
test_status (void)
{
  g_autoptr(GVariant) status = parse (at_home);
  g_autofree char *text = divert_view_status (status, 0);

  g_assert_cmpstr (text, ==, at_home_text);
}

static void
assert_contains (const char *text,
                 const char *part)
{
  if (!strstr (text, part))
    g_error ("'%s' is not in:\n%s", part, text);
}

/* What a site lets go besides its intranet. */
static void
test_status_of_direct (void)
{
  static const char *const cases[][2] = {
    { "{'direct-also': <['internet', 'dns']>}", "Direct      the internet and DNS, too\n" },
    { "{'direct-also': <['internet']>}", "Direct      the internet, too\n" },
    { "{'direct-also': <['dns']>}", "Direct      DNS, too\n" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GVariant) status = parse (cases[i][0]);
      g_autofree char *text = divert_view_status (status, 0);

      assert_contains (text, cases[i][1]);
    }
}

/* What other programs have changed, and who they say they are. */
static void
test_status_of_drift (void)
{
  static const struct
  {
    const char *answer;
    const char *text; /* NULL: nothing is said */
  } cases[] = {
    { "{'drift-count': <uint64 3>, 'drift-time': <uint64 1000000000>, 'drift-parts': <['mangle-ipv4', 'fence-device']>,"
      " 'drift-program': <'iptables'>, 'drift-process': <uint32 4711>}",
      "Repairs     3 since the helper started, the last at 2001-09-09 01:46:40\n"
      "            table mangle (IPv4), the fence's device: changed by 'iptables' (process 4711)\n" },
    { "{'drift-count': <uint64 1>, 'drift-time': <uint64 1000000000>, 'drift-parts': <['of-a-newer\\u001bhelper']>,"
      " 'drift-program': <''>, 'drift-process': <uint32 17>}",
      "            of-a-newer\\x1bhelper: changed by process 17\n" },
    { "{'drift-count': <uint64 1>, 'drift-time': <uint64 1000000000>, 'drift-parts': <['nat-ipv6']>,"
      " 'drift-program': <''>, 'drift-process': <uint32 0>}",
      "            table nat (IPv6): changed by another program\n" },
    { "{'drift-count': <uint64 1>, 'drift-time': <uint64 1>, 'drift-parts': <['nat-ipv6']>,"
      " 'drift-program': <'a\\nb\\u001b[2J'>, 'drift-process': <uint32 18>}",
      "changed by 'a\\nb\\x1b[2J' (process 18)\n" },
    { "{'drift-count': <uint64 0>, 'drift-time': <uint64 0>, 'drift-parts': <@as []>}", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GVariant) status = parse (cases[i].answer);
      g_autofree char *text = divert_view_status (status, 0);

      if (cases[i].text)
        assert_contains (text, cases[i].text);
      else
        g_assert_null (strstr (text, "Repairs"));
    }
}

static void
test_status_of_resolver (void)
{
  g_autoptr(GVariant) status = parse ("{'proxy': <{'group': <'clash'>, 'tproxy-port': <uint32 22223>,"
                                      " 'dns-port': <uint32 1053>, 'dns-tcp4': <'good'>, 'dns-udp4': <'foreign'>}>}");
  g_autofree char *text = divert_view_status (status, 0);

  assert_contains (text, "            DNS port 1053 is held by somebody other than the proxy");
}

static void
test_status_of_trouble (void)
{
  g_autoptr(GVariant) status = parse (broken);
  g_autofree char *text = divert_view_status (status, 400);

  assert_contains (text, "only the English is known?[2J");
  assert_contains (text, "off, by hand, until 1970-01-01 01:06 (1 h 0 min left), until the network changes");
  assert_contains (text, "Backend     not tried yet");
  assert_contains (text, "group not set, port 22223, DNS left alone");
  assert_contains (text, "TCP/IPv4, TCP/IPv6: nothing listens on port 22223");
  assert_contains (text, "UDP/IPv4: port 22223 is held by somebody other than the proxy");
  assert_contains (text, "3 packets kept");
  assert_contains (text, "\n  the proxy's group is not set, so nothing is diverted\n    → set group=");
  assert_contains (text, "\n  the lock is held\n");
  assert_contains (text, "'nm-divert trust'");
}

/* An empty answer, as from an older helper. There is nothing to show, and nothing crashes. */
static void
test_status_of_nothing (void)
{
  g_autoptr(GVariant) status = parse ("{}");
  g_autofree char *text = divert_view_status (status, 0);
  g_autofree char *json = divert_json_status (status, TRUE);

  assert_contains (text, "Backend     not tried yet");
  assert_contains (json, "\"problems\" : []");
}

static void
test_status_without_tables (void)
{
  g_autoptr(GVariant) status = parse ("{'backend': <''>, 'problem-list': <[{'code': <'backend'>, 'detail': <'so'>}]>}");
  g_autofree char *text = divert_view_status (status, 0);

  assert_contains (text, "Backend     none works here");
}

/* Only the one that is asked for. */
static void
test_one_problem (void)
{
  g_autoptr(GVariant) status = parse ("{'problems': <['a', 'b']>, 'problem-list': <[{'code': <'listener'>, "
                                      "'detail': <''>}, {'code': <'mode-file'>, 'detail': <'disk full'>}]>}");
  g_autoptr(GString) text = g_string_new (NULL);

  divert_view_append_problem (text, status, DIVERT_PROBLEM_BACKEND);
  g_assert_cmpstr (text->str, ==, "");
  divert_view_append_problem (text, status, DIVERT_PROBLEM_MODE_FILE);
  g_assert_cmpstr (text->str, ==, "\nProblems\n  the mode cannot be kept: disk full\n"
                                  "    → see whether /var/lib/nm-divert is writable\n");
}

static void
test_mode_ends (void)
{
  static const struct
  {
    const char *answer;
    gint64      now;
    const char *expected;
  } cases[] = {
    { "{'mode': <'away'>}", 0, "away, by hand" },
    { "{'mode': <'home'>}", 0, "home, by hand" },
    { "{'mode': <'away'>, 'mode-expires': <uint64 90061>}", 0, "away, by hand, until 1970-01-02 01:01 (1 d 1 h left)" },
    { "{'mode': <'away'>, 'mode-expires': <uint64 300>}", 0, "away, by hand, until 1970-01-01 00:05 (5 min left)" },
    { "{'mode': <'away'>, 'mode-expires': <uint64 300>}", 290, "away, by hand, until 1970-01-01 00:05 (10 s left)" },
    { "{'mode': <'away'>, 'mode-expires': <uint64 300>}", 999, "away, by hand, until 1970-01-01 00:05 (0 s left)" },
    { "{'mode': <'away'>, 'mode-expires': <uint64 18446744073709551615>}", 0, "away, by hand" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GVariant) answer = parse (cases[i].answer);
      g_autofree char *mode = divert_view_mode (answer, cases[i].now);

      g_assert_cmpstr (mode, ==, cases[i].expected);
    }
}

static void
test_hostile_names (void)
{
  g_autoptr(GVariant) status = parse (
    "{'place': <'home'>, 'device': <'w\\u001b[31m'>, 'reason-code': <'proven'>, 'reason-site': <'home'>,"
    " 'reason-device': <'w'>, 'reason-connection': <'evil\\nPlace  home'>, 'reason-found': <'\\u202e'>,"
    " 'problems': <['a\\nb\\u001b[2J']>,"
    " 'sites': <[{'name': <'a\\rb'>, 'intranet': <['\\u001bc']>,"
    "   'candidates': <[{'connection': <'x\\ny'>, 'device': <'\\u001b'>, 'proven': <false>,"
    "     'proofs': <[{'kind': <'ssid'>, 'outcome': <'fails'>, 'expected': <'h'>, "
    "     'found': <'\\u0007\\u001b]0;'>}]>}]>}]>}");
  g_autofree char *text = divert_view_status (status, 0);

  for (const char *p = text; *p; p = g_utf8_next_char (p))
    {
      g_assert_true (g_utf8_get_char (p) == '\n' || g_unichar_isprint (g_utf8_get_char (p)));
      g_assert_cmpuint (g_utf8_get_char (p), !=, 0x202e);
    }
  g_assert_null (strstr (text, "\nPlace  home"));
}

/* The helper sends an SSID in the form of ssid=. It is not escaped a second time, and nothing in it is translated. */
static void
test_ssid (void)
{
  g_autoptr(GVariant) status = parse (
    "{'place': <'away'>, 'reason-code': <'proof-failed'>, 'reason-site': <'home'>, 'reason-proof': <'ssid'>,"
    " 'reason-expected': <'caf\\\\xe9\\\\;'>, 'reason-found': <'it\\'s\\\\x00\\u001b'>,"
    " 'sites': <[{'name': <'home'>, 'candidates': <[{'connection': <'x'>, 'device': <'wlan0'>,"
    "   'proofs': <[{'kind': <'ssid'>, 'outcome': <'fails'>, 'expected': <'caf\\\\xe9'>, "
    "     'found': <'\\\\x00'>}]>}]>}]>}");
  g_autofree char *text = divert_view_status (status, 0);

  assert_contains (text, "SSID: expected caf\\xe9\\;, found it's\\x00\\x1b\n");
  assert_contains (text, "- SSID caf\\xe9: found \\x00\n");
}

static void
test_printable (void)
{
  static const struct
  {
    const char     *text;
    DivertPrintable kind;
    const char     *expected;
  } cases[] = {
    { "", DIVERT_PRINTABLE_LINE, "" },
    { "it's '内网' \\", DIVERT_PRINTABLE_LINE, "it's '内网' \\" },
    { "a\nb\tc", DIVERT_PRINTABLE_TEXT, "a\nb\tc" },
    { "a\nb\tc\r", DIVERT_PRINTABLE_LINE, "a?b?c?" },
    { "\033[2J\177\302\233", DIVERT_PRINTABLE_TEXT, "?[2J??" },
    { "\377\303x\342\200\256", DIVERT_PRINTABLE_TEXT, "??x?" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *printable = divert_printable (cases[i].text, cases[i].kind);

      g_assert_cmpstr (printable, ==, cases[i].expected);
    }
}

static void
test_explanation (void)
{
  g_autoptr(GVariant) explanation = parse (
    "{'path': <'divert'>, 'port': <uint32 22223>, 'device': <''>, 'table': <'mangle'>, 'chain': <'LOCAL_DIVERT'>,"
    " 'rule': <'-A LOCAL_DIVERT -j MARK --set-xmark 0x17/0xff'>, 'why': <'everything else goes to the proxy'>,"
    " 'place': <'away'>, 'reason-code': <'mode-away'>}");
  g_autofree char *text = divert_view_explanation (explanation, "1.1.1.1:443", NULL);
  g_autofree char *json = divert_json_explanation (explanation, "1.1.1.1", 443, "tcp");
  g_autoptr(JsonNode) node = json_from_string (json, NULL);
  JsonObject *object = json_node_get_object (node);

  g_assert_cmpstr (text, ==,
                   "Packet      1.1.1.1:443\n"
                   "Path        diverted to the proxy's port 22223\n"
                   "Because     everything else goes to the proxy\n"
                   "Rule        table mangle: -A LOCAL_DIVERT -j MARK --set-xmark 0x17/0xff\n"
                   "Place       away\n"
                   "Reason      switched to away by hand\n");
  g_assert_cmpstr (json_object_get_string_member (object, "path"), ==, "divert");
  g_assert_cmpint (json_object_get_int_member (object, "proxy_port"), ==, 22223);
  g_assert_cmpint (json_object_get_int_member (object, "port"), ==, 443);
  g_assert_cmpstr (json_object_get_string_member (object, "protocol"), ==, "tcp");
}

/* What the kernel has, who listens, and a flow that began under other rules. */
static void
test_explained_flow (void)
{
  g_autoptr(GVariant) explanation = parse (
    "{'path': <'block'>, 'table': <'inet nm-divert'>, 'chain': <'deliver'>, 'rule': <'deliver: reject'>,"
    " 'why': <'the proxy does not listen, so it is refused'>, 'laid': <'former'>, 'wanted-path': <'divert'>,"
    " 'listener': <'none'>, 'listener-port': <uint32 22223>, 'place': <'away'>, 'reason-code': <'mode-away'>,"
    " 'flow': <{'path': <'direct'>, 'why': <'a bypass prefix is reached directly'>, 'tracked': <true>,"
    " 'unrouted': <true>, 'mark': <uint32 0x40>, 'same': <false>}>}");
  g_autoptr(GVariant) unknown = parse ("{'path': <'direct'>, 'place': <'off'>, 'reason-code': <'mode-off'>,"
                                       " 'laid': <'none'>, 'flow': <{'tracked': <false>}>}");
  g_autofree char *text = divert_view_explanation (explanation, "1.1.1.1:443", "10.0.0.2:40000");
  g_autofree char *untracked = divert_view_explanation (unknown, "1.1.1.1:443", "10.0.0.2:\033");
  g_autofree char *json = divert_json_explanation (explanation, "1.1.1.1", 443, "tcp");
  g_autoptr(JsonNode) node = json_from_string (json, NULL);
  JsonObject *object = json_node_get_object (node), *flow = json_object_get_object_member (object, "flow");

  g_assert_cmpstr (text, ==,
                   "Packet      1.1.1.1:443\n"
                   "Path        refused\n"
                   "Because     the proxy does not listen, so it is refused\n"
                   "Rule        table inet nm-divert: deliver: reject\n"
                   "Listener    nothing listens on port 22223\n"
                   "Kernel      still has older rules, because the wanted ones could not be laid\n"
                   "Flow from   10.0.0.2:40000\n"
                   "Its path    direct\n"
                   "Because     a bypass prefix is reached directly\n"
                   "Rule        no rule concerns it\n"
                   "Kernel      does not lead it to the proxy, because another ip rule comes first, and drops it\n"
                   "Its mark    0x40\n"
                   "            a new connection goes another way than this flow\n"
                   "Place       away\n"
                   "Reason      switched to away by hand\n");
  g_assert_cmpstr (untracked, ==,
                   "Packet      1.1.1.1:443\n"
                   "Path        direct\n"
                   "Rule        no rule concerns it\n"
                   "Kernel      has no rules of nm-divert's, although some are wanted\n"
                   "Flow from   10.0.0.2:\\x1b\n"
                   "            not tracked by the kernel: its next packet is judged like a new one\n"
                   "Place       off: nothing is diverted\n"
                   "Reason      switched off by hand\n");
  g_assert_cmpstr (json_object_get_string_member (object, "laid"), ==, "former");
  g_assert_cmpstr (json_object_get_string_member (object, "wanted_path"), ==, "divert");
  g_assert_cmpstr (json_object_get_string_member (object, "listener"), ==, "none");
  g_assert_cmpint (json_object_get_int_member (object, "listener_port"), ==, 22223);
  g_assert_cmpint (json_object_get_int_member (flow, "mark"), ==, 0x40);
  g_assert_false (json_object_get_boolean_member (flow, "same"));
}

/* The second kind is of a newer helper. */
static void
test_diagnosis (void)
{
  g_autoptr(GVariant) diagnosis = parse (
    "{'findings': <[{'kind': <'rule-takes'>, 'gravity': <'grave'>, 'where': <'ip -4 rule'>,"
    " 'rule': <'99: not from all fwmark 0xca6c lookup 51820\\u001b'>, 'owner': <'wg-quick'>, 'count': <uint32 1>,"
    " 'command': <'sudo ip'>},"
    " {'kind': <'novelty'>, 'gravity': <'note'>, 'text': <'new'>, 'advice': <'wait'>, 'where': <'here'>,"
    " 'rule': <'it'>, 'owner': <''>, 'count': <uint32 3>, 'command': <''>}]>}");
  g_autoptr(GVariant) well = parse ("{'findings': <@aa{sv} []>}");
  g_autofree char *text = divert_view_diagnosis (diagnosis), *nothing = divert_view_diagnosis (well);
  g_autofree char *gravest = divert_view_gravest (diagnosis), *none = divert_view_gravest (well);
  g_autofree char *json = divert_json_diagnosis (well);

  g_assert_cmpstr (text, ==,
                   "Grave: an ip rule before ours takes packets that should go to the proxy, and they are lost or "
                   "leave past it\n"
                   "  ip -4 rule (probably wg-quick's)\n"
                   "    99: not from all fwmark 0xca6c lookup 51820?\n"
                   "  → move it behind ours\n"
                   "    sudo ip\n"
                   "\n"
                   "Note: new\n"
                   "  here\n"
                   "    it\n"
                   "    and 2 more like it\n"
                   "  → wait\n");
  g_assert_cmpstr (nothing, ==, "No other program's rules stand in the way.\n");
  g_assert_cmpstr (gravest, ==,
                   "\nIn the way\n"
                   "  an ip rule before ours takes packets that should go to the proxy, and they are lost or leave "
                   "past it\n"
                   "    → run 'nm-divert doctor' to see it, and what cures it\n");
  g_assert_cmpstr (none, ==, "");
  g_assert_cmpstr (json, ==, "{\n  \"findings\" : []\n}");
}

static void
test_preview (void)
{
  g_autoptr(GVariant) learned = parse (
    "{'uuid': <'6b0c'>, 'id': <'Home'>, 'device': <'wlan0'>, 'intranet': <['192.168.22.0/24', 'fd00:22::/64']>,"
    " 'gateway-macs': <@as []>, 'file': <'/etc/nm-divert/conf.d/home.conf'>}");
  g_autofree char *text = divert_view_preview (learned, "home");

  g_assert_cmpstr (text, ==,
                   "Site        home\n"
                   "Connection  'Home' on wlan0\n"
                   "            6b0c\n"
                   "Intranet    192.168.22.0/24\n"
                   "            fd00:22::/64\n"
                   "Gateway MAC none: the gateway did not answer, or there is none\n"
                   "File        /etc/nm-divert/conf.d/home.conf\n");
}

/* The router may not have announced it yet. */
static void
test_preview_without_ipv6 (void)
{
  g_autoptr(GVariant) learned = parse ("{'intranet': <['192.168.22.0/24']>}");
  g_autoptr(GVariant) nothing = parse ("{'intranet': <@as []>}");
  g_autofree char *text = divert_view_preview (learned, "home");
  g_autofree char *text_of_nothing = divert_view_preview (nothing, "home");

  assert_contains (text, "Intranet    192.168.22.0/24\n"
                         "            no IPv6 so far: if this network has it, repeat this when it is there\n");
  g_assert_null (strstr (text_of_nothing, "IPv6"));
}

/* The kernel lacks something for the preferred backend. */
static void
test_status_of_second_choice (void)
{
  g_autoptr(GVariant) status = parse ("{'backend': <'iptables'>, 'backend-why': <'nftables: set t: Invalid\\u001b'>}");
  g_autofree char *text = divert_view_status (status, 0);

  assert_contains (text, "Backend     iptables\n"
                         "            the preferred one doesn't work here: nftables: set t: Invalid?\n");
}

int
main (int    argc,
      char **argv)
{
  g_setenv ("TZ", "UTC", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/view/status", test_status);
  g_test_add_func ("/cli/view/status-of-drift", test_status_of_drift);
  g_test_add_func ("/cli/view/status/direct", test_status_of_direct);
  g_test_add_func ("/cli/view/status-second-choice", test_status_of_second_choice);
  g_test_add_func ("/cli/view/status-of-resolver", test_status_of_resolver);
  g_test_add_func ("/cli/view/status-of-trouble", test_status_of_trouble);
  g_test_add_func ("/cli/view/status-of-nothing", test_status_of_nothing);
  g_test_add_func ("/cli/view/status-without-tables", test_status_without_tables);
  g_test_add_func ("/cli/view/one-problem", test_one_problem);
  g_test_add_func ("/cli/view/mode-ends", test_mode_ends);
  g_test_add_func ("/cli/view/hostile-names", test_hostile_names);
  g_test_add_func ("/cli/view/ssid", test_ssid);
  g_test_add_func ("/cli/view/explanation", test_explanation);
  g_test_add_func ("/cli/view/explained-flow", test_explained_flow);
  g_test_add_func ("/cli/view/diagnosis", test_diagnosis);
  g_test_add_func ("/cli/view/preview", test_preview);
  g_test_add_func ("/cli/view/preview-without-ipv6", test_preview_without_ipv6);
  g_test_add_func ("/cli/printable", test_printable);
  return g_test_run ();
}
