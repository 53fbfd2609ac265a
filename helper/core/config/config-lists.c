/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the kinds of lists that a key may have, parsed and formatted.
 */
#include "config-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "security.h"

#define AUTO6 "auto6"

/* Conditions of a site.  An empty list would require nothing and so hold everywhere; a generator that
 * found no value writes one.  Omit the key to skip the check. */
static gboolean
check_asks (const char  *value,
            GError     **error)
{
  if (value[0] != '\0')
    return TRUE;
  return divert_config_refuse (DIVERT_CONFIG_ERROR_MISSING, _("must not be empty"), value, error);
}

static GStrv
split_proof (const char  *value,
             guint        max,
             GError     **error)
{
  return check_asks (value, error) ? divert_config_split (value, max, error) : NULL;
}

/* Prefixes that no site can have.  They exist everywhere, so as an intranet they would let everything
 * through, and as a subnet they would prove nothing. */
static gboolean
check_site_prefix (const DivertPrefix  *prefix,
                   const char          *text,
                   GError             **error)
{
  static const struct
  {
    DivertPrefix prefix;
    const char  *problem;
  } nowhere[] = {
    { { .family = DIVERT_FAMILY_IPV4, .length = 8, .bytes = { 127 } }, N_("overlaps the loopback addresses") },
    { { .family = DIVERT_FAMILY_IPV6, .length = 128, .bytes = { [15] = 1 } }, N_("overlaps the loopback addresses") },
    { { .family = DIVERT_FAMILY_IPV4, .length = 16, .bytes = { 169, 254 } }, N_("overlaps the link-local addresses") },
    { { .family = DIVERT_FAMILY_IPV6, .length = 10, .bytes = { 0xfe, 0x80 } },
      N_("overlaps the link-local addresses") },
    { { .family = DIVERT_FAMILY_IPV4, .length = 4, .bytes = { 224 } }, N_("overlaps the multicast addresses") },
    { { .family = DIVERT_FAMILY_IPV6, .length = 8, .bytes = { 0xff } }, N_("overlaps the multicast addresses") },
  };

  if (prefix->length == 0)
    return divert_config_refuse (DIVERT_CONFIG_ERROR_VALUE, _("covers all addresses"), text, error);
  for (guint i = 0; i < G_N_ELEMENTS (nowhere); i++)
    if (divert_prefix_overlaps (&nowhere[i].prefix, prefix))
      return divert_config_refuse (DIVERT_CONFIG_ERROR_VALUE, _(nowhere[i].problem), text, error);
  return TRUE;
}

/* @auto6: set if the list has the word "auto6"; NULL if that word is not allowed here. */
static GArray *
parse_prefixes (const char  *value,
                gboolean     of_site,
                gboolean    *auto6,
                GError     **error)
{
  g_auto(GStrv) items = (of_site ? split_proof : divert_config_split) (value, DIVERT_CONFIG_MAX_PREFIXES, error);
  g_autoptr(GArray) prefixes = divert_prefixes_new ();

  for (char **item = items; item != NULL && *item != NULL; item++)
    {
      g_autoptr(GError) local_error = NULL;
      DivertPrefix prefix;

      if (auto6 != NULL && g_str_equal (*item, AUTO6))
        {
          *auto6 = TRUE;
          continue;
        }
      if (!divert_prefix_parse (*item, &prefix, &local_error))
        {
          g_set_error_literal (error, DIVERT_CONFIG_ERROR, DIVERT_CONFIG_ERROR_VALUE, local_error->message);
          return NULL;
        }
      if (of_site && !check_site_prefix (&prefix, *item, error))
        return NULL;
      divert_prefixes_add (prefixes, &prefix);
    }
  return items != NULL ? g_steal_pointer (&prefixes) : NULL;
}

static gboolean
set_array (void   *field,
           GArray *array)
{
  if (array == NULL)
    return FALSE;
  g_array_unref (*(GArray **) field);
  *(GArray **) field = array;
  return TRUE;
}

