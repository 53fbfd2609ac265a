/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration: defaults, every key, several files, its own text. */
#include "core/config/config.h"

#include <string.h>

#define UUID "6b0c0d7c-0000-4000-8000-000000000001"
#define HASH "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void
add (DivertConfig *config,
     const char   *name,
     const char   *text)
{
  g_autoptr(GError) error = NULL;

  divert_config_add (config, name, text, strlen (text), &error);
  g_assert_no_error (error);
}

static DivertConfig *
parse (const char *text)
{
  DivertConfig *config = divert_config_new ();
  g_autoptr(GError) error = NULL;

  add (config, "f.conf", text);
  divert_config_finish (config, &error);
  g_assert_no_error (error);
  return config;
}

static void
test_defaults (void)
{
  g_autoptr(DivertConfig) config = parse ("");
  g_autofree char *text = divert_config_to_text (config);

  g_assert_null (config->group);
  g_assert_cmpuint (config->sites->len, ==, 0);
  g_assert_false (config->intranet_other_allow);
  g_assert_cmpstr (text, ==,
                   "[proxy]\n"
                   "tproxy-port=22223\n"
                   "dns-port=1053\n"
                   "\n"
                   "[divert]\n"
                   "mark=23\n"
                   "mask=0xff\n"
                   "table=2233\n"
                   "bypass=10.0.0.0/8;100.64.0.0/10;169.254.0.0/16;172.16.0.0/12;192.168.0.0/16;fc00::/7;fe80::/10\n"
                   "ipv6=true\n"
                   "backend=auto\n"
                   "intranet-other=block\n"
                   "forward=intranet\n");
}

static const char every_key[] =
  "[proxy]\n"
  "group=clash\n"
  "unit=a\\\\x2db@1.service\n"
  "tproxy-port=7893\n"
  "dns-port=0\n"
  "\n"
  "[divert]\n"
  "mark=256\n"
  "mask=0xf00\n"
  "table=4294967295\n"
  "bypass=10.0.0.0/8;fc00::/7\n"
  "serve=51820;6881-6889\n"
  "dns-except=100.100.100.100;fd7a:115c:a1e0::53\n"
  "exempt-units=direct.slice;updates.service;\n"
  "ipv6=false\n"
  "backend=iptables\n"
  "intranet-other=allow\n"
  "forward=all\n"
  "forward-devices=virbr0;it's\"$x;\\xff\\xfe;\n"
  "\n"
  "[site home]\n"
  "intranet=192.168.22.0/24;fd00:22::/64;auto6\n"
  "connection-uuid=" UUID ";\n"
  "zone=home;trusted;\n"
  "subnet=192.168.22.0/25\n"
  "gateway-mac=02:00:00:00:00:01;02:00:00:00:00:02\n"
  "router=192.168.22.2 02:00:00:00:00:fe 02:00:00:00:00:fd 192.168.22.64/26 192.168.22.128/26;"
  "fe80::fe 02:00:00:00:00:fe fd00:22::1000/116\n"
  "ssid=Home;\\sa\\;b\\\\\\s;caf\\xe9\\x00\\x0a;\n"
  "bssid=02:00:00:00:00:0b\n"
  "security=wpa-psk;sae;802.1x\n"
  "beacon=tls://[fd00:22::1]:443 sha256:" HASH "\n"
  "tproxy-port=7894\n"
  "\n"
  "[site office]\n"
  "intranet=auto6\n";

static void
assert_bytes (GBytes     *bytes,
              const char *expected,
              gsize       length)
{
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);

  g_assert_cmpmem (data, size, expected, length);
}

static void
test_every_key (void)
{
  g_autoptr(DivertConfig) config = parse (every_key);
  const DivertSite *home = divert_config_find_site (config, "home");
  g_autofree char *text = divert_config_to_text (config);
  g_autofree char *subnets = divert_prefixes_to_string (divert_site_get_subnets (home));

  g_assert_cmpstr (text, ==, every_key);
  g_assert_cmpuint (config->mark, ==, 256);
  g_assert_true (home->intranet_auto6);
  g_assert_cmpuint (home->intranet->len, ==, 2);
  g_assert_cmpstr (home->uuids[0], ==, UUID);
  g_assert_cmpuint (home->ssids->len, ==, 3);
  assert_bytes (g_ptr_array_index (home->ssids, 1), " a;b\\ ", 6);
  assert_bytes (g_ptr_array_index (home->ssids, 2), "caf\xe9\0\n", 6);
  g_assert_cmpuint (home->gateway_macs->len, ==, 2);
  g_assert_cmpuint (home->security, ==, DIVERT_SECURITY_WPA_PSK | DIVERT_SECURITY_SAE | DIVERT_SECURITY_8021X);
  g_assert_cmpuint (home->beacon.port, ==, 443);
  g_assert_cmpuint (home->beacon.sha256[31], ==, 0x1f);
  g_assert_cmpstr (home->file, ==, "f.conf");
  g_assert_cmpstr (subnets, ==, "192.168.22.0/25");
  g_assert_cmpuint (divert_site_get_subnets (divert_config_find_site (config, "office"))->len, ==, 0);
  g_assert_null (divert_config_find_site (config, "hom"));
}

