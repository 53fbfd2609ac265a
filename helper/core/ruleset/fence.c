/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which panels the fence has, and which gates are open.
 *
 * Theory of operation
 * -------------------
 * The fence is a layer of its own.  It needs no packet filter, no lock and no running helper.  In
 * each family, one ip rule sends every packet through a table of ours; it comes after the rule for
 * our mark.  In that table each intranet has a panel: a route into a device that swallows whatever
 * it gets.  All other packets find nothing in the table and go on to the next ip rules.  So a
 * laptop whose tables somebody has flushed, a container whose packets no OUTPUT chain sees, and a
 * packet with a tunnel's mark are all stopped by the fence.
 *
 * A grant is the one thing that is added.  It is a gate: a "throw" route for the granted prefix,
 * which takes precedence over the panel.  Closing the fence means deleting the gates.  Anybody who
 * knows our protocol number can do that, without configuration and without facts, for example
 * whoever cleans up after a helper that was killed.  The longest prefix wins, and among equal ones
 * the lower metric.  The panels are merged, so no panel lies inside a gate.  Whatever no gate names
 * stays closed, no matter how large the intranet around it is.
 *
 * A gate doesn't say by which device: behind it, the routing table decides, and the filter sees to it that what leaves
 * does so by a device that proved the site (ruleset-guard.c).  Where a family has no filter, a gate closes as soon as
 * another device has a route that might lead there.
 *
 * The kernel looks up a route before our filter sees the packet.  What the filter diverts gets our
 * mark and is routed again.  Some packets go direct to an intranet even though we are away: the
 * proxy's own, answers to somebody who opened a connection to us, and DHCP.  The filter gives those
 * the spare mark.  They are routed again as well, and the fence's rule does not match that mark.
 * Without the filter nobody sets the mark, so the fence stops those packets too.
 *
 * At a site where the internet or DNS goes direct, that is granted by a gate as well.  Behind it there must be a panel
 * that closes with it, so for as long as such a grant lives, there are panels and gates for everything.  They are the
 * halves of the internet, because a default route would mean something to others.  A panel of an intranet is more
 * specific than the gates, and stays closed.  Elsewhere these panels would be in the way of all that goes direct
 * anyhow; so they go once the filter diverts, and come together with their gates.
 *
 * A route into lo, or one of type blackhole or unreachable, would not do.  Either connect() would
 * fail, or the packet would count as one to ourselves, before the filter has judged it.
 */
#include "fence.h"

#include <string.h>

#include "intranets.h"
#include "lans.h"
#include "ruleset.h"

static const char *const ip_commands[] = {
  [DIVERT_FAMILY_IPV4] = "ip",
  [DIVERT_FAMILY_IPV6] = "ip -6",
};
G_STATIC_ASSERT (G_N_ELEMENTS (ip_commands) == DIVERT_N_FAMILIES);

/* The number after the mark's table, skipping those that have a meaning for the kernel. */
static guint32
choose_table (guint32 table)
{
  if (table == 252)
    return 256;
  return table == G_MAXUINT32 ? 1 : table + 1;
}

static GArray *
select_families (const GArray   *prefixes,
                 DivertFamilies  families)
{
  GArray *selected = divert_prefixes_new ();

  for (guint i = 0; i < prefixes->len; i++)
    if ((families & (1 << divert_prefixes_index (prefixes, i)->family)) != 0)
      divert_prefixes_add (selected, divert_prefixes_index (prefixes, i));
  return selected;
}

/* No intranet is as large as one of these, because each overlaps addresses that can belong to none. */
static void
add_outer (DivertFence    *fence,
           DivertFamilies  families,
           gboolean        granted)
{
  for (guint i = 0; i < 2 * DIVERT_N_FAMILIES; i++)
    {
      const DivertPrefix half = { .family = i / 2, .length = 1, .bytes = { i % 2 * 0x80 } };

      if ((families & (1 << half.family)) == 0)
        continue;
      fence->families |= 1 << half.family;
      divert_prefixes_add (fence->panels, &half);
      if (granted)
        divert_prefixes_add (fence->gates, &half);
    }
  g_array_sort (fence->panels, (GCompareFunc) divert_prefix_compare);
  g_array_sort (fence->gates, (GCompareFunc) divert_prefix_compare);
}

gboolean
divert_fence_is_outer (const DivertFence  *fence,
                       const DivertPrefix *panel)
{
  return fence->outer && panel->length == 1;
}

guint32
divert_fence_get_panel_metric (const DivertFence  *fence,
                               const DivertPrefix *panel)
{
  return divert_fence_is_outer (fence, panel) ? DIVERT_FENCE_OUTER_METRIC : DIVERT_FENCE_PANEL_METRIC;
}

DivertFence *
divert_fence_new_empty (void)
{
  DivertFence *fence = g_new0 (DivertFence, 1);

  fence->panels = divert_prefixes_new ();
  fence->gates = divert_prefixes_new ();
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    fence->priorities[family] = DIVERT_FENCE_PRIORITY;
  return fence;
}

