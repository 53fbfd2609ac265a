/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every mistake that a configuration can contain, and the exact message for it. */
#include "core/config/config.h"

#include <string.h>

#define HASH "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define SITE "[site home]\nintranet=192.168.22.0/24\n"
#define S DIVERT_CONFIG_ERROR_SYNTAX
#define U DIVERT_CONFIG_ERROR_UNKNOWN
#define V DIVERT_CONFIG_ERROR_VALUE
#define D DIVERT_CONFIG_ERROR_DUPLICATE
#define M DIVERT_CONFIG_ERROR_MISSING
#define L DIVERT_CONFIG_ERROR_LIMIT

typedef struct
{
  const char       *text;
  DivertConfigError code;
  const char       *message;
} Case;

static void
assert_refused (const char        *text,
                gsize              length,
                DivertConfigError  code,
                const char        *message)
{
  g_autoptr(DivertConfig) config = divert_config_new ();
  g_autoptr(GError) error = NULL;

  if (divert_config_add (config, "f.conf", text, length, &error))
    divert_config_finish (config, &error);
  g_assert_nonnull (error);
  g_assert_cmpstr (error->message, ==, message);
  g_assert_true (error->domain == DIVERT_CONFIG_ERROR);
  g_assert_cmpint (error->code, ==, code);
}

static void
run (const Case *cases,
     gsize       n)
{
  for (gsize i = 0; i < n; i++)
    assert_refused (cases[i].text, strlen (cases[i].text), cases[i].code, cases[i].message);
}

static void
test_syntax (void)
{
  static const Case cases[] = {
    { "[proxy]\n\nhello\n", S, "f.conf:3: neither [group], key=value nor #comment: 'hello'" },
    { "[proxy]\n; comment\n", S, "f.conf:2: neither [group], key=value nor #comment: '; comment'" },
    { "[proxy]\n=clash\n", S, "f.conf:2: neither [group], key=value nor #comment: '=clash'" },
    { "#\ngroup=clash\n", S, "f.conf:2: a key before the first [group]: 'group=clash'" },
    { "[proxy\ngroup=clash\n", S, "f.conf:1: not a group's name in brackets: '[proxy'" },
    { "[]\n", S, "f.conf:1: not a group's name in brackets: '[]'" },
    { "[proxy] # mine\n", S, "f.conf:1: not a group's name in brackets: '[proxy] # mine'" },
    { "[[proxy]]\n", S, "f.conf:1: not a group's name in brackets: '[[proxy]]'" },
    { "\xef\xbb\xbf[proxy]\n", S, "f.conf:1: neither [group], key=value nor #comment: '\\ufeff[proxy]'" },
    { "[proxy]\ngroup=cl\x1b[31mash\n", S, "f.conf:2: control character in the line: 'group=cl\\x1b[31mash'" },
    { "[proxy]\rgroup=clash\n", S, "f.conf:1: control character in the line: '[proxy]\\rgroup=clash'" },
    { "[proxy]\r\n[divert]\r", S, "f.conf:2: control character in the line: '[divert]\\r'" },
    { "[proxy]\n# \xff\n", S, "f.conf:2: not UTF-8: '# \\xff'" },
  };
  static const char nul[] = "[proxy]\ngroup=cl\0ash\n";

  run (cases, G_N_ELEMENTS (cases));
  assert_refused (nul, sizeof nul - 1, S, "f.conf:2: NUL byte in the line: 'group=cl'");
}

static void
test_unknown (void)
{
  static const Case cases[] = {
    { "[Proxy]\n", U, "f.conf:1: [Proxy]: unknown group: 'Proxy'" },
    { "[site]\n", U, "f.conf:1: [site]: unknown group: 'site'" },
    { "[sites home]\n", U, "f.conf:1: [sites home]: unknown group: 'sites home'" },
    { "[' x]\n", U, "f.conf:1: [\\' x]: unknown group: '\\' x'" },
    { "[proxy]\ngroup=clash\ndnsport=53\n", U, "f.conf:3: [proxy] dnsport: unknown key: '53'" },
    { "[proxy]\nmark=1\n", U, "f.conf:2: [proxy] mark: unknown key: '1'" },
    { "[divert]\ngroup[zh_CN]=clash\n", U, "f.conf:2: [divert] group[zh_CN]: unknown key: 'clash'" },
    { SITE "Zone=home\n", U, "f.conf:3: [site home] Zone: unknown key: 'home'" },
    { SITE "a\\nb'=c\n", U, "f.conf:3: [site home] a\\\\nb\\': unknown key: 'c'" },
  };

  run (cases, G_N_ELEMENTS (cases));
}

