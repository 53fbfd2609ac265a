/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the kinds of single values that a key may have, parsed and formatted.
 */
#include "config-private.h"

#include <glib/gi18n-lib.h>

static gboolean
refuse_value (const char  *problem,
              const char  *value,
              GError     **error)
{
  return divert_config_refuse (DIVERT_CONFIG_ERROR_VALUE, problem, value, error);
}

static gboolean
parse_text (const char  *value,
            void        *field,
            GError     **error)
{
  char *text;

  if (value[0] == '\0')
    return divert_config_refuse (DIVERT_CONFIG_ERROR_MISSING, _("must not be empty"), value, error);
  text = divert_config_unescape (value, error);
  if (text == NULL)
    return FALSE;
  g_free (*(char **) field);
  *(char **) field = text;
  return TRUE;
}

static char *
format_text (const void *field)
{
  const char *text = *(char *const *) field;

  return text != NULL ? divert_config_escape (text) : NULL;
}

const DivertConfigKind divert_config_text = { parse_text, format_text };

gboolean
divert_config_parse_unsigned (const char *value,
                              guint       base,
                              guint64     min,
                              guint64     max,
                              guint64    *ret_number)
{
  /* No leading zeros: some people would read such a number as octal. */
  if (value[0] == '0' && value[1] != '\0')
    {
      if (base != 16 || (value[1] != 'x' && value[1] != 'X'))
        return FALSE;
      return g_ascii_isxdigit (value[2]) && g_ascii_string_to_unsigned (value + 2, 16, min, max, ret_number, NULL);
    }
  return g_ascii_string_to_unsigned (value, 10, min, max, ret_number, NULL);
}

static gboolean
parse_port (const char  *value,
            void        *field,
            GError     **error)
{
  guint64 port;

  if (!divert_config_parse_unsigned (value, 10, 1, G_MAXUINT16, &port))
    return refuse_value (_("not a port from 1 to 65535"), value, error);
  *(guint16 *) field = port;
  return TRUE;
}

static char *
format_port (const void *field)
{
  guint port = *(const guint16 *) field;

  return port != 0 ? g_strdup_printf ("%u", port) : NULL;
}

const DivertConfigKind divert_config_port = { parse_port, format_port };

static gboolean
parse_port0 (const char  *value,
             void        *field,
             GError     **error)
{
  guint64 port;

  if (!divert_config_parse_unsigned (value, 10, 0, G_MAXUINT16, &port))
    return refuse_value (_("not a port from 1 to 65535, nor 0"), value, error);
  *(guint16 *) field = port;
  return TRUE;
}

static char *
format_port0 (const void *field)
{
  return g_strdup_printf ("%u", *(const guint16 *) field);
}

const DivertConfigKind divert_config_port0 = { parse_port0, format_port0 };

static gboolean
parse_number (const char  *value,
              void        *field,
              GError     **error)
{
  guint64 number;

  if (!divert_config_parse_unsigned (value, 16, 1, G_MAXUINT32, &number))
    return refuse_value (_("not a number from 1 to 4294967295 (or 0x1 to 0xffffffff)"), value, error);
  *(guint32 *) field = number;
  return TRUE;
}

static char *
format_number (const void *field)
{
  return g_strdup_printf ("%" G_GUINT32_FORMAT, *(const guint32 *) field);
}

const DivertConfigKind divert_config_number = { parse_number, format_number };

static char *
format_mask (const void *field)
{
  return g_strdup_printf ("0x%x", *(const guint32 *) field);
}

const DivertConfigKind divert_config_mask = { parse_number, format_mask };

static gboolean
parse_table (const char  *value,
             void        *field,
             GError     **error)
{
  guint32 table = 0;

  if (!parse_number (value, &table, error))
    return FALSE;
  /* default, main and local, <linux/rtnetlink.h> */
  if (table >= 253 && table <= 255)
    return refuse_value (_("one of the kernel's own routing tables"), value, error);
  *(guint32 *) field = table;
  return TRUE;
}

const DivertConfigKind divert_config_table = { parse_table, format_number };

/* A pair of words, for FALSE and TRUE. */
static gboolean
parse_choice (const char        *value,
              const char *const  words[2],
              void              *field,
              GError           **error)
{
  for (guint i = 0; i < 2; i++)
    if (g_str_equal (value, words[i]))
      {
        *(gboolean *) field = i;
        return TRUE;
      }
  {
    g_autofree char *problem = g_strdup_printf (_("neither '%s' nor '%s'"), words[1], words[0]);

    return refuse_value (problem, value, error);
  }
}

static const char *const booleans[2] = { "false", "true" };

static gboolean
parse_boolean (const char  *value,
               void        *field,
               GError     **error)
{
  return parse_choice (value, booleans, field, error);
}

static char *
format_boolean (const void *field)
{
  return g_strdup (booleans[*(const gboolean *) field != FALSE]);
}

const DivertConfigKind divert_config_boolean = { parse_boolean, format_boolean };

static const char *const allowances[2] = { "block", "allow" };

static gboolean
parse_allow (const char  *value,
             void        *field,
             GError     **error)
{
  return parse_choice (value, allowances, field, error);
}

static char *
format_allow (const void *field)
{
  return g_strdup (allowances[*(const gboolean *) field != FALSE]);
}

const DivertConfigKind divert_config_allow = { parse_allow, format_allow };

static const char *const ways[2] = { "divert", "direct" };

static gboolean
parse_way (const char  *value,
           void        *field,
           GError     **error)
{
  return parse_choice (value, ways, field, error);
}

static char *
format_way (const void *field)
{
  return *(const gboolean *) field ? g_strdup (ways[TRUE]) : NULL;
}

const DivertConfigKind divert_config_way = { parse_way, format_way };

static const char *const backends[] = {
  [DIVERT_BACKEND_AUTO] = "auto",
  [DIVERT_BACKEND_IPTABLES] = "iptables",
  [DIVERT_BACKEND_NFTABLES] = "nftables",
};

static gboolean
parse_backend (const char  *value,
               void        *field,
               GError     **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (backends); i++)
    if (g_str_equal (value, backends[i]))
      {
        *(DivertBackendKind *) field = i;
        return TRUE;
      }
  return refuse_value (_("unknown backend"), value, error);
}

static char *
format_backend (const void *field)
{
  return g_strdup (backends[*(const DivertBackendKind *) field]);
}

const DivertConfigKind divert_config_backend = { parse_backend, format_backend };

static const char *const forwards[] = {
  [DIVERT_FORWARD_INTRANET] = "intranet",
  [DIVERT_FORWARD_ALL] = "all",
  [DIVERT_FORWARD_NONE] = "none",
};

static gboolean
parse_forward (const char  *value,
               void        *field,
               GError     **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (forwards); i++)
    if (g_str_equal (value, forwards[i]))
      {
        *(DivertForward *) field = i;
        return TRUE;
      }
  return refuse_value (_("not intranet, all or none"), value, error);
}

static char *
format_forward (const void *field)
{
  return g_strdup (forwards[*(const DivertForward *) field]);
}

const DivertConfigKind divert_config_forward = { parse_forward, format_forward };
