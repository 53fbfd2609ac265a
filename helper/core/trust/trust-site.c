/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: changing a site: adding what was learned to it, and removing a connection from it.
 */
#include "trust-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/words/escape.h"

/* Copies through the text form, so that what a person added to the file stays. */
DivertConfig *
divert_trust_copy_site (const DivertSite  *site,
                        GError           **error)
{
  g_autoptr(DivertConfig) config = divert_config_new ();
  g_autofree char *text = divert_site_to_text (site);

  return divert_config_add (config, site->name, text, strlen (text), error) ? g_steal_pointer (&config) : NULL;
}

static GStrv
strv_with (GStrv       strv,
           const char *added)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();

  g_strv_builder_addv (builder, (const char **) strv);
  if (!g_strv_contains ((const char *const *) strv, added))
    g_strv_builder_add (builder, added);
  return g_strv_builder_end (builder);
}

static GStrv
strv_without (GStrv       strv,
              const char *taken)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();

  for (; *strv != NULL; strv++)
    if (!g_str_equal (*strv, taken))
      g_strv_builder_add (builder, *strv);
  return g_strv_builder_end (builder);
}

static void
set_strv (GStrv *place,
          GStrv  strv)
{
  g_strfreev (*place);
  *place = strv;
}

/* Every network of a site must meet all of the site's conditions.  So add the gateway's address only if
 * that does not shut out a network that was there before. */
void
divert_trust_merge (DivertSite    *site,
                    gboolean       is_new,
                    DivertLearned *learned)
{
  GArray *intranet;

  set_strv (&site->uuids, strv_with (site->uuids, learned->uuid));
  for (guint i = 0; i < learned->intranet->len; i++)
    {
      const DivertPrefix *network = divert_prefixes_index (learned->intranet, i);

      divert_prefixes_add (site->intranet, network);
      if (site->subnets->len > 0 && !divert_prefixes_contain (site->subnets, network))
        divert_prefixes_add (site->subnets, network);
    }
  intranet = divert_prefixes_merge (site->intranet);
  g_array_unref (site->intranet);
  site->intranet = intranet;

  if (!is_new && site->gateway_macs->len == 0)
    g_array_set_size (learned->gateway_macs, 0);
  for (guint i = 0; i < learned->gateway_macs->len; i++)
    {
      const DivertMac *mac = &g_array_index (learned->gateway_macs, DivertMac, i);

      if (!divert_macs_contain (site->gateway_macs, mac))
        g_array_append_vals (site->gateway_macs, mac, 1);
    }
}

gboolean
divert_trust_forget (const DivertSite  *existing,
                     const char        *uuid,
                     char             **ret_text,
                     GError           **error)
{
  g_autoptr(DivertConfig) copy = NULL;
  DivertSite *site;

  if (!g_strv_contains ((const char *const *) existing->uuids, uuid))
    {
      g_autofree char *shown = divert_escape (uuid);

      g_set_error (error, DIVERT_TRUST_ERROR, DIVERT_TRUST_ERROR_NO_CONNECTION, "%s: '%s'",
                   _("not a connection of the site's"), shown);
      return FALSE;
    }
  copy = divert_trust_copy_site (existing, error);
  if (copy == NULL)
    return FALSE;
  site = g_ptr_array_index (copy->sites, 0);
  set_strv (&site->uuids, strv_without (site->uuids, uuid));
  *ret_text = site->uuids[0] != NULL || site->zones[0] != NULL ? divert_site_to_text (site) : NULL;
  return TRUE;
}