static void
test_duplicate (void)
{
  static const Case cases[] = {
    { "[proxy]\ngroup=a\n\ngroup=b\n", D, "f.conf:4: [proxy] group: given twice, first in line 2: 'b'" },
    { "[proxy]\n[divert]\n[proxy]\n", D, "f.conf:3: [proxy]: given twice, first in line 1: 'proxy'" },
    { "\n[divert]\n[divert]\n", D, "f.conf:3: [divert]: given twice, first in line 2: 'divert'" },
    { SITE "\n[proxy]\n" SITE, D, "f.conf:5: [site home]: site given twice, first in f.conf: 'home'" },
    { SITE "zone=a\nzone=b\n", D, "f.conf:4: [site home] zone: given twice, first in line 3: 'b'" },
  };

  run (cases, G_N_ELEMENTS (cases));
}

static void
test_numbers (void)
{
  static const Case cases[] = {
    { "[proxy]\ntproxy-port=0\n", V, "f.conf:2: [proxy] tproxy-port: not a port from 1 to 65535: '0'" },
    { "[proxy]\ntproxy-port=65536\n", V, "f.conf:2: [proxy] tproxy-port: not a port from 1 to 65535: '65536'" },
    { "[proxy]\ntproxy-port=\n", V, "f.conf:2: [proxy] tproxy-port: not a port from 1 to 65535: ''" },
    { "[proxy]\ntproxy-port=-1\n", V, "f.conf:2: [proxy] tproxy-port: not a port from 1 to 65535: '-1'" },
    { "[proxy]\ntproxy-port=0x50\n", V, "f.conf:2: [proxy] tproxy-port: not a port from 1 to 65535: '0x50'" },
    { "[proxy]\ntproxy-port=080\n", V, "f.conf:2: [proxy] tproxy-port: not a port from 1 to 65535: '080'" },
    { "[proxy]\ntproxy-port=80 # web\n", V, "f.conf:2: [proxy] tproxy-port: not a port from 1 to 65535: '80 # web'" },
    { "[proxy]\ntproxy-port=18446744073709551696\n", V,
      "f.conf:2: [proxy] tproxy-port: not a port from 1 to 65535: '18446744073709551696'" },
    { "[proxy]\ndns-port=65536\n", V, "f.conf:2: [proxy] dns-port: not a port from 1 to 65535, nor 0: '65536'" },
    { "[proxy]\ndns-port=no\n", V, "f.conf:2: [proxy] dns-port: not a port from 1 to 65535, nor 0: 'no'" },
    { SITE "internet=proxy\n", V, "f.conf:3: [site home] internet: neither 'direct' nor 'divert': 'proxy'" },
    { SITE "dns=\n", V, "f.conf:3: [site home] dns: neither 'direct' nor 'divert': ''" },
    { "[divert]\nmark=16\nmask=16\n" SITE "internet=direct\n", V,
      "f.conf: [site home] internet: the mask has no room for a second mark: 'direct'" },
    { "[divert]\nmark=16\nmask=16\n" SITE "dns=direct\n", V,
      "f.conf: [site home] dns: the mask has no room for a second mark: 'direct'" },
    { SITE "tproxy-port=0\n", V, "f.conf:3: [site home] tproxy-port: not a port from 1 to 65535: '0'" },
    { "[divert]\nforward=some\n", V, "f.conf:2: [divert] forward: not intranet, all or none: 'some'" },
    { "[divert]\nforward-devices=docker0;a b\n", V,
      "f.conf:2: [divert] forward-devices: not the name of a device: 'a b'" },
    { "[divert]\nforward-devices=docker0-of-mine1\n", V,
      "f.conf:2: [divert] forward-devices: not the name of a device: 'docker0-of-mine1'" },
    { "[divert]\nforward-devices=a\\x00b\n", V,
      "f.conf:2: [divert] forward-devices: not the name of a device: 'a\\\\x00b'" },
    { "[divert]\nserve=51820;0\n", V, "f.conf:2: [divert] serve: not a port, nor a range of ports: '0'" },
    { "[divert]\ndns-except=dns.example\n", V, "f.conf:2: [divert] dns-except: not an IP address: 'dns.example'" },
    { "[divert]\nserve=2-1\n", V, "f.conf:2: [divert] serve: not a port, nor a range of ports: '2-1'" },
    { "[divert]\nmark=0\n", V,
      "f.conf:2: [divert] mark: not a number from 1 to 4294967295 (or 0x1 to 0xffffffff): '0'" },
    { "[divert]\nmark=0x\n", V,
      "f.conf:2: [divert] mark: not a number from 1 to 4294967295 (or 0x1 to 0xffffffff): '0x'" },
    { "[divert]\nmark=0x-1\n", V,
      "f.conf:2: [divert] mark: not a number from 1 to 4294967295 (or 0x1 to 0xffffffff): '0x-1'" },
    { "[divert]\nmark=017\n", V,
      "f.conf:2: [divert] mark: not a number from 1 to 4294967295 (or 0x1 to 0xffffffff): '017'" },
    { "[divert]\nmark=23/0xff\n", V,
      "f.conf:2: [divert] mark: not a number from 1 to 4294967295 (or 0x1 to 0xffffffff): '23/0xff'" },
    { "[divert]\nmask=0x100000000\n", V,
      "f.conf:2: [divert] mask: not a number from 1 to 4294967295 (or 0x1 to 0xffffffff): '0x100000000'" },
    { "[divert]\nmask=0\n", V,
      "f.conf:2: [divert] mask: not a number from 1 to 4294967295 (or 0x1 to 0xffffffff): '0'" },
    { "[divert]\n\nmark=0x117\n", V, "f.conf:3: [divert] mark: has bits outside of mask 0xff: '0x117'" },
    { "[divert]\nmark=23\nmask=0xf0\n", V, "f.conf:3: [divert] mark: has bits outside of mask 0xf0: '0x17'" },
    { "[divert]\ntable=0\n", V,
      "f.conf:2: [divert] table: not a number from 1 to 4294967295 (or 0x1 to 0xffffffff): '0'" },
    { "[divert]\ntable=253\n", V, "f.conf:2: [divert] table: one of the kernel's own routing tables: '253'" },
    { "[divert]\ntable=0xfe\n", V, "f.conf:2: [divert] table: one of the kernel's own routing tables: '0xfe'" },
    { "[divert]\ntable=255\n", V, "f.conf:2: [divert] table: one of the kernel's own routing tables: '255'" },
  };

  run (cases, G_N_ELEMENTS (cases));
}

