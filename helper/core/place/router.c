/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: a site's further routers: which of them are proven, and which subnets behind them may go direct.
 *
 * Theory of operation.  Somebody who copies a home with its gateway and the gateway's MAC address is believed (only a
 * beacon stops that).  What is behind a second router should not be his as well, so that router has to prove itself.
 * Two things are asked: the main table leads to the subnet by that router, and it has answered with a MAC address that
 * the site names.  It is asked as the gateways are, with their time limits.
 *
 * A router that doesn't answer is switched off, more often than not.  That says nothing about the rest of the site, so
 * only what is behind it is closed.  While the first answer is awaited, the site waits, because closing a subnet for a
 * moment would end its connections.  If a router answers with another address, this is not the site, or somebody in it
 * poses as the router.  Then nothing of the site goes direct.
 *
 * A default route doesn't count as a route to such a subnet, although the gateway is proven, nor does a wide network
 * mask, because a stranger's DHCP server would hand out just that.
 */
#include "router.h"

#include <glib/gi18n-lib.h>

#include "problem.h"
#include "proof-private.h"

typedef enum
{
  ROUTER_PROVEN,
  ROUTER_WAITING,
  ROUTER_SILENT,
  ROUTER_STRANGER,
} RouterState;

gboolean
divert_routers_lead (const DivertSite   *site,
                     const DivertPrefix *address,
                     const DivertPrefix *part)
{
  for (guint i = 0; i < site->routers->len; i++)
    {
      const DivertRouter *router = g_ptr_array_index (site->routers, i);

      if (divert_prefix_equal (&router->address, address) && divert_prefixes_contain (router->behind, part))
        return TRUE;
    }
  return FALSE;
}

GArray *
divert_routers_list (const DivertConfig *config)
{
  g_autoptr(GArray) addresses = divert_prefixes_new ();
  GArray *list = divert_prefixes_new ();

  for (guint i = 0; i < config->sites->len; i++)
    {
      const DivertSite *site = g_ptr_array_index (config->sites, i);

      for (guint j = 0; j < site->routers->len; j++)
        divert_prefixes_add (addresses, &((const DivertRouter *) g_ptr_array_index (site->routers, j))->address);
    }
  g_array_sort (addresses, (GCompareFunc) divert_prefix_compare);
  for (guint i = 0; i < addresses->len; i++)
    if (i == 0 || !divert_prefix_equal (divert_prefixes_index (addresses, i - 1), divert_prefixes_index (addresses, i)))
      divert_prefixes_add (list, divert_prefixes_index (addresses, i));
  return list;
}

static const DivertGateway *
find_in (const GPtrArray    *gateways,
         const DivertPrefix *address)
{
  for (guint i = 0; i < gateways->len; i++)
    {
      const DivertGateway *gateway = g_ptr_array_index (gateways, i);

      if (divert_prefix_equal (&gateway->address, address))
        return gateway;
    }
  return NULL;
}

/* NULL: no route leads by it. */
static const DivertGateway *
find (const DivertRouter *router,
      const DivertLink   *link)
{
  const DivertGateway *gateway = find_in (link->routers, &router->address);

  return gateway != NULL ? gateway : find_in (link->gateways, &router->address);
}

static RouterState
get_state (const DivertRouter  *router,
           const DivertGateway *gateway)
{
  if (gateway == NULL)
    return ROUTER_SILENT;
  for (guint i = 0; i < gateway->macs->len; i++)
    if (!divert_macs_contain (router->macs, &g_array_index (gateway->macs, DivertMac, i)))
      return ROUTER_STRANGER;
  if (gateway->state == DIVERT_GATEWAY_RESOLVED)
    return ROUTER_PROVEN;
  return gateway->state == DIVERT_GATEWAY_FAILED ? ROUTER_SILENT : ROUTER_WAITING;
}

static gboolean
is_by (const DivertRoute  *route,
       const DivertRouter *router)
{
  return route->has_gateway && divert_prefix_equal (&route->gateway, &router->address);
}

/* Does everything that goes to @prefix through @link go by @router?  A route that is wider than the one by the router
 * doesn't count.  Of two that are equal, nobody knows here which one is taken. */
static gboolean
is_routed_by (const DivertRouter *router,
              const DivertPrefix *prefix,
              const DivertLink   *link,
              const DivertFacts  *facts)
{
  int length = -1;

  for (guint i = 0; i < facts->routes->len; i++)
    {
      const DivertRoute *route = &g_array_index (facts->routes, DivertRoute, i);

      if (route->ifindex == link->ifindex && is_by (route, router) &&
          divert_prefix_contains (&route->destination, prefix))
        length = MAX (length, route->destination.length);
    }
  for (guint i = 0; i < facts->routes->len && length >= 0; i++)
    {
      const DivertRoute *route = &g_array_index (facts->routes, DivertRoute, i);

      if (route->ifindex == link->ifindex && route->destination.length >= length && !is_by (route, router) &&
          divert_prefix_overlaps (&route->destination, prefix))
        length = -1;
    }
  return length >= 0;
}

