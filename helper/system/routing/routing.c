/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: writing our ip rules and our routes, with one code path for both families.
 *
 * Theory of operation.  We read everything of ours.  Each item is either wanted or stale: a
 * duplicate, or left from an earlier configuration.  What is missing is added, routes first; what
 * is stale is deleted, rules first.  So a rule never points into an empty table, from which a
 * packet would go on to the main table.
 *
 * Additions are exclusive, because otherwise the kernel would create duplicates.  Deletions send
 * the kernel's own description back unchanged, because a less specific one might hit somebody
 * else's rule.
 */
#include "routing.h"

#include "routing-state.h"
#include "system/base/fault.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <netlink/route/route.h>
#include <netlink/route/rule.h>

/* The rules and the route that we left in a family. */
typedef struct
{
  guint    rules;
  guint32  mark, mask, table, priority;
} Left;

struct DivertRoutes
{
  DivertNetlink *netlink;
  Left           left[DIVERT_N_FAMILIES];
  DivertParts    changed;  /* found, and not told yet */
};

typedef struct
{
  DivertNetlink            *netlink;
  const DivertRoutingState *state;
  gboolean                  wrote;
} Writer;

DivertRoutes *
divert_routes_new (GError **error)
{
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_ROUTE, error);
  DivertRoutes *routes;

  if (netlink == NULL)
    return NULL;
  routes = g_new0 (DivertRoutes, 1);
  routes->netlink = g_steal_pointer (&netlink);
  return routes;
}

void
divert_routes_free (DivertRoutes *routes)
{
  if (routes == NULL)
    return;
  divert_netlink_free (routes->netlink);
  g_free (routes);
}

static gboolean
reach_fault_point (const Writer  *writer,
                   const char    *name,
                   GError       **error)
{
  const char *family = divert_family_name (writer->state->family);

  if (!divert_fault_point ("%s:%s", name, family))
    return TRUE;
  g_set_error (error, DIVERT_NETLINK_ERROR, ECANCELED, "fault point %s:%s", name, family);
  return FALSE;
}

static gboolean
write_one (Writer                *writer,
           const char            *before,
           const char            *after,
           DivertNetlinkMessage  *msg,
           GError               **error)
{
  if (!reach_fault_point (writer, before, error) ||
      !divert_netlink_request (writer->netlink, msg, NULL, NULL, error))
    return FALSE;
  writer->wrote = TRUE;
  return reach_fault_point (writer, after, error);
}

static DivertNetlinkMessage *
build_route (const DivertRoutingState *state,
             guint                     ifindex)
{
  const int family = divert_netlink_family (state->family);
  struct rtnl_route *route = rtnl_route_alloc ();
  struct rtnl_nexthop *hop = rtnl_route_nh_alloc ();
  struct nl_addr *anywhere = nl_addr_build (family, NULL, 0);
  DivertNetlinkMessage *msg = NULL;

  nl_addr_set_prefixlen (anywhere, 0);
  rtnl_route_set_family (route, family);
  rtnl_route_set_table (route, state->routing->table);
  rtnl_route_set_protocol (route, DIVERT_ROUTE_PROTOCOL);
  rtnl_route_set_type (route, RTN_LOCAL);
  rtnl_route_set_scope (route, RT_SCOPE_HOST);
  rtnl_route_set_priority (route, ifindex);
  rtnl_route_set_dst (route, anywhere);
  rtnl_route_nh_set_ifindex (hop, ifindex);
  rtnl_route_add_nexthop (route, hop);
  if (rtnl_route_build_add_request (route, NLM_F_CREATE | NLM_F_EXCL, &msg) < 0)
    g_error ("no memory for a route");

  nl_addr_put (anywhere);
  rtnl_route_put (route);
  return msg;
}

/* Of what is for the loopback addresses. */
static void
set_loopback (struct rtnl_rule *rule,
              DivertFamily      family)
{
  struct nl_addr *loopback = NULL;

  if (nl_addr_parse (divert_routing_get_loopback (family), divert_netlink_family (family), &loopback) < 0 ||
      rtnl_rule_set_dst (rule, loopback) < 0)
    g_error ("no memory for a rule");
  nl_addr_put (loopback);
}

static DivertNetlinkMessage *
build_rule (const DivertRoutingState *state,
            DivertRoutingRule         kind)
{
  struct rtnl_rule *rule = rtnl_rule_alloc ();
  DivertNetlinkMessage *msg = NULL;

  rtnl_rule_set_family (rule, divert_netlink_family (state->family));
  rtnl_rule_set_action (rule, FR_ACT_TO_TBL);
  rtnl_rule_set_prio (rule, divert_routing_state_priority (state, kind));
  if (kind == DIVERT_ROUTING_RULE_MARK)
    {
      rtnl_rule_set_mark (rule, state->routing->mark);
      rtnl_rule_set_mask (rule, state->routing->mask);
    }
  else
    set_loopback (rule, state->family);
  rtnl_rule_set_table (rule, state->routing->table);
  rtnl_rule_set_protocol (rule, DIVERT_ROUTE_PROTOCOL);
  if (rtnl_rule_build_add_request (rule, NLM_F_CREATE | NLM_F_EXCL, &msg) < 0)
    g_error ("no memory for a rule");

  rtnl_rule_put (rule);
  return msg;
}

/* Is the device unable to send packets of this family?  Then there is nothing to catch on it, and an
 * event will tell us when that changes. */
