/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: writing the configuration as text.
 */
#include "config-private.h"

static void
append_group (GString               *text,
              const char            *kind,
              const char            *name,
              const DivertConfigKey *keys,
              const void            *object)
{
  g_string_append_printf (text, "%s[%s%s%s]\n", text->len > 0 ? "\n" : "", kind, name[0] != '\0' ? " " : "", name);
  for (const DivertConfigKey *key = keys; key->name != NULL; key++)
    {
      g_autofree char *value = key->kind->format ((const char *) object + key->offset);

      if (value != NULL)
        g_string_append_printf (text, "%s=%s\n", key->name, value);
    }
}

char *
divert_site_to_text (const DivertSite *site)
{
  g_autoptr(GString) text = g_string_new (NULL);

  append_group (text, "site", site->name, divert_site_keys, site);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
divert_config_to_text (const DivertConfig *config)
{
  g_autoptr(GString) text = g_string_new (NULL);

  append_group (text, "proxy", "", divert_proxy_keys, config);
  append_group (text, "divert", "", divert_divert_keys, config);
  for (guint i = 0; i < config->sites->len; i++)
    {
      const DivertSite *site = g_ptr_array_index (config->sites, i);

      append_group (text, "site", site->name, divert_site_keys, site);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}
