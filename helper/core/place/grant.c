/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what goes direct at a proven site, through which devices and from which addresses.
 */
#include "decision-private.h"

#include "core/facts/auto6.h"
#include "proof.h"
#include "router.h"
#include "tunnel.h"

/* A router can make a machine configure at most sixteen IPv6 addresses (Linux, ip-sysctl: max_addresses),
 * and as many temporary ones.  Beyond that, exact rules are not worth the time they take. */
#define EXACT_SOURCES_MAX 32

/* An address that arrived after the gateway's proof is not covered by it: a new network may have handed it out. */
static GArray *
link_sources (const DivertLink *link,
              gboolean          by_gateway)
{
  g_autoptr(GArray) sources = divert_prefixes_new ();
  gboolean exact = link->addresses->len <= EXACT_SOURCES_MAX;

  for (guint i = 0; i < link->addresses->len; i++)
    {
      const DivertPrefix *address = divert_prefixes_index (link->addresses, i);
      DivertPrefix source = exact ? divert_prefix_host (address) : divert_prefix_network (address);

      if (!divert_prefix_is_link_local (&source) && !(by_gateway && divert_prefixes_contain (link->fresh, address)))
        divert_prefixes_add (sources, &source);
    }
  return divert_prefixes_merge (sources);
}

static int
compare_exits (gconstpointer a,
               gconstpointer b)
{
  const DivertExit *x = *(const DivertExit *const *) a, *y = *(const DivertExit *const *) b;

  return x->ifindex < y->ifindex ? -1 : x->ifindex > y->ifindex;
}

/* A prefix that is announced here must not open the intranet of another site. */
static gboolean
is_of_another_site (const DivertConfig *config,
                    const DivertSite   *site,
                    const DivertPrefix *prefix)
{
  for (guint i = 0; i < config->sites->len; i++)
    {
      const DivertSite *other = g_ptr_array_index (config->sites, i);

      for (guint j = 0; other != site && j < other->intranet->len; j++)
        if (divert_prefix_overlaps (divert_prefixes_index (other->intranet, j), prefix))
          return TRUE;
    }
  return FALSE;
}

static void
add_auto6 (GArray             *direct,
           const DivertConfig *config,
           const DivertSite   *site,
           const DivertLink   *link)
{
  g_autoptr(GArray) own = divert_link_get_auto6 (link);

  for (guint i = 0; i < own->len; i++)
    if (!is_of_another_site (config, site, divert_prefixes_index (own, i)))
      divert_prefixes_add (direct, divert_prefixes_index (own, i));
}

static void
add_direct (GArray                *direct,
            const DivertConfig    *config,
            const DivertSite      *site,
            const DivertCandidate *candidate,
            const DivertLink      *link,
            const DivertFacts     *facts)
{
  if (candidate->tunnel)
    {
      g_autoptr(GArray) routed = divert_tunnel_get_routed (site, link, facts);

      g_array_append_vals (direct, routed->data, routed->len);
      return;
    }
  g_array_append_vals (direct, site->intranet->data, site->intranet->len);
  if (site->intranet_auto6)
    add_auto6 (direct, config, site, link);
}

/* Which device a packet takes is the kernel's choice, so what is closed by one of them is closed. */
static void
add_closed (GArray                *closed,
            const DivertSite      *site,
            const DivertCandidate *candidate,
            const DivertLink      *link,
            const DivertFacts     *facts)
{
  const gboolean forced = divert_candidate_find_proof (candidate, DIVERT_PROOF_ROUTER) == NULL;
  g_autoptr(GArray) further = candidate->tunnel ? divert_prefixes_new ()
                                                : divert_routers_get_closed (site, link, facts, forced);

  g_array_append_vals (closed, further->data, further->len);
}

void
divert_decision_grant (DivertDecision     *decision,
                       const DivertConfig *config,
                       const DivertSite   *site,
                       const DivertFacts  *facts)
{
  g_autoptr(GArray) direct = divert_prefixes_new (), closed = divert_prefixes_new ();

  decision->place = DIVERT_PLACE_SITE;
  decision->site = g_strdup (site->name);
  decision->internet = site->internet_direct;
  decision->dns = site->dns_direct;
  for (guint i = 0; i < decision->candidates->len; i++)
    {
      const DivertCandidate *candidate = g_ptr_array_index (decision->candidates, i);
      const DivertLink *link = divert_facts_find_link (facts, candidate->device);
      gboolean known = FALSE;
      DivertExit *way_out;

      if (!candidate->proven || link == NULL || !g_str_equal (candidate->site, site->name))
        continue;
      add_direct (direct, config, site, candidate, link, facts);
      add_closed (closed, site, candidate, link, facts);
      for (guint j = 0; j < decision->exits->len && !known; j++)
        known = ((DivertExit *) g_ptr_array_index (decision->exits, j))->ifindex == link->ifindex;
      if (known)
        continue;

      way_out = g_new0 (DivertExit, 1);
      way_out->device = g_strdup (candidate->device);
      way_out->ifindex = link->ifindex;
      way_out->sources = link_sources (link, divert_candidate_find_proof (candidate, DIVERT_PROOF_GATEWAY_MAC) != NULL);
      g_ptr_array_add (decision->exits, way_out);
    }

  g_ptr_array_sort (decision->exits, compare_exits);
  g_array_unref (decision->direct);
  decision->direct = divert_prefixes_without (direct, closed);
}