/* Spellings that people use. */
static void
test_spelling (void)
{
  g_autoptr(DivertConfig) a = parse ("\n"
                                     "  # a comment\r\n"
                                     " [divert] \r\n"
                                     "mark = 0X1F \r\n"
                                     "\tbypass\t=\t10.0.0.0/8 ;\t172.16.0.0/12 ; \r\n"
                                     "[site home]\n"
                                     "intranet=192.168.22.0/24;\n"
                                     "connection-uuid=6B0C0D7C-0000-4000-8000-000000000001\n"
                                     "gateway-mac=02-00-00-00-00-0A\n"
                                     "zone=");
  g_autoptr(DivertConfig) b = parse ("[site home]\nintranet=192.168.22.0/24\nconnection-uuid=" UUID ";\n"
                                     "gateway-mac=02:00:00:00:00:0a\n[divert]\nmark=31\n"
                                     "bypass=10.0.0.0/8;172.16.0.0/12");
  g_autoptr(DivertConfig) nothing_bypassed = parse ("[divert]\nbypass=\n");
  g_autoptr(DivertConfig) all_bypassed = parse ("[divert]\nbypass=0.0.0.0/0;::/0\n");

  g_assert_true (divert_config_equal (a, b));
  g_assert_cmpuint (nothing_bypassed->bypass->len, ==, 0);
  g_assert_cmpuint (all_bypassed->bypass->len, ==, 2);
}