static GArray *
get_closed_by (const DivertRouter *router,
               const DivertLink   *link,
               const DivertFacts  *facts,
               gboolean            forced)
{
  const gboolean proven = forced || get_state (router, find (router, link)) == ROUTER_PROVEN;
  GArray *closed = divert_prefixes_new ();

  for (guint i = 0; i < router->behind->len; i++)
    {
      const DivertPrefix *prefix = divert_prefixes_index (router->behind, i);

      if (!proven || !is_routed_by (router, prefix, link, facts))
        divert_prefixes_add (closed, prefix);
    }
  return closed;
}

GArray *
divert_routers_get_closed (const DivertSite  *site,
                           const DivertLink  *link,
                           const DivertFacts *facts,
                           gboolean           forced)
{
  GArray *all = divert_prefixes_new ();

  for (guint i = 0; i < site->routers->len; i++)
    {
      g_autoptr(GArray) closed = get_closed_by (g_ptr_array_index (site->routers, i), link, facts, forced);

      g_array_append_vals (all, closed->data, closed->len);
    }
  return all;
}

static void
describe (GString             *text,
          const DivertRouter  *router,
          const DivertGateway *gateway)
{
  g_autofree char *address = divert_prefix_to_string (&router->address);

  if (gateway != NULL)
    divert_gateway_describe (text, gateway);
  else
    g_string_append_printf (text, "%s%s: no route by it", text->len > 0 ? ", " : "", address);
}

static char *
describe_expected (const DivertSite *site)
{
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < site->routers->len; i++)
    {
      const DivertRouter *router = g_ptr_array_index (site->routers, i);
      g_autofree char *address = divert_prefix_to_string (&router->address);
      g_autofree char *macs = divert_macs_to_string (router->macs);

      g_string_append_printf (text, "%s%s at %s", i > 0 ? ", " : "", address, macs);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

gboolean
divert_proof_weigh_router (const DivertWeighing *w,
                           DivertProof          *proof)
{
  g_autoptr(GString) found = g_string_new (NULL);

  proof->outcome = DIVERT_OUTCOME_HOLDS;
  for (guint i = 0; w->link != NULL && i < w->site->routers->len; i++)
    {
      const DivertRouter *router = g_ptr_array_index (w->site->routers, i);
      const DivertGateway *gateway = find (router, w->link);
      const RouterState state = get_state (router, gateway);

      describe (found, router, gateway);
      if (state == ROUTER_STRANGER)
        proof->outcome = DIVERT_OUTCOME_FAILS;
      else if (state == ROUTER_WAITING && proof->outcome == DIVERT_OUTCOME_HOLDS)
        proof->outcome = DIVERT_OUTCOME_PENDING;
    }
  proof->expected = describe_expected (w->site);
  proof->found = g_string_free (g_steal_pointer (&found), FALSE);
  return w->site->routers->len > 0;
}

static void
add_problem (const DivertRouter *router,
             const DivertLink   *link,
             const DivertFacts  *facts,
             gboolean            forced,
             GPtrArray          *problems)
{
  g_autoptr(GArray) closed = get_closed_by (router, link, facts, forced);
  const DivertGateway *gateway = find (router, link);
  g_autoptr(GString) detail = g_string_new (NULL);
  g_autofree char *prefixes = divert_prefixes_to_string (closed);

  if (closed->len == 0)
    return;
  describe (detail, router, gateway);
  if (forced || get_state (router, gateway) == ROUTER_PROVEN)
    g_string_append (detail, ", but another route leads there");
  g_string_append_printf (detail, " (%s)", prefixes);
  g_ptr_array_add (problems, divert_problem_new (DIVERT_PROBLEM_ROUTER, detail->str));
}

void
divert_routers_add_problems (const DivertConfig   *config,
                             const DivertDecision *decision,
                             const DivertFacts    *facts,
                             GPtrArray            *problems)
{
  const DivertSite *site =
    decision->place == DIVERT_PLACE_SITE ? divert_config_find_site (config, decision->site) : NULL;

  for (guint i = 0; site != NULL && i < decision->candidates->len; i++)
    {
      const DivertCandidate *candidate = g_ptr_array_index (decision->candidates, i);
      const DivertLink *link = divert_facts_find_link (facts, candidate->device);

      if (!candidate->proven || candidate->tunnel || link == NULL || !g_str_equal (candidate->site, site->name))
        continue;
      for (guint j = 0; j < site->routers->len; j++)
        add_problem (g_ptr_array_index (site->routers, j), link, facts,
                     divert_candidate_find_proof (candidate, DIVERT_PROOF_ROUTER) == NULL, problems);
    }
}
