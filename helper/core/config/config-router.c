/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: a site's routers: creating and comparing them, the value of router= and its limits, and what holds between them
 * and the site's intranet.
 */
#include "config-private.h"

#include <glib/gi18n-lib.h>

DivertRouter *
divert_router_new (const DivertPrefix *address)
{
  DivertRouter *router = g_new0 (DivertRouter, 1);

  router->address = *address;
  router->macs = g_array_new (FALSE, FALSE, sizeof (DivertMac));
  router->behind = divert_prefixes_new ();
  return router;
}

void
divert_router_free (DivertRouter *router)
{
  g_array_unref (router->macs);
  g_array_unref (router->behind);
  g_free (router);
}

gboolean
divert_router_equal (gconstpointer x,
                     gconstpointer y)
{
  const DivertRouter *a = x, *b = y;

  return divert_prefix_equal (&a->address, &b->address) && divert_macs_equal (a->macs, b->macs) &&
         divert_prefixes_equal (a->behind, b->behind);
}

/* "MAC" or "PREFIX"; MAC addresses come first. */
static gboolean
add_word (DivertRouter *router,
          const char   *word)
{
  DivertPrefix prefix;
  DivertMac mac;

  if (router->behind->len == 0 && divert_mac_parse (word, &mac))
    {
      g_array_append_val (router->macs, mac);
      return TRUE;
    }
  if (router->macs->len == 0 || !divert_prefix_parse (word, &prefix, NULL) || prefix.family != router->address.family)
    return FALSE;
  divert_prefixes_add (router->behind, &prefix);
  return TRUE;
}

static DivertRouter *
parse_router (const char *item)
{
  g_auto(GStrv) words = g_strsplit_set (item, " \t", -1);
  g_autoptr(DivertRouter) router = NULL;
  DivertPrefix address;

  if (words[0] == NULL || !divert_address_parse (words[0], &address, NULL))
    return NULL;
  router = divert_router_new (&address);
  for (char **word = words + 1; *word != NULL; word++)
    if ((*word)[0] != '\0' && !add_word (router, *word))
      return NULL;
  return router->behind->len > 0 ? g_steal_pointer (&router) : NULL;
}

static gboolean
is_within (guint    n,
           guint    max,
           GError **error)
{
  if (n <= max)
    return TRUE;
  g_set_error (error, DIVERT_CONFIG_ERROR, DIVERT_CONFIG_ERROR_LIMIT, _("more than %u items: '%u'"), max, n);
  return FALSE;
}

/* The prefixes of all routers are one list: all of them are compared with each other. */
static gboolean
check_limits (const GPtrArray  *routers,
              GError          **error)
{
  guint n_behind = 0;

  for (guint i = 0; i < routers->len; i++)
    {
      const DivertRouter *router = g_ptr_array_index (routers, i);

      n_behind += router->behind->len;
      if (!is_within (router->macs->len, DIVERT_CONFIG_MAX_ITEMS, error))
        return FALSE;
    }
  return is_within (n_behind, DIVERT_CONFIG_MAX_PREFIXES, error);
}

static gboolean
parse_routers (const char  *value,
               void        *field,
               GError     **error)
{
  g_auto(GStrv) items = NULL;
  GPtrArray *routers = *(GPtrArray **) field;

  /* As for every condition of a site, an empty list would be a mistake. */
  if (value[0] == '\0')
    return divert_config_refuse (DIVERT_CONFIG_ERROR_MISSING, _("must not be empty"), value, error);
  items = divert_config_split (value, DIVERT_CONFIG_MAX_ITEMS, error);
  for (char **item = items; item != NULL && *item != NULL; item++)
    {
      DivertRouter *router = parse_router (*item);

      if (router == NULL)
        return divert_config_refuse (DIVERT_CONFIG_ERROR_VALUE,
                                     _("not of the form ADDRESS MAC PREFIX, all of one IP family"), *item, error);
      g_ptr_array_add (routers, router);
    }
  return items != NULL && check_limits (routers, error);
}

static char *
format_routers (const void *field)
{
  const GPtrArray *routers = *(GPtrArray *const *) field;
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < routers->len; i++)
    {
      const DivertRouter *router = g_ptr_array_index (routers, i);
      g_autofree char *address = divert_prefix_to_string (&router->address);
      g_autofree char *macs = divert_macs_to_string (router->macs);
      g_autofree char *behind = divert_prefixes_to_string (router->behind);

      g_strdelimit (macs, ";", ' ');
      g_strdelimit (behind, ";", ' ');
      g_string_append_printf (text, "%s%s %s %s", i > 0 ? ";" : "", address, macs, behind);
    }
  return routers->len > 0 ? g_string_free (g_steal_pointer (&text), FALSE) : NULL;
}

const DivertConfigKind divert_config_routers = { parse_routers, format_routers };

static gboolean
check_prefix (const DivertSite    *site,
              guint                number,
              const DivertPrefix  *prefix,
              GError             **error)
{
  const DivertRouter *router = g_ptr_array_index (site->routers, number);
  g_autofree char *shown = divert_prefix_to_string (prefix);

  if (!divert_prefixes_contain (site->intranet, prefix))
    return divert_config_refuse (DIVERT_CONFIG_ERROR_VALUE, _("not in the site's intranet"), shown, error);
  if (divert_prefix_contains (prefix, &router->address))
    return divert_config_refuse (DIVERT_CONFIG_ERROR_VALUE, _("the router itself is in it"), shown, error);
  for (guint i = 0; i < number; i++)
    {
      const GArray *others = ((const DivertRouter *) g_ptr_array_index (site->routers, i))->behind;

      for (guint j = 0; j < others->len; j++)
        if (divert_prefix_overlaps (divert_prefixes_index (others, j), prefix))
          return divert_config_refuse (DIVERT_CONFIG_ERROR_VALUE, _("behind another router as well"), shown, error);
    }
  return TRUE;
}

gboolean
divert_config_check_routers (const DivertSite  *site,
                             GError           **error)
{
  for (guint i = 0; i < site->routers->len; i++)
    {
      const DivertRouter *router = g_ptr_array_index (site->routers, i);

      for (guint j = 0; j < router->behind->len; j++)
        if (!check_prefix (site, i, divert_prefixes_index (router->behind, j), error))
          return FALSE;
    }
  return TRUE;
}