static void
test_units (void)
{
#define NOT_A_UNIT "not the name of a service, a scope or a slice: "
  static const Case cases[] = {
    { "[proxy]\nunit=\n", DIVERT_CONFIG_ERROR_MISSING, "f.conf:2: [proxy] unit: must not be empty: ''" },
    { "[proxy]\nunit=mihomo\n", V, "f.conf:2: [proxy] unit: " NOT_A_UNIT "'mihomo'" },
    { "[proxy]\nunit=mihomo.socket\n", V, "f.conf:2: [proxy] unit: " NOT_A_UNIT "'mihomo.socket'" },
    { "[proxy]\nunit=../a.service\n", V, "f.conf:2: [proxy] unit: " NOT_A_UNIT "'../a.service'" },
    { "[proxy]\nunit=a\"b.service\n", V, "f.conf:2: [proxy] unit: " NOT_A_UNIT "'a\\\"b.service'" },
    { "[proxy]\nunit=a b.service\n", V, "f.conf:2: [proxy] unit: " NOT_A_UNIT "'a b.service'" },
    { "[proxy]\nunit=v2ray@.service\n", V, "f.conf:2: [proxy] unit: " NOT_A_UNIT "'v2ray@.service'" },
    { "[proxy]\nunit=-.slice\n", V, "f.conf:2: [proxy] unit: " NOT_A_UNIT "'-.slice'" },
    { "[proxy]\nunit=system.slice\n", V,
      "f.conf:2: [proxy] unit: has many other programs in it, too: 'system.slice'" },
    { "[divert]\nexempt-units=a.slice;b\n", V, "f.conf:2: [divert] exempt-units: " NOT_A_UNIT "'b'" },
    { "[divert]\nexempt-units=a.slice;;b.slice\n", V,
      "f.conf:2: [divert] exempt-units: empty item in the list: 'a.slice;;b.slice'" },
    { "[divert]\nexempt-units=0.slice;1.slice;2.slice;3.slice;4.slice;5.slice;6.slice;7.slice;8.slice;9.slice;"
      "10.slice;11.slice;12.slice;13.slice;14.slice;15.slice;16.slice\n", DIVERT_CONFIG_ERROR_LIMIT,
      "f.conf:2: [divert] exempt-units: more than 16 items: '17'" },
    { "[proxy]\nunit=a.service\n[divert]\nmark=8\nmask=8\n", V,
      "f.conf:2: [proxy] unit: needs a mask of two bits at least: '0x8'" },
    { "[divert]\nmark=8\nmask=8\nexempt-units=a.slice\n", V,
      "f.conf:4: [divert] exempt-units: needs a mask of two bits at least: '0x8'" },
  };

  run (cases, G_N_ELEMENTS (cases));
}

