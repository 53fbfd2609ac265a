/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: parsing and formatting the value of beacon=.
 */
#include "config-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static gboolean
parse_hex (const char *text,
           gsize       size,
           guint8     *ret_bytes)
{
  for (gsize i = 0; i < size; i++)
    {
      if (!g_ascii_isxdigit (text[2 * i]) || !g_ascii_isxdigit (text[2 * i + 1]))
        return FALSE;
      ret_bytes[i] = g_ascii_xdigit_value (text[2 * i]) << 4 | g_ascii_xdigit_value (text[2 * i + 1]);
    }
  return text[2 * size] == '\0';
}

/* "ADDRESS:PORT" or "[IPV6]:PORT" */
static gboolean
parse_endpoint (const char   *text,
                DivertBeacon *beacon)
{
  const char *colon = strrchr (text, ':');
  g_autofree char *address = NULL;
  guint64 port;
  gsize length;

  if (colon == NULL || !divert_config_parse_unsigned (colon + 1, 10, 1, G_MAXUINT16, &port))
    return FALSE;
  address = g_strndup (text, colon - text);
  length = strlen (address);
  /* IPv6 needs brackets, and IPv4 must not have them. */
  if ((address[0] == '[') != (strchr (address, ':') != NULL))
    return FALSE;
  if (address[0] == '[')
    {
      if (address[length - 1] != ']')
        return FALSE;
      address[length - 1] = '\0';
    }
  beacon->port = port;
  return divert_address_parse (address + (address[0] == '['), &beacon->address, NULL);
}

static gboolean
parse_beacon (const char  *value,
              void        *field,
              GError     **error)
{
  static const char scheme[] = "tls://", hash[] = "sha256:";
  g_auto(GStrv) words = g_strsplit (value, " ", 3);
  DivertSite *site = field;
  DivertBeacon beacon;

  if (g_strv_length (words) != 2 || !g_str_has_prefix (words[0], scheme) || !g_str_has_prefix (words[1], hash) ||
      !parse_endpoint (words[0] + strlen (scheme), &beacon) ||
      !parse_hex (words[1] + strlen (hash), sizeof beacon.sha256, beacon.sha256))
    return divert_config_refuse (DIVERT_CONFIG_ERROR_VALUE, _("not of the form tls://ADDRESS:PORT sha256:HEX"), value,
                                 error);
  site->beacon = beacon;
  site->has_beacon = TRUE;
  return TRUE;
}

static char *
format_beacon (const void *field)
{
  const DivertSite *site = field;
  g_autoptr(GString) text = NULL;
  g_autofree char *address = NULL;

  if (!site->has_beacon)
    return NULL;
  address = divert_prefix_to_string (&site->beacon.address);
  text = g_string_new (NULL);
  g_string_printf (text,
                   site->beacon.address.family == DIVERT_FAMILY_IPV6 ? "tls://[%s]:%u sha256:" : "tls://%s:%u sha256:",
                   address, site->beacon.port);
  for (gsize i = 0; i < sizeof site->beacon.sha256; i++)
    g_string_append_printf (text, "%02x", site->beacon.sha256[i]);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

const DivertConfigKind divert_config_beacon = { parse_beacon, format_beacon };