static gboolean
is_mute (guint         ifindex,
         const GError *error)
{
  if (error->domain != DIVERT_NETLINK_ERROR)
    return FALSE;
  /* IPv6 is disabled there.  If it is disabled on lo, that is usually true of all devices.  If one of
   * them still has it, the mark finds no route there, and the leak guard drops the packet. */
  if (error->code == EACCES)
    return TRUE;
  return ifindex != DIVERT_LOOPBACK_IFINDEX &&
         (error->code == ENODEV || error->code == ENXIO || error->code == ENETDOWN);
}

static gboolean
add_route (Writer   *writer,
           guint     ifindex,
           GError  **error)
{
  g_autoptr(DivertNetlinkMessage) msg = build_route (writer->state, ifindex);
  g_autoptr(GError) local_error = NULL;

  if (write_one (writer, "route-add", "route-added", msg, &local_error))
    return TRUE;
  /* EEXIST: it was there after all, but a torn dump missed it. */
  if (is_mute (ifindex, local_error) || g_error_matches (local_error, DIVERT_NETLINK_ERROR, EEXIST))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

static gboolean
add_rule (Writer             *writer,
          DivertRoutingRule   kind,
          GError            **error)
{
  g_autoptr(DivertNetlinkMessage) msg = build_rule (writer->state, kind);
  g_autoptr(GError) local_error = NULL;

  if (write_one (writer, "rule-add", "rule-added", msg, &local_error))
    return TRUE;
  /* Somebody else has an identical rule.  That will do, and its removal is an event. */
  if (g_error_matches (local_error, DIVERT_NETLINK_ERROR, EEXIST))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

static gboolean
delete_all (Writer           *writer,
            const char       *before,
            const char       *after,
            int               type,
            const GPtrArray  *stale,
            GError          **error)
{
  for (guint i = 0; i < stale->len; i++)
    {
      struct nlmsghdr *seen = g_ptr_array_index (stale, i);
      g_autoptr(DivertNetlinkMessage) msg = divert_netlink_message_new (type, 0, nlmsg_data (seen),
                                                                        nlmsg_datalen (seen));
      g_autoptr(GError) local_error = NULL;

      if (write_one (writer, before, after, msg, &local_error))
        continue;
      /* Gone meanwhile: ENOENT for a rule, ESRCH for a route, ENODEV for its device. */
      if (local_error->domain == DIVERT_NETLINK_ERROR &&
          (local_error->code == ENOENT || local_error->code == ESRCH || local_error->code == ENODEV))
        continue;
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  return TRUE;
}

static gboolean
write_difference (Writer  *writer,
                  GError **error)
{
  const DivertRoutingState *state = writer->state;

  for (guint i = 0; i < state->wanted_routes->len; i++)
    {
      const DivertWantedRoute *wanted = &g_array_index (state->wanted_routes, DivertWantedRoute, i);

      if (!wanted->present && !add_route (writer, wanted->ifindex, error))
        return FALSE;
    }
  for (guint kind = 0; kind < DIVERT_N_ROUTING_RULES; kind++)
    if ((state->rules_wanted & ~state->rules_present & (1u << kind)) != 0 && !add_rule (writer, kind, error))
      return FALSE;
  return delete_all (writer, "rule-delete", "rule-deleted", RTM_DELRULE, state->stale_rules, error) &&
         delete_all (writer, "route-delete", "route-deleted", RTM_DELROUTE, state->stale_routes, error);
}

/* Is what we left missing, although it is still wanted? */
static gboolean
has_drifted (const Left               *left,
             const DivertRoutingState *state)
{
  const DivertRouting *routing = state->routing;

  return left->rules != 0 && state->rules_wanted == left->rules && left->mark == routing->mark &&
         left->mask == routing->mask && left->table == routing->table &&
         left->priority == routing->priorities[state->family] &&
         (state->rules_present != left->rules || !g_array_index (state->wanted_routes, DivertWantedRoute, 0).present);
}

gboolean
divert_routes_apply (DivertRoutes         *routes,
                     const DivertRouting  *routing,
                     DivertFamily          family,
                     gboolean             *ret_wrote,
                     GError              **error)
{
  g_autoptr(DivertRoutingState) state = divert_routing_state_read (routes->netlink, routing, family, error);
  Writer writer = { routes->netlink, state, FALSE };
  gboolean drifted;

  if (state == NULL)
    return FALSE;
  drifted = has_drifted (&routes->left[family], state);
  if (!write_difference (&writer, error))
    {
      g_prefix_error (error, _("cannot lay %s routing: "), divert_family_name (family));
      return FALSE;
    }
  /* Where IPv6 is switched off on lo, the route cannot be had, and that is nobody's change. */
  if (drifted && writer.wrote)
    routes->changed |= divert_part_of (DIVERT_PART_ROUTING_IPV4, family);
  routes->left[family] = (Left) { state->rules_wanted, routing->mark, routing->mask, routing->table,
                                    routing->priorities[family] };
  if (ret_wrote != NULL)
    *ret_wrote = writer.wrote;
  return TRUE;
}

DivertParts
divert_routes_take_drift (DivertRoutes *routes)
{
  const DivertParts changed = routes->changed;

  routes->changed = 0;
  return changed;
}

guint32
divert_routes_get_port (const DivertRoutes *routes)
{
  return divert_netlink_get_port (routes->netlink);
}