static void
test_words (void)
{
  static const Case cases[] = {
    { "[proxy]\ngroup=\n", M, "f.conf:2: [proxy] group: must not be empty: ''" },
    { "[proxy]\ngroup=cl\\ash\n", V,
      "f.conf:2: [proxy] group: unknown escape (a backslash is written \\\\): 'cl\\\\ash'" },
    { "[proxy]\ngroup=clash\\\n", V,
      "f.conf:2: [proxy] group: unknown escape (a backslash is written \\\\): 'clash\\\\'" },
    { "[divert]\nipv6=yes\n", V, "f.conf:2: [divert] ipv6: neither 'true' nor 'false': 'yes'" },
    { "[divert]\nipv6=1\n", V, "f.conf:2: [divert] ipv6: neither 'true' nor 'false': '1'" },
    { "[divert]\nintranet-other=drop\n", V, "f.conf:2: [divert] intranet-other: neither 'allow' nor 'block': 'drop'" },
    { "[divert]\nbackend=ebtables\n", V, "f.conf:2: [divert] backend: unknown backend: 'ebtables'" },
    { "[divert]\nbackend=\n", V, "f.conf:2: [divert] backend: unknown backend: ''" },
    { SITE "connection-uuid=Home\n", V, "f.conf:3: [site home] connection-uuid: not a UUID: 'Home'" },
    { SITE "connection-uuid={6b0c0d7c-0000-4000-8000-000000000001}\n", V,
      "f.conf:3: [site home] connection-uuid: not a UUID: '{6b0c0d7c-0000-4000-8000-000000000001}'" },
    { SITE "zone=a;;b\n", V, "f.conf:3: [site home] zone: empty item in the list: 'a;;b'" },
    { SITE "zone=;\n", V, "f.conf:3: [site home] zone: empty item in the list: ';'" },
    { SITE "zone=a\\;b\\q;c\n", V,
      "f.conf:3: [site home] zone: unknown escape (a backslash is written \\\\): 'a\\\\;b\\\\q'" },
    { SITE "gateway-mac=02:00:00:00:00:01;1\n", V,
      "f.conf:3: [site home] gateway-mac: not the MAC address of one device: '1'" },
    { SITE "bssid=ff:ff:ff:ff:ff:ff\n", V,
      "f.conf:3: [site home] bssid: not the MAC address of one device: 'ff:ff:ff:ff:ff:ff'" },
    { SITE "security=sae;wep\n", V, "f.conf:3: [site home] security: not wpa-psk, sae or 802.1x: 'wep'" },
    { SITE "security=open\n", V, "f.conf:3: [site home] security: not wpa-psk, sae or 802.1x: 'open'" },
    { SITE "ssid=a\\x4\n", V, "f.conf:3: [site home] ssid: unknown escape (a backslash is written \\\\): 'a\\\\x4'" },
    { SITE "ssid=\\xg0\n", V, "f.conf:3: [site home] ssid: unknown escape (a backslash is written \\\\): '\\\\xg0'" },
    { SITE "ssid=a\\x;41\n", V, "f.conf:3: [site home] ssid: unknown escape (a backslash is written \\\\): 'a\\\\x'" },
    { SITE "zone=\\x41\n", V, "f.conf:3: [site home] zone: unknown escape (a backslash is written \\\\): '\\\\x41'" },
    { SITE "ssid=123456789012345678901234567890123\n", L,
      "f.conf:3: [site home] ssid: an SSID has 32 bytes at most: '123456789012345678901234567890123'" },
    { "[site auto]\n", V, "f.conf:1: [site auto]: not a valid name for a site: 'auto'" },
    { "[site away]\n", V, "f.conf:1: [site away]: not a valid name for a site: 'away'" },
    { "[site off]\n", V, "f.conf:1: [site off]: not a valid name for a site: 'off'" },
    { "[site ]\n", V, "f.conf:1: [site ]: not a valid name for a site: ''" },
    { "[site my home]\n", V, "f.conf:1: [site my home]: not a valid name for a site: 'my home'" },
    { "[site ../x]\n", V, "f.conf:1: [site ../x]: not a valid name for a site: '../x'" },
    { "[site -x]\n", V, "f.conf:1: [site -x]: not a valid name for a site: '-x'" },
    { "[site 家]\n", V, "f.conf:1: [site 家]: not a valid name for a site: '家'" },
    { "[site a23456789012345678901234567890123]\n", V,
      "f.conf:1: [site a23456789012345678901234567890123]: not a valid name for a site: "
      "'a23456789012345678901234567890123'" },
  };

  run (cases, G_N_ELEMENTS (cases));
}

