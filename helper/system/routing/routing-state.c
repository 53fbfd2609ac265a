/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: reading our ip rules and routes, which are recognised by their protocol number, and telling
 * the wanted ones from the stale ones.
 */
#include "routing-state.h"

#include "rule-kind.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>

static void
add_wanted (DivertRoutingState *state,
            guint               ifindex)
{
  const DivertWantedRoute wanted = { ifindex, FALSE };

  g_array_append_val (state->wanted_routes, wanted);
}

static void
choose_wanted (DivertRoutingState *state,
               DivertNetlink      *netlink)
{
  if ((state->routing->families & (1 << state->family)) == 0)
    return;
  state->rules_wanted = 1u << DIVERT_ROUTING_RULE_MARK;
  if (state->routing->names)
    state->rules_wanted |= 1u << DIVERT_ROUTING_RULE_LOOPBACK;
  add_wanted (state, DIVERT_LOOPBACK_IFINDEX);
  for (char **uplink = state->routing->uplinks; uplink != NULL && *uplink != NULL; uplink++)
    {
      const guint ifindex = divert_netlink_find_device (netlink, *uplink);

      /* A device that has disappeared meanwhile sends nothing. */
      if (ifindex > DIVERT_LOOPBACK_IFINDEX)
        add_wanted (state, ifindex);
    }
}

/* Is the destination the one for @kind? */
static gboolean
has_destination (const DivertRoutingState   *state,
                 DivertRoutingRule           kind,
                 const struct fib_rule_hdr  *rule,
                 struct nlattr             **attributes)
{
  const struct nlattr *destination = attributes[FRA_DST];
  DivertPrefix loopback;

  if (kind == DIVERT_ROUTING_RULE_MARK)
    return destination == NULL;
  g_assert (divert_prefix_parse (divert_routing_get_loopback (state->family), &loopback, NULL));
  return destination != NULL && rule->dst_len == loopback.length &&
         nla_len (destination) == (int) divert_family_bytes (state->family) &&
         memcmp (nla_data (destination), loopback.bytes, nla_len (destination)) == 0;
}

static gboolean
is_wanted_rule (const DivertRoutingState   *state,
                DivertRoutingRule           kind,
                const struct fib_rule_hdr  *rule,
                struct nlattr             **attributes)
{
  /* Anything that narrows or redirects the rule. */
  static const int foreign[] = { FRA_SRC, FRA_IIFNAME, FRA_OIFNAME, FRA_GOTO, FRA_FLOW, FRA_TUN_ID, FRA_L3MDEV,
                                 FRA_UID_RANGE, FRA_IP_PROTO, FRA_SPORT_RANGE, FRA_DPORT_RANGE, FRA_SUPPRESS_IFGROUP };
  const gboolean is_mark = kind == DIVERT_ROUTING_RULE_MARK;

  for (guint i = 0; i < G_N_ELEMENTS (foreign); i++)
    {
      if (attributes[foreign[i]] != NULL)
        return FALSE;
    }
  return has_destination (state, kind, rule, attributes) && rule->action == FR_ACT_TO_TBL && rule->tos == 0 &&
         (rule->flags & FIB_RULE_INVERT) == 0 &&
         divert_netlink_get_u32 (attributes[FRA_SUPPRESS_PREFIXLEN], G_MAXUINT32) == G_MAXUINT32 &&
         divert_netlink_get_u32 (attributes[FRA_PRIORITY], 0) == divert_routing_state_priority (state, kind) &&
         divert_netlink_get_u32 (attributes[FRA_TABLE], rule->table) == state->routing->table &&
         divert_netlink_get_u32 (attributes[FRA_FWMARK], 0) == (is_mark ? state->routing->mark : 0) &&
         divert_netlink_get_u32 (attributes[FRA_FWMASK], 0) == (is_mark ? state->routing->mask : 0);
}

static void
see_rule (struct nlmsghdr *header,
          gpointer         user_data)
{
  DivertRoutingState *state = user_data;
  const struct fib_rule_hdr *rule = nlmsg_data (header);
  struct nlattr *attributes[FRA_MAX + 1];

  if (header->nlmsg_type != RTM_NEWRULE || nlmsg_parse (header, sizeof *rule, attributes, FRA_MAX, NULL) < 0)
    return;
  if (attributes[FRA_PROTOCOL] == NULL || nla_get_u8 (attributes[FRA_PROTOCOL]) != DIVERT_ROUTE_PROTOCOL)
    return;
  if (!divert_rule_is_of_names (attributes) && divert_rule_is_of_fence (rule, attributes))
    return;

  for (guint kind = 0; kind < DIVERT_N_ROUTING_RULES; kind++)
    if ((state->rules_wanted & ~state->rules_present & (1u << kind)) != 0 &&
        is_wanted_rule (state, kind, rule, attributes))
      {
        state->rules_present |= 1u << kind;
        return;
      }
  g_ptr_array_add (state->stale_rules, g_memdup2 (header, header->nlmsg_len));
}

