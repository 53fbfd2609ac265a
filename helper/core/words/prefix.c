/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: IP prefixes: text, comparison, lists.
 */
#include "prefix.h"

#include <arpa/inet.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include "escape.h"

G_DEFINE_QUARK (divert-prefix-error-quark, divert_prefix_error)

static const struct
{
  const char *name;
  int         af;
  guint       bytes;
} families[] = {
  [DIVERT_FAMILY_IPV4] = { "IPv4", AF_INET, 4 },
  [DIVERT_FAMILY_IPV6] = { "IPv6", AF_INET6, 16 },
};
G_STATIC_ASSERT (G_N_ELEMENTS (families) == DIVERT_N_FAMILIES);
/* "/128" after the longest address; INET6_ADDRSTRLEN counts the NUL. */
G_STATIC_ASSERT (DIVERT_PREFIX_STRLEN == INET6_ADDRSTRLEN + 4);

guint
divert_family_bytes (DivertFamily family)
{
  return families[family].bytes;
}

guint
divert_family_bits (DivertFamily family)
{
  return families[family].bytes * 8;
}

const char *
divert_family_name (DivertFamily family)
{
  return families[family].name;
}

/* ::ffff:a.b.c.d would be a second spelling of an IPv4 address, and other rules would apply to it. */
static gboolean
is_ipv4_mapped (const DivertPrefix *prefix)
{
  static const guint8 start[12] = { [10] = 0xff, [11] = 0xff };

  return prefix->family == DIVERT_FAMILY_IPV6 && memcmp (prefix->bytes, start, sizeof start) == 0;
}

static gboolean
parse_address (const char   *text,
               DivertPrefix *ret_address)
{
  DivertPrefix address = { .family = strchr (text, ':') != NULL ? DIVERT_FAMILY_IPV6 : DIVERT_FAMILY_IPV4 };

  /* inet_pton() accepts no blanks, no zone, and no leading zeros in IPv4. */
  if (inet_pton (families[address.family].af, text, address.bytes) != 1 || is_ipv4_mapped (&address))
    return FALSE;
  address.length = divert_family_bits (address.family);
  *ret_address = address;
  return TRUE;
}

static gboolean
parse_length (const char   *text,
              DivertFamily  family,
              guint8       *ret_length)
{
  guint64 length;

  if (text[0] == '0' && text[1] != '\0')
    return FALSE;
  if (!g_ascii_string_to_unsigned (text, 10, 0, divert_family_bits (family), &length, NULL))
    return FALSE;
  *ret_length = length;
  return TRUE;
}

static gboolean
refuse (const char  *problem,
        const char  *text,
        GError     **error)
{
  g_autofree char *shown = divert_escape (text);

  g_set_error (error, DIVERT_PREFIX_ERROR, DIVERT_PREFIX_ERROR_SYNTAX, "%s: '%s'", problem, shown);
  return FALSE;
}

gboolean
divert_prefix_parse_interface (const char    *text,
                               DivertPrefix  *ret_prefix,
                               GError       **error)
{
  char address[DIVERT_PREFIX_STRLEN];
  const char *slash = strchr (text, '/');
  DivertPrefix prefix;

  if (slash == NULL)
    return divert_address_parse (text, ret_prefix, error);
  if ((gsize) (slash - text) >= sizeof address)
    return refuse (_("not an IP address"), text, error);
  memcpy (address, text, slash - text);
  address[slash - text] = '\0';
  if (!parse_address (address, &prefix))
    return refuse (_("not an IP address"), text, error);
  if (!parse_length (slash + 1, prefix.family, &prefix.length))
    return refuse (_("not a prefix length"), text, error);
  *ret_prefix = prefix;
  return TRUE;
}

gboolean
divert_prefix_parse (const char    *text,
                     DivertPrefix  *ret_prefix,
                     GError       **error)
{
  DivertPrefix prefix, network;

  if (!divert_prefix_parse_interface (text, &prefix, error))
    return FALSE;
  network = divert_prefix_network (&prefix);
  if (!divert_prefix_equal (&prefix, &network))
    {
      g_autofree char *meant = divert_prefix_to_cidr (&network);
      g_autofree char *shown = divert_escape (text);

      g_set_error (error, DIVERT_PREFIX_ERROR, DIVERT_PREFIX_ERROR_HOST_BITS,
                   _("host bits are set, %s may be meant: '%s'"), meant, shown);
      return FALSE;
    }
  *ret_prefix = prefix;
  return TRUE;
}

gboolean
divert_address_parse (const char    *text,
                      DivertPrefix  *ret_address,
                      GError       **error)
{
  return parse_address (text, ret_address) || refuse (_("not an IP address"), text, error);
}

DivertPrefix
divert_prefix_from_bytes (DivertFamily  family,
                          const void   *bytes,
                          guint         length)
{
  DivertPrefix prefix = { .family = family, .length = MIN (length, divert_family_bits (family)) };

  memcpy (prefix.bytes, bytes, divert_family_bytes (family));
  return prefix;
}

static char *
format (const DivertPrefix *prefix,
        gboolean            with_length)
{
  char address[INET6_ADDRSTRLEN];

  inet_ntop (families[prefix->family].af, prefix->bytes, address, sizeof address);
  return with_length ? g_strdup_printf ("%s/%u", address, prefix->length) : g_strdup (address);
}

char *
divert_prefix_to_string (const DivertPrefix *prefix)
{
  return format (prefix, prefix->length != divert_family_bits (prefix->family));
}

char *
divert_prefix_to_cidr (const DivertPrefix *prefix)
{
  return format (prefix, TRUE);
}