static void
test_prefixes (void)
{
  static const Case cases[] = {
    { "[divert]\nbypass=10.0.0.0/8;10.0.0/8\n", V, "f.conf:2: [divert] bypass: not an IP address: '10.0.0/8'" },
    { "[divert]\nbypass=10.0.0.0/33\n", V, "f.conf:2: [divert] bypass: not a prefix length: '10.0.0.0/33'" },
    { "[divert]\nbypass=10.0.0.1/8\n", V,
      "f.conf:2: [divert] bypass: host bits are set, 10.0.0.0/8 may be meant: '10.0.0.1/8'" },
    { "[divert]\nbypass=auto6\n", V, "f.conf:2: [divert] bypass: not an IP address: 'auto6'" },
    { "[divert]\nbypass=10.0.0.0/8,172.16.0.0/12\n", V,
      "f.conf:2: [divert] bypass: not a prefix length: '10.0.0.0/8,172.16.0.0/12'" },
    { "[proxy]\n\n[site home]\n[divert]\n", M, "f.conf:3: [site home] intranet: must not be empty: ''" },
    { "[site home]\nzone=home\n", M, "f.conf:1: [site home] intranet: must not be empty: ''" },
    { "[site home]\nintranet=\n", M, "f.conf:2: [site home] intranet: must not be empty: ''" },
    { "[site home]\nintranet=;\n", V, "f.conf:2: [site home] intranet: empty item in the list: ';'" },
    { "[site home]\nintranet=192.168.22.1/24\n", V,
      "f.conf:2: [site home] intranet: host bits are set, 192.168.22.0/24 may be meant: '192.168.22.1/24'" },
    { "[site home]\nintranet=0.0.0.0/0\n", V,
      "f.conf:2: [site home] intranet: covers all addresses: '0.0.0.0/0'" },
    { "[site home]\nintranet=::/0\n", V, "f.conf:2: [site home] intranet: covers all addresses: '::/0'" },
    { "[site home]\nintranet=127.0.0.53\n", V,
      "f.conf:2: [site home] intranet: overlaps the loopback addresses: '127.0.0.53'" },
    { "[site home]\nintranet=0.0.0.0/1\n", V,
      "f.conf:2: [site home] intranet: overlaps the loopback addresses: '0.0.0.0/1'" },
    { "[site home]\nintranet=::1\n", V, "f.conf:2: [site home] intranet: overlaps the loopback addresses: '::1'" },
    { "[site home]\nintranet=169.254.1.0/24\n", V,
      "f.conf:2: [site home] intranet: overlaps the link-local addresses: '169.254.1.0/24'" },
    { "[site home]\nintranet=fe80::/64\n", V,
      "f.conf:2: [site home] intranet: overlaps the link-local addresses: 'fe80::/64'" },
    { "[site home]\nintranet=239.0.0.0/8\n", V,
      "f.conf:2: [site home] intranet: overlaps the multicast addresses: '239.0.0.0/8'" },
    { "[site home]\nintranet=ff02::/16\n", V,
      "f.conf:2: [site home] intranet: overlaps the multicast addresses: 'ff02::/16'" },
    { SITE "subnet=0.0.0.0/0\n", V, "f.conf:3: [site home] subnet: covers all addresses: '0.0.0.0/0'" },
    { SITE "subnet=auto6\n", V, "f.conf:3: [site home] subnet: not an IP address: 'auto6'" },
  };

  run (cases, G_N_ELEMENTS (cases));
}