static gboolean
parse_bypass (const char  *value,
              void        *field,
              GError     **error)
{
  return set_array (field, parse_prefixes (value, FALSE, NULL, error));
}

/* Write an empty bypass out, because the default is not empty. */
static char *
format_bypass (const void *field)
{
  return divert_prefixes_to_string (*(GArray *const *) field);
}

const DivertConfigKind divert_config_prefixes = { parse_bypass, format_bypass };

static char *
format_given (const void *field)
{
  const GArray *prefixes = *(GArray *const *) field;

  return prefixes->len > 0 ? divert_prefixes_to_string (prefixes) : NULL;
}

const DivertConfigKind divert_config_except = { parse_bypass, format_given };

static gboolean
parse_ports (const char  *value,
             void        *field,
             GError     **error)
{
  g_auto(GStrv) items = divert_config_split (value, DIVERT_CONFIG_MAX_ITEMS, error);
  g_autoptr(GArray) ports = divert_ports_new ();

  for (char **item = items; item != NULL && *item != NULL; item++)
    {
      DivertPorts range;

      if (!divert_ports_parse (*item, &range))
        return divert_config_refuse (DIVERT_CONFIG_ERROR_VALUE, _("not a port, nor a range of ports"), *item, error);
      g_array_append_val (ports, range);
    }
  return items != NULL && set_array (field, g_steal_pointer (&ports));
}

static char *
format_ports (const void *field)
{
  const GArray *ports = *(GArray *const *) field;

  return ports->len > 0 ? divert_ports_to_string (ports) : NULL;
}

const DivertConfigKind divert_config_ports = { parse_ports, format_ports };

static gboolean
parse_subnets (const char  *value,
               void        *field,
               GError     **error)
{
  return set_array (field, parse_prefixes (value, TRUE, NULL, error));
}

const DivertConfigKind divert_config_subnets = { parse_subnets, format_given };

static gboolean
parse_intranet (const char  *value,
                void        *field,
                GError     **error)
{
  DivertSite *site = field;

  return set_array (&site->intranet, parse_prefixes (value, TRUE, &site->intranet_auto6, error));
}

static char *
format_intranet (const void *field)
{
  const DivertSite *site = field;
  g_autofree char *prefixes = divert_prefixes_to_string (site->intranet);

  if (!site->intranet_auto6)
    return g_steal_pointer (&prefixes);
  return g_strconcat (prefixes, prefixes[0] != '\0' ? ";" : "", AUTO6, NULL);
}

const DivertConfigKind divert_config_intranet = { parse_intranet, format_intranet };

typedef gboolean (*CheckFunc) (char *item, GError **error);

static gboolean
set_strv (void  *field,
          GStrv  strv)
{
  if (strv == NULL)
    return FALSE;
  g_strfreev (*(GStrv *) field);
  *(GStrv *) field = strv;
  return TRUE;
}

static gboolean
parse_items (const char  *value,
             CheckFunc    check,
             void        *field,
             GError     **error)
{
  g_auto(GStrv) items = split_proof (value, DIVERT_CONFIG_MAX_ITEMS, error);

  for (char **item = items; item != NULL && *item != NULL; item++)
    if (!check (*item, error))
      return FALSE;
  return set_strv (field, g_steal_pointer (&items));
}

static char *
format_items (const void *field)
{
  GStrv items = *(GStrv *) field;

  return items[0] != NULL ? divert_config_join (items) : NULL;
}

/* Zones may be empty: no profile is then a candidate by its zone, which proves nothing. */
static gboolean
parse_zones (const char  *value,
             void        *field,
             GError     **error)
{
  return set_strv (field, divert_config_split (value, DIVERT_CONFIG_MAX_ITEMS, error));
}

const DivertConfigKind divert_config_zones = { parse_zones, format_items };

