/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which flows end because the configuration has changed while there are rules.
 *
 * A connection keeps the verdict of its first packets.  If a new one would get another, it ends, and its program
 * connects anew.  This goes for bypass prefixes and intranets that came or went, for exempt units, for DNS, for the
 * other proxy's flows if the proxy is known by something else, and for an IP family that is judged from now on, or no
 * more.  Other keys change no verdict of a flow that has one.
 */
#include "ending.h"

#include "core/words/unit.h"

static GArray *
list_intranets (const DivertConfig *config)
{
  GArray *all = divert_prefixes_new ();

  for (guint i = 0; i < config->sites->len; i++)
    {
      const GArray *intranet = ((const DivertSite *) g_ptr_array_index (config->sites, i))->intranet;

      g_array_append_vals (all, intranet->data, intranet->len);
    }
  return all;
}

/* What is in one of them only. */
static GArray *
find_difference (const GArray *a,
                 const GArray *b)
{
  GArray *difference = divert_prefixes_new ();
  g_autoptr(GArray) ones = NULL, others = NULL;

  /* The usual case, with lists that may be long. */
  if (divert_prefixes_equal (a, b))
    return difference;
  ones = divert_prefixes_without (a, b);
  others = divert_prefixes_without (b, a);
  g_array_append_vals (difference, ones->data, ones->len);
  g_array_append_vals (difference, others->data, others->len);
  return difference;
}

/* The bypass doesn't concern what is in an intranet in either case. */
static void
add_prefixes (GArray             *changed,
              const DivertConfig *before,
              const DivertConfig *now)
{
  g_autoptr(GArray) former = list_intranets (before), intranets = list_intranets (now);
  g_autoptr(GArray) bypass = find_difference (before->bypass, now->bypass);
  g_autoptr(GArray) moved = find_difference (former, intranets), rest = NULL;

  g_array_append_vals (former, intranets->data, intranets->len);
  rest = divert_prefixes_without (bypass, former);
  g_array_append_vals (changed, moved->data, moved->len);
  g_array_append_vals (changed, rest->data, rest->len);
}

static gboolean
is_exempt (const DivertConfig *config,
           const DivertUnit   *unit)
{
  return g_strv_contains ((const char *const *) config->exempt_units, divert_cgroup_path_unit (unit->path));
}

/* Those of @units that one of the configurations exempts and the other does not. */
static void
add_units (DivertEnding       *ending,
           const DivertConfig *a,
           const DivertConfig *b,
           const GPtrArray    *units)
{
  for (guint i = 0; units != NULL && i < units->len; i++)
    {
      const DivertUnit *unit = g_ptr_array_index (units, i);

      if (is_exempt (a, unit) != is_exempt (b, unit))
        g_ptr_array_add (ending->units, g_ref_string_acquire (unit->path));
    }
}

static gboolean
is_same_dns (const DivertConfig *a,
             const DivertConfig *b)
{
  return a->dns_port == b->dns_port && divert_prefixes_equal (a->dns_except, b->dns_except);
}

/* Everything but what goes to @spared, whatever the rules know of it. */
static void
end_all_but (DivertEnding *ending,
             const GArray *spared)
{
  divert_ending_exempt (ending, spared);
  ending->judged_stay = FALSE;
  ending->only_diverted = FALSE;
}

static void
end_family (DivertEnding *ending,
            const char   *other)
{
  g_autoptr(GArray) spared = divert_prefixes_new ();
  DivertPrefix prefix;

  if (divert_prefix_parse (other, &prefix, NULL))
    divert_prefixes_add (spared, &prefix);
  end_all_but (ending, spared);
}

void
divert_ending_add_settings (DivertEnding         *ending,
                            const DivertConfig   *config,
                            const DivertCrossing *crossing,
                            guint32               gid)
{
  const DivertConfig *before = crossing->config_before;

  if (before == NULL || crossing->before == NULL || crossing->before->place == DIVERT_PLACE_OFF ||
      crossing->now->place == DIVERT_PLACE_OFF)
    return;
  if (crossing->gid_before != gid || g_strcmp0 (before->group, config->group) != 0 ||
      g_strcmp0 (before->unit, config->unit) != 0)
    end_all_but (ending, config->bypass);
  if (before == config)
    return;
  add_prefixes (ending->changed, before, config);
  add_units (ending, before, config, crossing->units_before);
  add_units (ending, before, config, crossing->units);
  if (!is_same_dns (before, config))
    ending->dns = ending->names = TRUE;
  if (before->ipv6 != config->ipv6)
    end_family (ending, "0.0.0.0/0");
}