DivertPrefix
divert_prefix_network (const DivertPrefix *prefix)
{
  DivertPrefix network = *prefix;
  guint whole = network.length / 8;

  if (whole < sizeof network.bytes)
    {
      network.bytes[whole] &= 0xff00 >> (network.length % 8);
      memset (network.bytes + whole + 1, 0, sizeof network.bytes - whole - 1);
    }
  return network;
}

DivertPrefix
divert_prefix_host (const DivertPrefix *prefix)
{
  DivertPrefix host = *prefix;

  host.length = divert_family_bits (host.family);
  return host;
}

gboolean
divert_prefix_contains (const DivertPrefix *outer,
                        const DivertPrefix *inner)
{
  guint whole = outer->length / 8;
  guint8 rest = 0xff00 >> (outer->length % 8);

  if (outer->family != inner->family || outer->length > inner->length)
    return FALSE;
  if (memcmp (outer->bytes, inner->bytes, whole) != 0)
    return FALSE;
  return outer->length % 8 == 0 || ((outer->bytes[whole] ^ inner->bytes[whole]) & rest) == 0;
}

gboolean
divert_prefix_overlaps (const DivertPrefix *a,
                        const DivertPrefix *b)
{
  return divert_prefix_contains (a, b) || divert_prefix_contains (b, a);
}

int
divert_prefix_compare (const DivertPrefix *a,
                       const DivertPrefix *b)
{
  int order;

  if (a->family != b->family)
    return a->family < b->family ? -1 : 1;
  order = memcmp (a->bytes, b->bytes, sizeof a->bytes);
  return order != 0 ? order : (int) a->length - (int) b->length;
}

gboolean
divert_prefix_equal (const DivertPrefix *a,
                     const DivertPrefix *b)
{
  return divert_prefix_compare (a, b) == 0;
}

gboolean
divert_prefix_is_link_local (const DivertPrefix *prefix)
{
  static const DivertPrefix link_local[] = {
    { .family = DIVERT_FAMILY_IPV4, .length = 16, .bytes = { 169, 254 } },
    { .family = DIVERT_FAMILY_IPV6, .length = 10, .bytes = { 0xfe, 0x80 } },
  };

  return divert_prefix_contains (&link_local[prefix->family], prefix);
}

GArray *
divert_prefixes_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (DivertPrefix));
}

void
divert_prefixes_add (GArray             *prefixes,
                     const DivertPrefix *prefix)
{
  g_array_append_val (prefixes, *prefix);
}

GArray *
divert_prefixes_copy (const GArray *prefixes)
{
  GArray *copy = divert_prefixes_new ();

  if (prefixes->len > 0)
    g_array_append_vals (copy, prefixes->data, prefixes->len);
  return copy;
}

gboolean
divert_prefixes_equal (const GArray *a,
                       const GArray *b)
{
  if (a == b)
    return TRUE;
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    if (!divert_prefix_equal (divert_prefixes_index (a, i), divert_prefixes_index (b, i)))
      return FALSE;
  return TRUE;
}

gboolean
divert_prefixes_overlap (const GArray *a,
                         const GArray *b)
{
  for (guint i = 0; i < a->len; i++)
    for (guint j = 0; j < b->len; j++)
      if (divert_prefix_overlaps (divert_prefixes_index (a, i), divert_prefixes_index (b, j)))
        return TRUE;
  return FALSE;
}

gboolean
divert_prefixes_contain (const GArray       *prefixes,
                         const DivertPrefix *inner)
{
  for (guint i = 0; i < prefixes->len; i++)
    if (divert_prefix_contains (divert_prefixes_index (prefixes, i), inner))
      return TRUE;
  return FALSE;
}

/* While the last two of @merged are the halves of one prefix, replaces them with that prefix. */
static void
join_halves (GArray *merged)
{
  while (merged->len >= 2)
    {
      DivertPrefix *a = divert_prefixes_index (merged, merged->len - 2), *b = a + 1;
      DivertPrefix parent = *a;

      if (a->length != b->length || a->length == 0)
        return;
      parent.length--;
      parent = divert_prefix_network (&parent);
      if (!divert_prefix_contains (&parent, b))
        return;
      *a = parent;
      g_array_set_size (merged, merged->len - 1);
    }
}

GArray *
divert_prefixes_merge (const GArray *prefixes)
{
  g_autoptr(GArray) sorted = divert_prefixes_new ();
  GArray *merged = divert_prefixes_new ();

  for (guint i = 0; i < prefixes->len; i++)
    {
      DivertPrefix network = divert_prefix_network (divert_prefixes_index (prefixes, i));

      divert_prefixes_add (sorted, &network);
    }
  g_array_sort (sorted, (GCompareFunc) divert_prefix_compare);

  /* A prefix sorts before those it contains, and two halves are neighbours, so one pass is enough. */
  for (guint i = 0; i < sorted->len; i++)
    {
      const DivertPrefix *prefix = divert_prefixes_index (sorted, i);

      if (merged->len > 0 && divert_prefix_contains (divert_prefixes_index (merged, merged->len - 1), prefix))
        continue;
      divert_prefixes_add (merged, prefix);
      join_halves (merged);
    }
  return merged;
}

char *
divert_prefixes_to_string (const GArray *prefixes)
{
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < prefixes->len; i++)
    {
      g_autofree char *prefix = divert_prefix_to_string (divert_prefixes_index (prefixes, i));

      if (i > 0)
        g_string_append_c (text, ';');
      g_string_append (text, prefix);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

DivertPrefix
divert_prefix_loopback (DivertFamily family)
{
  DivertPrefix address = { .family = family, .length = divert_family_bits (family) };

  if (family == DIVERT_FAMILY_IPV4)
    address.bytes[0] = 127;
  address.bytes[divert_family_bytes (family) - 1] = 1;
  return address;
}
