/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the configuration as a value: defaults, comparison, look-ups.  config-parse.c makes such a
 * value from text, and config-text.c turns it back into text.
 */
#include "config.h"

#include <string.h>

/* The private and link-local ranges.  198.18.0.0/15 is special as well, but not listed here: proxies take
 * their fake-ip answers from it. */
static const char *const default_bypass[] = {
  "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10",
};

DivertConfig *
divert_config_new (void)
{
  DivertConfig *config = g_atomic_rc_box_new0 (DivertConfig);

  config->tproxy_port = 22223;
  config->dns_port = 1053;
  config->mark = 23;
  config->mask = 0xff;
  config->table = 2233;
  config->ipv6 = TRUE;
  config->backend = DIVERT_BACKEND_AUTO;
  config->bypass = divert_prefixes_new ();
  for (guint i = 0; i < G_N_ELEMENTS (default_bypass); i++)
    {
      DivertPrefix prefix;

      if (!divert_prefix_parse (default_bypass[i], &prefix, NULL))
        g_assert_not_reached ();
      divert_prefixes_add (config->bypass, &prefix);
    }
  config->serve = divert_ports_new ();
  config->forward_devices = g_ptr_array_new_with_free_func (g_free);
  config->dns_except = divert_prefixes_new ();
  config->exempt_units = g_new0 (char *, 1);
  config->sites = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_site_free);
  return config;
}

DivertConfig *
divert_config_ref (const DivertConfig *config)
{
  return g_atomic_rc_box_acquire ((DivertConfig *) config);
}

static void
clear (gpointer data)
{
  DivertConfig *config = data;

  g_free (config->group);
  g_free (config->unit);
  g_free (config->mark_origin);
  g_free (config->units_origin);
  g_strfreev (config->exempt_units);
  g_array_unref (config->bypass);
  g_array_unref (config->serve);
  g_ptr_array_unref (config->forward_devices);
  g_array_unref (config->dns_except);
  g_ptr_array_unref (config->sites);
  g_clear_pointer (&config->intranets, g_array_unref);
}

void
divert_config_free (DivertConfig *config)
{
  if (config != NULL)
    g_atomic_rc_box_release_full (config, clear);
}

DivertSite *
divert_site_new (const char *name,
                 const char *file)
{
  DivertSite *site = g_new0 (DivertSite, 1);

  site->name = g_strdup (name);
  site->file = g_strdup (file);
  site->intranet = divert_prefixes_new ();
  site->subnets = divert_prefixes_new ();
  site->uuids = g_new0 (char *, 1);
  site->zones = g_new0 (char *, 1);
  site->routers = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_router_free);
  site->ssids = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  site->gateway_macs = g_array_new (FALSE, FALSE, sizeof (DivertMac));
  site->bssids = g_array_new (FALSE, FALSE, sizeof (DivertMac));
  return site;
}

void
divert_site_free (DivertSite *site)
{
  g_free (site->name);
  g_free (site->file);
  g_array_unref (site->intranet);
  g_array_unref (site->subnets);
  g_strfreev (site->uuids);
  g_strfreev (site->zones);
  g_ptr_array_unref (site->routers);
  g_ptr_array_unref (site->ssids);
  g_array_unref (site->gateway_macs);
  g_array_unref (site->bssids);
  g_free (site);
}

static gboolean
beacons_equal (const DivertSite *a,
               const DivertSite *b)
{
  if (!a->has_beacon || !b->has_beacon)
    return a->has_beacon == b->has_beacon;
  return divert_prefix_equal (&a->beacon.address, &b->beacon.address) && a->beacon.port == b->beacon.port &&
         memcmp (a->beacon.sha256, b->beacon.sha256, sizeof a->beacon.sha256) == 0;
}

static gboolean
strvs_equal (const GStrv a,
             const GStrv b)
{
  return g_strv_equal ((const char *const *) a, (const char *const *) b);
}

static gboolean
lists_equal (const GPtrArray *a,
             const GPtrArray *b,
             GEqualFunc       items_equal)
{
  gboolean equal = a->len == b->len;

  for (guint i = 0; i < a->len && equal; i++)
    equal = items_equal (g_ptr_array_index (a, i), g_ptr_array_index (b, i));
  return equal;
}

static gboolean
sites_equal (gconstpointer x,
             gconstpointer y)
{
  const DivertSite *a = x, *b = y;

  return g_str_equal (a->name, b->name) && divert_prefixes_equal (a->intranet, b->intranet) &&
         a->intranet_auto6 == b->intranet_auto6 && strvs_equal (a->uuids, b->uuids) &&
         strvs_equal (a->zones, b->zones) && divert_prefixes_equal (a->subnets, b->subnets) &&
         divert_macs_equal (a->gateway_macs, b->gateway_macs) &&
         lists_equal (a->routers, b->routers, divert_router_equal) && lists_equal (a->ssids, b->ssids, g_bytes_equal) &&
         divert_macs_equal (a->bssids, b->bssids) && a->security == b->security &&
         beacons_equal (a, b) && a->tproxy_port == b->tproxy_port && a->internet_direct == b->internet_direct &&
         a->dns_direct == b->dns_direct;
}

gboolean
divert_config_names_proxy (const DivertConfig *config)
{
  return config->group != NULL || config->unit != NULL;
}

gboolean
divert_config_needs_cgroups (const DivertConfig *config)
{
  return config->unit != NULL || config->exempt_units[0] != NULL;
}

gboolean
divert_config_equal (const DivertConfig *a,
                     const DivertConfig *b)
{
  return g_strcmp0 (a->group, b->group) == 0 && g_strcmp0 (a->unit, b->unit) == 0 &&
         strvs_equal (a->exempt_units, b->exempt_units) && a->tproxy_port == b->tproxy_port &&
         a->dns_port == b->dns_port && a->mark == b->mark && a->mask == b->mask && a->table == b->table &&
         divert_prefixes_equal (a->bypass, b->bypass) && divert_ports_equal (a->serve, b->serve) &&
         divert_prefixes_equal (a->dns_except, b->dns_except) && a->ipv6 == b->ipv6 &&
         a->intranet_other_allow == b->intranet_other_allow && a->backend == b->backend && a->forward == b->forward &&
         lists_equal (a->forward_devices, b->forward_devices, g_str_equal) &&
         lists_equal (a->sites, b->sites, sites_equal);
}

const DivertSite *
divert_config_find_site (const DivertConfig *config,
                         const char         *name)
{
  for (guint i = 0; i < config->sites->len; i++)
    {
      const DivertSite *site = g_ptr_array_index (config->sites, i);

      if (g_str_equal (site->name, name))
        return site;
    }
  return NULL;
}

gboolean
divert_site_name_is_valid (const char *name)
{
  static const char *const modes[] = { "auto", "away", "off", NULL };

  if (name[0] == '.' || name[0] == '-' || strlen (name) > DIVERT_SITE_NAME_MAX || g_strv_contains (modes, name))
    return FALSE;
  for (const char *p = name; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr ("_.-", *p) == NULL)
      return FALSE;
  return name[0] != '\0';
}

const GArray *
divert_site_get_subnets (const DivertSite *site)
{
  return site->subnets->len > 0 ? site->subnets : site->intranet;
}