/* NetworkManager writes UUIDs in lower case. */
static gboolean
check_uuid (char    *item,
            GError **error)
{
  if (!g_uuid_string_is_valid (item))
    return divert_config_refuse (DIVERT_CONFIG_ERROR_VALUE, _("not a UUID"), item, error);
  for (char *p = item; *p != '\0'; p++)
    *p = g_ascii_tolower (*p);
  return TRUE;
}

static gboolean
parse_uuids (const char  *value,
             void        *field,
             GError     **error)
{
  return parse_items (value, check_uuid, field, error);
}

const DivertConfigKind divert_config_uuids = { parse_uuids, format_items };

char *
divert_ssid_to_string (GBytes *ssid)
{
  return divert_config_escape_bytes (ssid);
}

static gboolean
parse_ssids (const char  *value,
             void        *field,
             GError     **error)
{
  g_autoptr(GPtrArray) ssids = NULL;

  if (!check_asks (value, error))
    return FALSE;
  ssids = divert_config_split_bytes (value, DIVERT_CONFIG_MAX_ITEMS, error);
  for (guint i = 0; ssids != NULL && i < ssids->len; i++)
    if (g_bytes_get_size (g_ptr_array_index (ssids, i)) > DIVERT_SSID_MAX)
      {
        g_autofree char *shown = divert_ssid_to_string (g_ptr_array_index (ssids, i));

        return divert_config_refuse (DIVERT_CONFIG_ERROR_LIMIT, _("an SSID has 32 bytes at most"), shown, error);
      }
  if (ssids == NULL)
    return FALSE;
  g_ptr_array_unref (*(GPtrArray **) field);
  *(GPtrArray **) field = g_steal_pointer (&ssids);
  return TRUE;
}

static char *
format_ssids (const void *field)
{
  const GPtrArray *ssids = *(GPtrArray *const *) field;
  g_autoptr(GString) value = g_string_new (NULL);

  for (guint i = 0; i < ssids->len; i++)
    {
      g_autofree char *ssid = divert_ssid_to_string (g_ptr_array_index (ssids, i));

      g_string_append_printf (value, "%s;", ssid);
    }
  return ssids->len > 0 ? g_string_free (g_steal_pointer (&value), FALSE) : NULL;
}

const DivertConfigKind divert_config_ssids = { parse_ssids, format_ssids };

static gboolean
parse_macs (const char  *value,
            void        *field,
            GError     **error)
{
  g_auto(GStrv) items = split_proof (value, DIVERT_CONFIG_MAX_ITEMS, error);
  g_autoptr(GArray) macs = g_array_new (FALSE, FALSE, sizeof (DivertMac));

  for (char **item = items; item != NULL && *item != NULL; item++)
    {
      DivertMac mac;

      if (!divert_mac_parse (*item, &mac))
        return divert_config_refuse (DIVERT_CONFIG_ERROR_VALUE, _("not the MAC address of one device"), *item, error);
      g_array_append_val (macs, mac);
    }
  return items != NULL && set_array (field, g_steal_pointer (&macs));
}

static char *
format_macs (const void *field)
{
  const GArray *macs = *(GArray *const *) field;

  return macs->len > 0 ? divert_macs_to_string (macs) : NULL;
}

const DivertConfigKind divert_config_macs = { parse_macs, format_macs };

static gboolean
parse_security (const char  *value,
                void        *field,
                GError     **error)
{
  g_auto(GStrv) items = split_proof (value, DIVERT_CONFIG_MAX_ITEMS, error);
  guint bits = 0;

  for (char **item = items; item != NULL && *item != NULL; item++)
    {
      DivertSecurity security;

      if (!divert_security_parse (*item, &security))
        return divert_config_refuse (DIVERT_CONFIG_ERROR_VALUE, _("not wpa-psk, sae or 802.1x"), *item, error);
      bits |= security;
    }
  if (items == NULL)
    return FALSE;
  *(guint *) field = bits;
  return TRUE;
}

static char *
format_security (const void *field)
{
  guint bits = *(const guint *) field;

  return bits != 0 ? divert_security_to_string (bits) : NULL;
}

const DivertConfigKind divert_config_security = { parse_security, format_security };
