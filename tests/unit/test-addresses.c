/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which new addresses belong to another network. */
#include "core/facts/addresses.h"

static const struct
{
  const char  *name;
  const char  *before;
  const char  *now;
  DivertFamily family;
  gboolean     expected;
} cases[] = {
  { "nothing", "", "", DIVERT_FAMILY_IPV4, FALSE },
  { "the first", "", "192.168.22.33/24", DIVERT_FAMILY_IPV4, FALSE },
  { "the first but for link-local", "fe80::1/64", "fe80::1/64;fd00:22::33/64", DIVERT_FAMILY_IPV6, FALSE },
  { "the first of its family", "192.168.22.33/24", "192.168.22.33/24;fd00:22::33/64", DIVERT_FAMILY_IPV6, FALSE },
  { "the same", "192.168.22.33/24", "192.168.22.33/24", DIVERT_FAMILY_IPV4, FALSE },
  { "the same, another length", "192.168.22.33/24", "192.168.22.33/16", DIVERT_FAMILY_IPV4, FALSE },
  { "one goes", "192.168.22.33/24;10.1.2.3/8", "192.168.22.33/24", DIVERT_FAMILY_IPV4, FALSE },
  { "all go", "192.168.22.33/24", "", DIVERT_FAMILY_IPV4, FALSE },
  { "another of the same prefix", "192.168.22.33/24", "192.168.22.34/24", DIVERT_FAMILY_IPV4, TRUE },
  { "one more", "192.168.22.33/24", "192.168.22.33/24;192.168.22.34/24", DIVERT_FAMILY_IPV4, TRUE },
  { "one more, but not of the family", "192.168.22.33/24;fd00:22::33/64", "192.168.22.34/24;fd00:22::33/64",
    DIVERT_FAMILY_IPV6, FALSE },
  { "IPv4 link-local", "192.168.22.33/24", "192.168.22.33/24;169.254.1.2/16", DIVERT_FAMILY_IPV4, FALSE },
  { "a temporary address", "fd00:22::33/64", "fd00:22::33/64;fd00:22::1234/64", DIVERT_FAMILY_IPV6, FALSE },
  { "by DHCPv6, of the same prefix", "fd00:22::33/64", "fd00:22::33/64;fd00:22::99/128", DIVERT_FAMILY_IPV6, FALSE },
  { "another IPv6 prefix", "fd00:22::33/64", "fd00:22::33/64;2001:db8:22::33/64", DIVERT_FAMILY_IPV6, TRUE },
};

static GArray *
make_addresses (const char *text)
{
  GArray *addresses = divert_prefixes_new ();
  g_auto(GStrv) items = g_strsplit (text, ";", -1);

  for (char **item = items; *item != NULL; item++)
    {
      g_autoptr(GError) error = NULL;
      DivertPrefix address;

      divert_prefix_parse_interface (*item, &address, &error);
      g_assert_no_error (error);
      divert_prefixes_add (addresses, &address);
    }
  return addresses;
}

static void
test_case (gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE (data);
  g_autoptr(GArray) before = make_addresses (cases[i].before);
  g_autoptr(GArray) now = make_addresses (cases[i].now);

  g_assert_cmpint (divert_addresses_tell_of_another_network (before, now, cases[i].family), ==, cases[i].expected);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/addresses/", cases[i].name, NULL);

      g_test_add_data_func (path, GSIZE_TO_POINTER (i), test_case);
    }
  return g_test_run ();
}
