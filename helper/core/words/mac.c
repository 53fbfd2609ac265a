/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: link-layer addresses: text, comparison, lists.
 */
#include "mac.h"

#include <string.h>

gboolean
divert_mac_parse (const char *text,
                  DivertMac  *ret_mac)
{
  static const DivertMac zero;
  DivertMac mac;

  for (guint i = 0; i < sizeof mac.bytes; i++)
    {
      const char *pair = text + 3 * i;

      if (!g_ascii_isxdigit (pair[0]) || !g_ascii_isxdigit (pair[1]))
        return FALSE;
      mac.bytes[i] = g_ascii_xdigit_value (pair[0]) << 4 | g_ascii_xdigit_value (pair[1]);
      if (i == sizeof mac.bytes - 1 ? pair[2] != '\0' : pair[2] != ':' && pair[2] != '-')
        return FALSE;
    }
  /* A station's own address is neither a group address (lowest bit of the first byte) nor all zeros. */
  if ((mac.bytes[0] & 1) != 0 || divert_mac_equal (&mac, &zero))
    return FALSE;
  *ret_mac = mac;
  return TRUE;
}

char *
divert_mac_to_string (const DivertMac *mac)
{
  const guint8 *b = mac->bytes;

  return g_strdup_printf ("%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
}

gboolean
divert_mac_equal (const DivertMac *a,
                  const DivertMac *b)
{
  return memcmp (a->bytes, b->bytes, sizeof a->bytes) == 0;
}

gboolean
divert_macs_contain (const GArray    *macs,
                     const DivertMac *mac)
{
  for (guint i = 0; i < macs->len; i++)
    if (divert_mac_equal (&g_array_index (macs, DivertMac, i), mac))
      return TRUE;
  return FALSE;
}

gboolean
divert_macs_equal (const GArray *a,
                   const GArray *b)
{
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    if (!divert_mac_equal (&g_array_index (a, DivertMac, i), &g_array_index (b, DivertMac, i)))
      return FALSE;
  return TRUE;
}

char *
divert_macs_to_string (const GArray *macs)
{
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < macs->len; i++)
    {
      g_autofree char *mac = divert_mac_to_string (&g_array_index (macs, DivertMac, i));

      if (i > 0)
        g_string_append_c (text, ';');
      g_string_append (text, mac);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}
