/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the kinds of keys that name units of systemd's, parsed and formatted.
 */
#include "config-private.h"

#include <glib/gi18n-lib.h>

static gboolean
check_name (const char  *name,
            GError     **error)
{
  if (divert_unit_name_is_valid (name))
    return TRUE;
  return divert_config_refuse (DIVERT_CONFIG_ERROR_VALUE, _("not the name of a service, a scope or a slice"), name,
                               error);
}

/* What has nearly every process in it would send everything past the proxy. */
static gboolean
check_narrow (const char  *name,
              GError     **error)
{
  static const char *const wide[] = { "system.slice", "user.slice", "machine.slice", "init.scope", NULL };

  if (!g_strv_contains (wide, name))
    return TRUE;
  return divert_config_refuse (DIVERT_CONFIG_ERROR_VALUE, _("has many other programs in it, too"), name, error);
}

static gboolean
parse_unit (const char  *value,
            void        *field,
            GError     **error)
{
  g_autofree char *name = NULL;

  if (value[0] == '\0')
    return divert_config_refuse (DIVERT_CONFIG_ERROR_MISSING, _("must not be empty"), value, error);
  name = divert_config_unescape (value, error);
  if (name == NULL || !check_name (name, error) || !check_narrow (name, error))
    return FALSE;
  g_free (*(char **) field);
  *(char **) field = g_steal_pointer (&name);
  return TRUE;
}

static char *
format_unit (const void *field)
{
  const char *name = *(char *const *) field;

  return name != NULL ? divert_config_escape (name) : NULL;
}

const DivertConfigKind divert_config_unit = { parse_unit, format_unit };

static gboolean
parse_units (const char  *value,
             void        *field,
             GError     **error)
{
  g_auto(GStrv) names = divert_config_split (value, DIVERT_CONFIG_MAX_UNITS, error);

  for (char **name = names; name != NULL && *name != NULL; name++)
    if (!check_name (*name, error))
      return FALSE;
  if (names == NULL)
    return FALSE;
  g_strfreev (*(GStrv *) field);
  *(GStrv *) field = g_steal_pointer (&names);
  return TRUE;
}

static char *
format_units (const void *field)
{
  GStrv names = *(GStrv *) field;

  return names[0] != NULL ? divert_config_join (names) : NULL;
}

const DivertConfigKind divert_config_units = { parse_units, format_units };