static void
test_beacon (void)
{
  static const char outside[] = SITE "\nbeacon=tls://192.168.23.1:443 sha256:" HASH "\n";
  static const char *const values[] = {
    "", "tls://192.168.22.1:443", "sha256:" HASH, "https://192.168.22.1:443 sha256:" HASH,
    "tls://192.168.22.1 sha256:" HASH,
    "tls://192.168.22.1:0 sha256:" HASH, "tls://192.168.22.1:65536 sha256:" HASH, "tls://nas:443 sha256:" HASH,
    "tls://[192.168.22.1]:443 sha256:" HASH, "tls://fd00::1:443 sha256:" HASH, "tls://[fd00::1:443 sha256:" HASH,
    "tls://[:443 sha256:" HASH, "tls://:443 sha256:" HASH, "tls://[]:443 sha256:" HASH,
    "tls://192.168.22.1:443 sha256:" HASH "00", "tls://192.168.22.1:443 sha256:00", "tls://192.168.22.1:443 sha1:" HASH,
    "tls://192.168.22.1:443  sha256:" HASH, "tls://192.168.22.1:443 sha256:" HASH " x",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autofree char *text = g_strconcat (SITE "beacon=", values[i], NULL);
      g_autofree char *message = g_strdup_printf ("f.conf:3: [site home] beacon: "
                                                  "not of the form tls://ADDRESS:PORT sha256:HEX: '%s'",
                                                  values[i]);

      assert_refused (text, strlen (text), V, message);
    }
  assert_refused (outside, strlen (outside), V,
                  "f.conf:4: [site home] beacon: not in the site's intranet: '192.168.23.1'");
}

static void
test_router (void)
{
#define MACS "02:00:00:00:00:fe"
  static const char *const values[] = {
    "192.168.22.254", "192.168.22.254 " MACS, "192.168.22.254 192.168.22.0/25", MACS " 192.168.22.0/25",
    "192.168.22.254 192.168.22.0/25 " MACS, "192.168.22.254 " MACS " 192.168.22.0/25 " MACS,
    "192.168.22.254/24 " MACS " 192.168.22.0/25", "192.168.22.254 " MACS " fd00:22::/64",
    "fd00:22::fe " MACS " 192.168.22.0/25", "192.168.22.254 01:00:00:00:00:fe 192.168.22.0/25",
    "192.168.22.254 " MACS " 192.168.22.1/25", "router " MACS " 192.168.22.0/25",
  };
  static const Case cases[] = {
    { SITE "router=\n", DIVERT_CONFIG_ERROR_MISSING, "f.conf:3: [site home] router: must not be empty: ''" },
    { SITE "router=192.168.22.254 " MACS " 192.168.22.0/25;192.168.22.253 " MACS " 192.168.22.0/26\n", V,
      "f.conf:3: [site home] router: behind another router as well: '192.168.22.0/26'" },
    { SITE "router=192.168.22.254 " MACS " 192.168.23.0/24\n", V,
      "f.conf:3: [site home] router: not in the site's intranet: '192.168.23.0/24'" },
    { SITE "router=192.168.22.254 " MACS " 192.168.22.0/24\n", V,
      "f.conf:3: [site home] router: the router itself is in it: '192.168.22.0/24'" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autofree char *text = g_strconcat (SITE "router=", values[i], NULL);
      g_autofree char *message = g_strdup_printf ("f.conf:3: [site home] router: not of the form "
                                                  "ADDRESS MAC PREFIX, all of one IP family: '%s'", values[i]);

      assert_refused (text, strlen (text), V, message);
    }
  run (cases, G_N_ELEMENTS (cases));
#undef MACS
}

static void
add_router (GString *text,
            guint    n_macs,
            guint    n_behind)
{
  g_string_append (text, "192.168.22.254");
  while (n_macs-- > 0)
    g_string_append (text, " 02:00:00:00:00:fe");
  while (n_behind-- > 0)
    g_string_append (text, " 192.168.22.0/25");
  g_string_append_c (text, ';');
}

static void
test_limits (void)
{
  g_autoptr(GString) prefixes = g_string_new ("[divert]\nbypass=");
  g_autoptr(GString) zones = g_string_new (SITE "zone=");
  g_autoptr(GString) sites = g_string_new (NULL);
  g_autoptr(GString) behind = g_string_new (SITE "router=");
  g_autoptr(GString) macs = g_string_new (SITE "router=");
  g_autofree char *file = g_strnfill (DIVERT_CONFIG_MAX_FILE_BYTES + 1, '\n');
  g_autofree char *line = g_strnfill (1000, 'x');
  g_autofree char *shown = g_strnfill (128, 'x');
  g_autofree char *message = g_strconcat ("f.conf:1: neither [group], key=value nor #comment: '", shown, "…'", NULL);

  for (guint i = 0; i <= DIVERT_CONFIG_MAX_PREFIXES; i++)
    g_string_append (prefixes, "10.0.0.0/8;");
  for (guint i = 0; i <= DIVERT_CONFIG_MAX_ITEMS; i++)
    g_string_append (zones, "z;");
  for (guint i = 0; i <= DIVERT_CONFIG_MAX_SITES; i++)
    g_string_append_printf (sites, "[site s%u]\nintranet=10.0.0.0/8\n", i);
  add_router (behind, 1, DIVERT_CONFIG_MAX_PREFIXES);
  add_router (behind, 1, 1);
  add_router (macs, DIVERT_CONFIG_MAX_ITEMS + 1, 1);
  assert_refused (behind->str, behind->len, L, "f.conf:3: [site home] router: more than 4096 items: '4097'");
  assert_refused (macs->str, macs->len, L, "f.conf:3: [site home] router: more than 256 items: '257'");
  assert_refused (prefixes->str, prefixes->len, L, "f.conf:2: [divert] bypass: more than 4096 items: '4097'");
  assert_refused (zones->str, zones->len, L, "f.conf:3: [site home] zone: more than 256 items: '257'");
  assert_refused (sites->str, sites->len, L, "f.conf:129: [site s64]: more than 64 sites: 's64'");
  assert_refused (file, DIVERT_CONFIG_MAX_FILE_BYTES + 1, L, "f.conf: larger than 1048576 bytes: '1048577'");
  assert_refused (line, strlen (line), S, message);
}

/* A proof that a generator left empty is different from a proof that nobody asked for. */
static void
test_empty (void)
{
  static const char *const keys[] = { "connection-uuid", "subnet", "gateway-mac", "ssid", "bssid", "security" };

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autofree char *text = g_strconcat (SITE, keys[i], "= \n", NULL);
      g_autofree char *message = g_strdup_printf ("f.conf:3: [site home] %s: must not be empty: ''", keys[i]);

      assert_refused (text, strlen (text), M, message);
    }
}

