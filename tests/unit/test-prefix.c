/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prefixes of both families. Every case runs through the same code. */
#include "core/words/prefix.h"

#include <string.h>

static DivertPrefix
prefix (const char *text)
{
  DivertPrefix result;
  g_autoptr(GError) error = NULL;

  divert_prefix_parse_interface (text, &result, &error);
  g_assert_no_error (error);
  return result;
}

static void
test_parse (void)
{
  static const struct
  {
    const char *text, *canonical, *cidr;
  } cases[] = {
    { "192.168.22.0/24", "192.168.22.0/24", "192.168.22.0/24" },
    { "192.168.22.2", "192.168.22.2", "192.168.22.2/32" },
    { "192.168.22.2/32", "192.168.22.2", "192.168.22.2/32" },
    { "0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/0" },
    { "128.0.0.0/1", "128.0.0.0/1", "128.0.0.0/1" },
    { "fd00:22::/64", "fd00:22::/64", "fd00:22::/64" },
    { "FD00:0022:0:0:0:0:0:1", "fd00:22::1", "fd00:22::1/128" },
    { "::/0", "::/0", "::/0" },
    { "64:ff9b::192.0.2.1", "64:ff9b::c000:201", "64:ff9b::c000:201/128" },
    { "2001:db8:ffff:ffff:ffff:ffff:ffff:fffe/127", "2001:db8:ffff:ffff:ffff:ffff:ffff:fffe/127",
      "2001:db8:ffff:ffff:ffff:ffff:ffff:fffe/127" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autofree char *canonical = NULL, *cidr = NULL;
      DivertPrefix p, again;

      divert_prefix_parse (cases[i].text, &p, &error);
      g_assert_no_error (error);
      canonical = divert_prefix_to_string (&p);
      cidr = divert_prefix_to_cidr (&p);
      g_assert_cmpstr (canonical, ==, cases[i].canonical);
      g_assert_cmpstr (cidr, ==, cases[i].cidr);
      g_assert_cmpuint (strlen (cidr), <, DIVERT_PREFIX_STRLEN);
      g_assert_true (divert_prefix_parse (cidr, &again, NULL));
      g_assert_true (divert_prefix_equal (&p, &again));
    }
}

static void
test_refuse (void)
{
  static const struct
  {
    const char *text, *message;
  } cases[] = {
    { "", "not an IP address: ''" },
    { "home", "not an IP address: 'home'" },
    { "192.168.22", "not an IP address: '192.168.22'" },
    { "192.168.22.0.0/24", "not an IP address: '192.168.22.0.0/24'" },
    { "192.168.022.0/24", "not an IP address: '192.168.022.0/24'" },
    { "256.0.0.0/8", "not an IP address: '256.0.0.0/8'" },
    { "0x0a.0.0.0/8", "not an IP address: '0x0a.0.0.0/8'" },
    { " 10.0.0.0/8", "not an IP address: ' 10.0.0.0/8'" },
    { "10.0.0.0 /8", "not an IP address: '10.0.0.0 /8'" },
    { "fe80::1%wlan0", "not an IP address: 'fe80::1%wlan0'" },
    { "::ffff:192.168.22.0/120", "not an IP address: '::ffff:192.168.22.0/120'" },
    { "[fd00::]/64", "not an IP address: '[fd00::]/64'" },
    { "fd00:::/64", "not an IP address: 'fd00:::/64'" },
    { "/24", "not an IP address: '/24'" },
    { "10.0.0.0\n/8", "not an IP address: '10.0.0.0\\n/8'" },
    { "10.0.0.0/", "not a prefix length: '10.0.0.0/'" },
    { "10.0.0.0/8 ", "not a prefix length: '10.0.0.0/8 '" },
    { "10.0.0.0/+8", "not a prefix length: '10.0.0.0/+8'" },
    { "10.0.0.0/-8", "not a prefix length: '10.0.0.0/-8'" },
    { "10.0.0.0/08", "not a prefix length: '10.0.0.0/08'" },
    { "10.0.0.0/8/8", "not a prefix length: '10.0.0.0/8/8'" },
    { "10.0.0.0/33", "not a prefix length: '10.0.0.0/33'" },
    { "10.0.0.0/255.0.0.0", "not a prefix length: '10.0.0.0/255.0.0.0'" },
    { "10.0.0.0/4294967304", "not a prefix length: '10.0.0.0/4294967304'" },
    { "fd00::/129", "not a prefix length: 'fd00::/129'" },
    { "192.168.22.1/24", "host bits are set, 192.168.22.0/24 may be meant: '192.168.22.1/24'" },
    { "192.168.22.128/24", "host bits are set, 192.168.22.0/24 may be meant: '192.168.22.128/24'" },
    { "0.0.0.1/0", "host bits are set, 0.0.0.0/0 may be meant: '0.0.0.1/0'" },
    { "fd00:22::1/64", "host bits are set, fd00:22::/64 may be meant: 'fd00:22::1/64'" },
    { "fd00:22:0:1::/63", "host bits are set, fd00:22::/63 may be meant: 'fd00:22:0:1::/63'" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GError) error = NULL;
      DivertPrefix p = { .length = 7 };

      g_assert_false (divert_prefix_parse (cases[i].text, &p, &error));
      g_assert_cmpuint (p.length, ==, 7);
      g_assert_true (error->domain == DIVERT_PREFIX_ERROR);
      g_assert_cmpstr (error->message, ==, cases[i].message);
    }
}

static void
test_interface (void)
{
  DivertPrefix p = prefix ("192.168.22.33/24"), network = divert_prefix_network (&p), address;
  g_autofree char *text = divert_prefix_to_string (&p);
  g_autofree char *text_network = divert_prefix_to_string (&network);

  g_assert_cmpstr (text, ==, "192.168.22.33/24");
  g_assert_cmpstr (text_network, ==, "192.168.22.0/24");
  g_assert_false (divert_prefix_equal (&p, &network));
  g_assert_false (divert_address_parse ("192.168.22.33/32", &address, NULL));
  g_assert_true (divert_address_parse ("192.168.22.33", &address, NULL));
  g_assert_cmpuint (address.length, ==, 32);
}

static void
test_from_bytes (void)
{
  const guint8 bytes[16] = { 10, 1, 2, 3, 5 };
  DivertPrefix v4 = divert_prefix_from_bytes (DIVERT_FAMILY_IPV4, bytes, 24);
  DivertPrefix too_long = divert_prefix_from_bytes (DIVERT_FAMILY_IPV4, bytes, 255);
  DivertPrefix expected = prefix ("10.1.2.3/24");

  g_assert_true (divert_prefix_equal (&v4, &expected));
  g_assert_cmpuint (too_long.length, ==, 32);
}

static void
test_contains (void)
{
  static const struct
  {
    const char *outer, *inner;
    gboolean    contains, overlaps;
  } cases[] = {
    { "0.0.0.0/0", "255.255.255.255", TRUE, TRUE },
    { "192.168.22.0/24", "192.168.22.255", TRUE, TRUE },
    { "192.168.22.0/24", "192.168.23.0", FALSE, FALSE },
    { "192.168.22.0/23", "192.168.23.0/24", TRUE, TRUE },
    { "192.168.22.0/25", "192.168.22.128/25", FALSE, FALSE },
    { "192.168.22.0/25", "192.168.22.0/24", FALSE, TRUE },
    { "192.168.22.33/24", "192.168.22.77/24", TRUE, TRUE },
    { "10.1.2.3", "10.1.2.3", TRUE, TRUE },
    { "10.1.2.3", "10.1.2.2", FALSE, FALSE },
    { "::/0", "10.1.2.3", FALSE, FALSE },
    { "0.0.0.0/0", "::/0", FALSE, FALSE },
    { "fd00:22::/64", "fd00:22::1", TRUE, TRUE },
    { "fd00:22::/63", "fd00:22:0:1::1", TRUE, TRUE },
    { "fd00:22::/64", "fd00:22:0:1::1", FALSE, FALSE },
    { "fd00::1", "fd00::1", TRUE, TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      DivertPrefix outer = prefix (cases[i].outer), inner = prefix (cases[i].inner);

      g_assert_cmpint (divert_prefix_contains (&outer, &inner), ==, cases[i].contains);
      g_assert_cmpint (divert_prefix_overlaps (&outer, &inner), ==, cases[i].overlaps);
      g_assert_cmpint (divert_prefix_overlaps (&inner, &outer), ==, cases[i].overlaps);
    }
}

static void
test_link_local (void)
{
  static const struct
  {
    const char *text;
    gboolean    link_local;
  } cases[] = {
    { "169.254.3.4/16", TRUE }, { "169.255.0.0", FALSE }, { "169.0.0.0/8", FALSE }, { "fe80::1", TRUE },
    { "febf::1", TRUE }, { "fec0::1", FALSE }, { "fd00::1", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      DivertPrefix p = prefix (cases[i].text);

      g_assert_cmpint (divert_prefix_is_link_local (&p), ==, cases[i].link_local);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/prefix/parse", test_parse);
  g_test_add_func ("/prefix/refuse", test_refuse);
  g_test_add_func ("/prefix/interface", test_interface);
  g_test_add_func ("/prefix/from-bytes", test_from_bytes);
  g_test_add_func ("/prefix/contains", test_contains);
  g_test_add_func ("/prefix/link-local", test_link_local);
  return g_test_run ();
}
