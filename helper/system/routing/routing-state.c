/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: reading our ip rules and routes, which are recognised by their protocol number, and telling
 * the wanted ones from the stale ones.
 */
#include "routing-state.h"

#include "core/ruleset/fence.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

static void
add_wanted (DivertRoutingState *state,
            guint               ifindex)
{
  const DivertWantedRoute wanted = { ifindex, FALSE };

  g_array_append_val (state->wanted_routes, wanted);
}

static void
choose_wanted (DivertRoutingState *state)
{
  state->rule_wanted = (state->routing->families & (1 << state->family)) != 0;
  if (!state->rule_wanted)
    return;

  add_wanted (state, DIVERT_LOOPBACK_IFINDEX);
  for (char **uplink = state->routing->uplinks; uplink != NULL && *uplink != NULL; uplink++)
    {
      guint ifindex = if_nametoindex (*uplink);

      /* A device that has disappeared meanwhile sends nothing. */
      if (ifindex > DIVERT_LOOPBACK_IFINDEX)
        add_wanted (state, ifindex);
    }
}

static gboolean
is_wanted_rule (const DivertRoutingState   *state,
                const struct fib_rule_hdr  *rule,
                struct nlattr             **attributes)
{
  /* Anything that narrows or redirects the rule. */
  static const int foreign[] = { FRA_DST, FRA_SRC, FRA_IIFNAME, FRA_OIFNAME, FRA_GOTO, FRA_FLOW, FRA_TUN_ID, FRA_L3MDEV,
                                 FRA_UID_RANGE, FRA_IP_PROTO, FRA_SPORT_RANGE, FRA_DPORT_RANGE, FRA_SUPPRESS_IFGROUP };

  for (guint i = 0; i < G_N_ELEMENTS (foreign); i++)
    {
      if (attributes[foreign[i]] != NULL)
        return FALSE;
    }
  return rule->action == FR_ACT_TO_TBL && rule->tos == 0 && (rule->flags & FIB_RULE_INVERT) == 0 &&
         divert_netlink_get_u32 (attributes[FRA_SUPPRESS_PREFIXLEN], G_MAXUINT32) == G_MAXUINT32 &&
         divert_netlink_get_u32 (attributes[FRA_PRIORITY], 0) == DIVERT_RULE_PRIORITY &&
         divert_netlink_get_u32 (attributes[FRA_TABLE], rule->table) == state->routing->table &&
         divert_netlink_get_u32 (attributes[FRA_FWMARK], 0) == state->routing->mark &&
         divert_netlink_get_u32 (attributes[FRA_FWMASK], 0) == state->routing->mask;
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
  /* The fence's rule. */
  if (divert_netlink_get_u32 (attributes[FRA_PRIORITY], 0) == DIVERT_FENCE_PRIORITY)
    return;

  if (state->rule_wanted && !state->rule_present && is_wanted_rule (state, rule, attributes))
    state->rule_present = TRUE;
  else
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
  state->rule_present = FALSE;
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
  choose_wanted (state);

  for (guint i = 0; i < DIVERT_NETLINK_TORN_TRIES && torn; i++)
    {
      forget_seen (state);
      torn = FALSE;
      if (!dump_ours (netlink, state, &torn, &local_error))
        {
          /* A kernel without this family sends no packets of it either, so nothing is there and nothing is wanted. */
          if (g_error_matches (local_error, DIVERT_NETLINK_ERROR, EAFNOSUPPORT))
            {
              state->rule_wanted = FALSE;
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