DivertFence *
divert_fence_new (const DivertConfig   *config,
                  const DivertDecision *decision,
                  const DivertFacts    *facts)
{
  const DivertFamilies families = config->ipv6 ? DIVERT_FAMILIES_BOTH : DIVERT_FAMILIES_IPV4;
  const gboolean granted = decision->place == DIVERT_PLACE_SITE;
  g_autoptr(GArray) intranets = NULL, direct = NULL;
  DivertFence *fence;

  if (decision->place == DIVERT_PLACE_OFF)
    return divert_fence_new_empty ();

  fence = g_new0 (DivertFence, 1);
  fence->table = choose_table (config->table);
  fence->mark = divert_ruleset_get_spare_mark (config);
  fence->mask = config->mask;
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    fence->priorities[family] = facts != NULL ? divert_precedence_choose (&facts->order[family]).fence
                                              : DIVERT_FENCE_PRIORITY;

  fence->outer = decision->internet || decision->dns;
  intranets = divert_intranets_collect (config, decision, facts);
  /* Only one of its own can be changed. */
  fence->panels = config->ipv6 && !fence->outer ? g_array_ref (intranets) : select_families (intranets, families);
  for (guint i = 0; i < fence->panels->len; i++)
    fence->families |= 1 << divert_prefixes_index (fence->panels, i)->family;
  direct = granted ? divert_prefixes_merge (decision->direct) : divert_prefixes_new ();
  fence->gates = select_families (direct, families);
  if (fence->outer)
    add_outer (fence, families, granted);
  return fence;
}

static gboolean
is_exit (const DivertDecision *decision,
         guint                 ifindex)
{
  for (guint i = 0; i < decision->exits->len; i++)
    if (((const DivertExit *) g_ptr_array_index (decision->exits, i))->ifindex == ifindex)
      return TRUE;
  return FALSE;
}

static gboolean
has_address (const DivertLink *link,
             DivertFamily      family)
{
  for (guint i = 0; i < link->addresses->len; i++)
    if (divert_prefixes_index (link->addresses, i)->family == family &&
        !divert_prefix_is_link_local (divert_prefixes_index (link->addresses, i)))
      return TRUE;
  return FALSE;
}

/* May a device that has not proved the site have a route for some of @gate, if only a default one?  Those without a
 * gateway aren't known, so an address will do.  Whether the route wins over the site's own is not asked. */
static gboolean
may_lead_elsewhere (const DivertPrefix   *gate,
                    const DivertConfig   *config,
                    const DivertDecision *decision,
                    const DivertFacts    *facts)
{
  for (guint i = 0; i < facts->links->len; i++)
    {
      const DivertLink *link = g_ptr_array_index (facts->links, i);

      if (has_address (link, gate->family) && !is_exit (decision, link->ifindex) && !g_str_equal (link->name, "lo") &&
          !divert_lans_is_inner (config, decision, facts, link))
        return TRUE;
    }
  for (guint i = 0; i < facts->routes->len; i++)
    {
      const DivertRoute *route = &g_array_index (facts->routes, DivertRoute, i);

      if (route->ifindex != 0 && !is_exit (decision, route->ifindex) &&
          divert_prefix_overlaps (&route->destination, gate))
        return TRUE;
    }
  return FALSE;
}

gboolean
divert_fence_shut_unfiltered (DivertFence          *fence,
                              DivertFamilies        filtered,
                              const DivertConfig   *config,
                              const DivertDecision *decision,
                              const DivertFacts    *facts)
{
  const guint before = fence->gates->len;

  for (guint i = before; i > 0; i--)
    {
      const DivertPrefix *gate = divert_prefixes_index (fence->gates, i - 1);

      if ((filtered & (1 << gate->family)) == 0 && !divert_fence_is_outer (fence, gate) &&
          may_lead_elsewhere (gate, config, decision, facts))
        g_array_remove_index (fence->gates, i - 1);
    }
  return fence->gates->len < before;
}

void
divert_fence_free (DivertFence *fence)
{
  if (fence == NULL)
    return;
  g_array_unref (fence->panels);
  g_array_unref (fence->gates);
  g_free (fence);
}

gboolean
divert_fence_equal (const DivertFence *a,
                    const DivertFence *b)
{
  return a->families == b->families && a->table == b->table && a->mark == b->mark && a->mask == b->mask &&
         memcmp (a->priorities, b->priorities, sizeof a->priorities) == 0 &&
         divert_prefixes_equal (a->panels, b->panels) && divert_prefixes_equal (a->gates, b->gates);
}

static void
add_rule (GString           *text,
          const DivertFence *fence,
          DivertFamily       family)
{
  g_string_append_printf (text, "%s rule add ", ip_commands[family]);
  if (fence->mark != 0)
    g_string_append_printf (text, "not fwmark 0x%x/0x%x ", fence->mark, fence->mask);
  g_string_append_printf (text, "lookup %u priority %u protocol %d\n", fence->table, fence->priorities[family],
                          DIVERT_ROUTE_PROTOCOL);
}

static void
add_routes (GString           *text,
            const DivertFence *fence,
            const GArray      *prefixes,
            gboolean           gates)
{
  for (guint i = 0; i < prefixes->len; i++)
    {
      const DivertPrefix *prefix = divert_prefixes_index (prefixes, i);
      g_autofree char *cidr = divert_prefix_to_cidr (prefix);

      g_string_append_printf (text, "%s route add %s%s%s table %u metric %d protocol %d\n", ip_commands[prefix->family],
                              gates ? "throw " : "", cidr, gates ? "" : " dev " DIVERT_FENCE_DEVICE, fence->table,
                              gates ? DIVERT_FENCE_GATE_METRIC : divert_fence_get_panel_metric (fence, prefix),
                              DIVERT_ROUTE_PROTOCOL);
    }
}

char *
divert_fence_to_text (const DivertFence *fence)
{
  g_autoptr(GString) text = g_string_new (NULL);

  add_routes (text, fence, fence->panels, FALSE);
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    if (fence->families & (1 << family))
      add_rule (text, fence, family);
  add_routes (text, fence, fence->gates, TRUE);
  return g_string_free (g_steal_pointer (&text), FALSE);
}