/* Errors that only the second file causes, in a file with an unpleasant name. */
static void
test_files (void)
{
  static const struct
  {
    const char *first, *second, *message;
  } cases[] = {
    { SITE, "\n" SITE, "b\\n.conf:2: [site home]: site given twice, first in a\\x1b.conf: 'home'" },
    { "[divert]\nmark=0x100\nmask=0x100\n", "[divert]\n\nmask=0xff\n",
      "b\\n.conf:3: [divert] mark: has bits outside of mask 0xff: '0x100'" },
    { "[divert]\nmark=0x100\n", "[proxy]\n", "a\\x1b.conf:2: [divert] mark: has bits outside of mask 0xff: '0x100'" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(DivertConfig) config = divert_config_new ();
      g_autoptr(GError) error = NULL;

      g_assert_true (divert_config_add (config, "a\x1b.conf", cases[i].first, strlen (cases[i].first), NULL));
      if (divert_config_add (config, "b\n.conf", cases[i].second, strlen (cases[i].second), &error))
        divert_config_finish (config, &error);
      g_assert_nonnull (error);
      g_assert_cmpstr (error->message, ==, cases[i].message);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config-errors/syntax", test_syntax);
  g_test_add_func ("/config-errors/unknown", test_unknown);
  g_test_add_func ("/config-errors/duplicate", test_duplicate);
  g_test_add_func ("/config-errors/numbers", test_numbers);
  g_test_add_func ("/config-errors/units", test_units);
  g_test_add_func ("/config-errors/words", test_words);
  g_test_add_func ("/config-errors/prefixes", test_prefixes);
  g_test_add_func ("/config-errors/beacon", test_beacon);
  g_test_add_func ("/config-errors/router", test_router);
  g_test_add_func ("/config-errors/empty", test_empty);
  g_test_add_func ("/config-errors/limits", test_limits);
  g_test_add_func ("/config-errors/files", test_files);
  return g_test_run ();
}