static DivertWantedRoute *
find_wanted_route (const DivertRoutingState  *state,
                   const struct rtmsg        *route,
                   struct nlattr            **attributes)
{
  if (route->rtm_type != RTN_LOCAL || route->rtm_dst_len != 0 || route->rtm_src_len != 0 || route->rtm_tos != 0)
    return NULL;
  if (attributes[RTA_GATEWAY] != NULL || attributes[RTA_VIA] != NULL || attributes[RTA_MULTIPATH] != NULL ||
      attributes[RTA_PREFSRC] != NULL ||
      divert_netlink_get_u32 (attributes[RTA_TABLE], route->rtm_table) != state->routing->table)
    return NULL;

  for (guint i = 0; i < state->wanted_routes->len; i++)
    {
      DivertWantedRoute *wanted = &g_array_index (state->wanted_routes, DivertWantedRoute, i);

      if (!wanted->present && divert_netlink_get_u32 (attributes[RTA_OIF], 0) == wanted->ifindex &&
          divert_netlink_get_u32 (attributes[RTA_PRIORITY], 0) == wanted->ifindex)
        return wanted;
    }
  return NULL;
}

static void
see_route (struct nlmsghdr *header,
           gpointer         user_data)
{
  DivertRoutingState *state = user_data;
  const struct rtmsg *route = nlmsg_data (header);
  struct nlattr *attributes[RTA_MAX + 1];
  DivertWantedRoute *wanted;

  if (header->nlmsg_type != RTM_NEWROUTE || nlmsg_parse (header, sizeof *route, attributes, RTA_MAX, NULL) < 0)
    return;
  /* A kernel without strict checking does not filter. */
  if (route->rtm_protocol != DIVERT_ROUTE_PROTOCOL || route->rtm_family != divert_netlink_family (state->family) ||
      route->rtm_flags & RTM_F_CLONED)
    return;
  /* The others belong to the fence. */
  if (route->rtm_type != RTN_LOCAL)
    return;

  wanted = find_wanted_route (state, route, attributes);
  if (wanted != NULL)
    wanted->present = TRUE;
  else
    g_ptr_array_add (state->stale_routes, g_memdup2 (header, header->nlmsg_len));
}

static void
forget_seen (DivertRoutingState *state)
{
  state->rules_present = 0;
  for (guint i = 0; i < state->wanted_routes->len; i++)
    g_array_index (state->wanted_routes, DivertWantedRoute, i).present = FALSE;
  g_ptr_array_set_size (state->stale_rules, 0);
  g_ptr_array_set_size (state->stale_routes, 0);
}

static gboolean
dump (DivertNetlink         *netlink,
      DivertNetlinkMessage  *msg,
      DivertNetlinkVisit     see,
      DivertRoutingState    *state,
      gboolean              *torn,
      GError               **error)
{
  gboolean this_torn = FALSE;

  if (!divert_netlink_dump (netlink, msg, see, state, &this_torn, error))
    return FALSE;
  *torn |= this_torn;
  return TRUE;
}

static gboolean
dump_ours (DivertNetlink       *netlink,
           DivertRoutingState  *state,
           gboolean            *torn,
           GError             **error)
{
  const struct fib_rule_hdr rule = { .family = divert_netlink_family (state->family) };
  const struct rtmsg route = { .rtm_family = divert_netlink_family (state->family),
                               .rtm_protocol = DIVERT_ROUTE_PROTOCOL };
  g_autoptr(DivertNetlinkMessage) rules = divert_netlink_message_new (RTM_GETRULE, 0, &rule, sizeof rule);
  g_autoptr(DivertNetlinkMessage) routes = divert_netlink_message_new (RTM_GETROUTE, 0, &route, sizeof route);

  return dump (netlink, rules, see_rule, state, torn, error) && dump (netlink, routes, see_route, state, torn, error);
}

DivertRoutingState *
divert_routing_state_read (DivertNetlink        *netlink,
                           const DivertRouting  *routing,
                           DivertFamily          family,
                           GError              **error)
{
  g_autoptr(DivertRoutingState) state = g_new0 (DivertRoutingState, 1);
  g_autoptr(GError) local_error = NULL;
  gboolean torn = TRUE;

  state->family = family;
  state->routing = routing;
  state->wanted_routes = g_array_new (FALSE, FALSE, sizeof (DivertWantedRoute));
  state->stale_rules = g_ptr_array_new_with_free_func (g_free);
  state->stale_routes = g_ptr_array_new_with_free_func (g_free);
  choose_wanted (state, netlink);

  for (guint i = 0; i < DIVERT_NETLINK_TORN_TRIES && torn; i++)
    {
      forget_seen (state);
      torn = FALSE;
      if (!dump_ours (netlink, state, &torn, &local_error))
        {
          /* A kernel without this family sends no packets of it either, so nothing is there and nothing is wanted. */
          if (g_error_matches (local_error, DIVERT_NETLINK_ERROR, EAFNOSUPPORT))
            {
              state->rules_wanted = 0;
              g_array_set_size (state->wanted_routes, 0);
              return g_steal_pointer (&state);
            }
          g_propagate_prefixed_error (error, g_steal_pointer (&local_error), _("cannot read %s routing: "),
                                      divert_family_name (family));
          return NULL;
        }
    }
  return g_steal_pointer (&state);
}

void
divert_routing_state_free (DivertRoutingState *state)
{
  if (state == NULL)
    return;
  g_array_unref (state->wanted_routes);
  g_ptr_array_unref (state->stale_rules);
  g_ptr_array_unref (state->stale_routes);
  g_free (state);
}