static void
test_files (void)
{
  g_autoptr(DivertConfig) config = divert_config_new ();
  g_autoptr(GError) error = NULL;

  add (config, "main", "[proxy]\ngroup=clash\ntproxy-port=1\n[divert]\nmark=0x100\n");
  add (config, "conf.d/a", "[proxy]\ntproxy-port=2\n[site home]\nintranet=10.1.0.0/16\n");
  add (config, "conf.d/b", "[divert]\nmask=0x300\n[site office]\nintranet=10.2.0.0/16\n[proxy]\n");
  divert_config_finish (config, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (config->group, ==, "clash");
  g_assert_cmpuint (config->tproxy_port, ==, 2);
  g_assert_cmpuint (config->mark, ==, 0x100);
  g_assert_cmpuint (config->sites->len, ==, 2);
  g_assert_cmpstr (divert_config_find_site (config, "office")->file, ==, "conf.d/b");
}

/* Each configuration differs from all others. */
static void
test_equal (void)
{
  static const char *const texts[] = {
    "",
    "[proxy]\ngroup=clash\n",
    "[proxy]\nunit=a.service\n",
    "[proxy]\nunit=a\\\\x2db@1.service\n",
    "[proxy]\ngroup=clash\nunit=a.service\n",
    "[proxy]\ntproxy-port=1\n",
    "[proxy]\ndns-port=1\n",
    "[divert]\nmark=1\n",
    "[divert]\nmask=0xfff\n",
    "[divert]\ntable=1\n",
    "[divert]\nbypass=\n",
    "[divert]\nserve=1\n",
    "[divert]\ndns-except=10.0.0.53\n",
    "[divert]\nexempt-units=a.slice\n",
    "[divert]\nexempt-units=a.slice;b.service\n",
    "[divert]\nipv6=false\n",
    "[divert]\nbackend=iptables\n",
    "[divert]\nbackend=nftables\n",
    "[divert]\nintranet-other=allow\n",
    "[divert]\nforward=all\n",
    "[divert]\nforward=none\n",
    "[divert]\nforward-devices=docker0\n",
    "[divert]\nforward-devices=docker0;virbr0\n",
    "[divert]\nforward-devices=docker0;virbr\\xff\n",
    "[site a]\nintranet=10.0.0.0/8\n",
    "[site b]\nintranet=10.0.0.0/8\n",
    "[site a]\nintranet=10.0.0.0/9\n",
    "[site a]\nintranet=10.0.0.0/8;auto6\n",
    "[site a]\nintranet=10.0.0.0/8\nconnection-uuid=" UUID "\n",
    "[site a]\nintranet=10.0.0.0/8\nzone=a\n",
    "[site a]\nintranet=10.0.0.0/8\nzone=a;b\n",
    "[site a]\nintranet=10.0.0.0/8\nsubnet=10.0.0.0/9\n",
    "[site a]\nintranet=10.0.0.0/8\ngateway-mac=02:00:00:00:00:01\n",
    "[site a]\nintranet=10.0.0.0/8\nssid=a\n",
    "[site a]\nintranet=10.0.0.0/8\nssid=a\\x00\n",
    "[site a]\nintranet=10.0.0.0/8\nssid=a;b\n",
    "[site a]\nintranet=10.0.0.0/8\nbssid=02:00:00:00:00:01\n",
    "[site a]\nintranet=10.0.0.0/8\nsecurity=sae\n",
    "[site a]\nintranet=10.0.0.0/8\ntproxy-port=1\n",
    "[site a]\nintranet=10.0.0.0/8\nbeacon=tls://10.0.0.1:1 sha256:" HASH "\n",
    "[site a]\nintranet=10.0.0.0/8\nbeacon=tls://10.0.0.2:1 sha256:" HASH "\n",
    "[site a]\nintranet=10.0.0.0/8\nbeacon=tls://10.0.0.1:2 sha256:" HASH "\n",
    "[site a]\nintranet=10.0.0.0/8\n[site b]\nintranet=10.0.0.0/8\n",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr(DivertConfig) a = parse (texts[i]);
      g_autofree char *text = divert_config_to_text (a);
      g_autoptr(DivertConfig) again = parse (text);

      g_assert_true (divert_config_equal (a, again));
      for (gsize j = 0; j < G_N_ELEMENTS (texts); j++)
        {
          g_autoptr(DivertConfig) b = parse (texts[j]);

          g_assert_cmpint (divert_config_equal (a, b), ==, i == j);
        }
    }
}

/* Every byte, alone and after others. The written form is printable, reads back, and means the same. */
static void
test_ssid_bytes (void)
{
  static const char *const shown[][2] = {
    { "\\x48\\x6f\\x6d\\x65", "Home" },
    { "\\xC3\\xa9t\\xe9", "ét\\xe9" },
    { "a b", "a b" },
    { "\\x20a\\x20", "\\sa\\s" },
    { "Bob's \"AP\"", "Bob's \"AP\"" },
    { "\\x5c\\x3b", "\\\\\\;" },
    { "\\xe2\\x80\\xae\\n", "\\xe2\\x80\\xae\\x0a" },
    { "家", "家" },
  };

  for (guint byte = 0; byte < 256; byte++)
    {
      g_autofree char *text = g_strdup_printf ("[site a]\nintranet=10.0.0.0/8\nssid=\\x%02x;x\\x%02Xy\n", byte, byte);
      g_autoptr(DivertConfig) config = parse (text);
      g_autofree char *written = divert_config_to_text (config);
      g_autoptr(DivertConfig) again = parse (written);
      const GPtrArray *ssids = divert_config_find_site (config, "a")->ssids;
      const char expected[] = { 'x', byte, 'y' };

      g_assert_cmpuint (ssids->len, ==, 2);
      assert_bytes (g_ptr_array_index (ssids, 0), expected + 1, 1);
      assert_bytes (g_ptr_array_index (ssids, 1), expected, 3);
      g_assert_true (divert_config_equal (config, again));
    }
  for (gsize i = 0; i < G_N_ELEMENTS (shown); i++)
    {
      g_autofree char *text = g_strdup_printf ("[site a]\nintranet=10.0.0.0/8\nssid=%s\n", shown[i][0]);
      g_autoptr(DivertConfig) config = parse (text);
      GPtrArray *ssids = divert_config_find_site (config, "a")->ssids;
      g_autofree char *ssid = divert_ssid_to_string (g_ptr_array_index (ssids, 0));

      g_assert_cmpstr (ssid, ==, shown[i][1]);
    }
}

/* The limits themselves are allowed. */
static void
test_limits (void)
{
  g_autoptr(GString) text = g_string_new ("[divert]\nbypass=");
  g_autoptr(DivertConfig) config = NULL;

  for (guint i = 0; i < DIVERT_CONFIG_MAX_PREFIXES; i++)
    g_string_append_printf (text, "10.%u.%u.0/24;", i / 256, i % 256);
  for (guint i = 0; i < DIVERT_CONFIG_MAX_SITES; i++)
    g_string_append_printf (text, "\n[site site%028u]\nintranet=10.0.0.0/8\n", i);
  g_string_append (text, "ssid=12345678901234567890123456789012\nzone=");
  for (guint i = 0; i < DIVERT_CONFIG_MAX_ITEMS; i++)
    g_string_append_printf (text, "z%u;", i);
  g_string_append (text, "\nrouter=192.0.2.1");
  for (guint i = 0; i < DIVERT_CONFIG_MAX_ITEMS; i++)
    g_string_append_printf (text, " 02:00:00:00:00:%02x", i);
  for (guint i = 0; i < DIVERT_CONFIG_MAX_PREFIXES; i++)
    g_string_append_printf (text, " 10.%u.%u.0/24", i / 256, i % 256);
  g_string_append (text, "\n#");
  while (text->len < DIVERT_CONFIG_MAX_FILE_BYTES)
    g_string_append_c (text, '.');

  config = parse (text->str);
  g_assert_cmpuint (config->bypass->len, ==, DIVERT_CONFIG_MAX_PREFIXES);
  g_assert_cmpuint (config->sites->len, ==, DIVERT_CONFIG_MAX_SITES);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config/defaults", test_defaults);
  g_test_add_func ("/config/every-key", test_every_key);
  g_test_add_func ("/config/spelling", test_spelling);
  g_test_add_func ("/config/files", test_files);
  g_test_add_func ("/config/equal", test_equal);
  g_test_add_func ("/config/ssid-bytes", test_ssid_bytes);
  g_test_add_func ("/config/limits", test_limits);
  return g_test_run ();
}
