/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: reading the fence's rules and routes.  They are recognised by our protocol number and by
 * what they are: the rule by its mark, the routes by their type.  (The mark's rule and routes
 * have that number as well: routing-state.c.)
 */
#include "fence-state.h"

#include "core/ruleset/ruleset.h"
#include "rule-kind.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>

static gboolean
is_wanted_rule (const DivertFenceState     *state,
                const struct fib_rule_hdr  *rule,
                struct nlattr             **attributes)
{
  /* Anything that narrows or redirects the rule. */
  static const int foreign[] = { FRA_DST, FRA_SRC, FRA_IIFNAME, FRA_OIFNAME, FRA_GOTO, FRA_FLOW, FRA_TUN_ID, FRA_L3MDEV,
                                 FRA_UID_RANGE, FRA_IP_PROTO, FRA_SPORT_RANGE, FRA_DPORT_RANGE, FRA_SUPPRESS_IFGROUP };
  const DivertFence *fence = state->fence;
  const gboolean inverted = (rule->flags & FIB_RULE_INVERT) != 0;

  for (guint i = 0; i < G_N_ELEMENTS (foreign); i++)
    {
      if (attributes[foreign[i]] != NULL)
        return FALSE;
    }
  return rule->action == FR_ACT_TO_TBL && rule->tos == 0 && inverted == (fence->mark != 0) &&
         divert_netlink_get_u32 (attributes[FRA_SUPPRESS_PREFIXLEN], G_MAXUINT32) == G_MAXUINT32 &&
         divert_netlink_get_u32 (attributes[FRA_TABLE], rule->table) == fence->table &&
         divert_netlink_get_u32 (attributes[FRA_FWMARK], 0) == fence->mark &&
         divert_netlink_get_u32 (attributes[FRA_FWMASK], 0) == (fence->mark != 0 ? fence->mask : 0);
}

static void
see_rule (struct nlmsghdr *header,
          gpointer         user_data)
{
  DivertFenceState *state = user_data;
  const struct fib_rule_hdr *rule = nlmsg_data (header);
  struct nlattr *attributes[FRA_MAX + 1];
  gboolean wanted, in_place, ours;

  if (header->nlmsg_type != RTM_NEWRULE || nlmsg_parse (header, sizeof *rule, attributes, FRA_MAX, NULL) < 0)
    return;
  ours = divert_netlink_get_u8 (attributes[FRA_PROTOCOL], 0) == DIVERT_ROUTE_PROTOCOL;
  if (ours && divert_rule_is_of_names (attributes))
    return;
  in_place = divert_netlink_get_u32 (attributes[FRA_PRIORITY], 0) == state->fence->priorities[state->family];
  if (!ours || !divert_rule_is_of_fence (rule, attributes))
    {
      state->early |= ours && in_place && state->rule != NULL;
      return;
    }

  wanted = (state->fence->families & (1 << state->family)) != 0 && is_wanted_rule (state, rule, attributes);
  if (wanted && in_place && state->rule == NULL)
    state->rule = g_memdup2 (header, header->nlmsg_len);
  else
    g_ptr_array_add (wanted && !in_place ? state->displaced_rules : state->stale_rules,
                     g_memdup2 (header, header->nlmsg_len));
}

static gboolean
get_destination (const DivertFenceState  *state,
                 const struct rtmsg      *route,
                 struct nlattr          **attributes,
                 DivertPrefix            *ret_destination)
{
  static const guint8 anywhere[16];
  const gboolean has = attributes[RTA_DST] != NULL;

  if (has && nla_len (attributes[RTA_DST]) != (int) divert_family_bytes (state->family))
    return FALSE;
  if (route->rtm_dst_len > divert_family_bits (state->family))
    return FALSE;
  *ret_destination = divert_prefix_from_bytes (state->family, has ? nla_data (attributes[RTA_DST]) : anywhere,
                                               route->rtm_dst_len);
  return TRUE;
}

/* Marks it as @found.  FALSE if it is not among @wanted, or if it is a duplicate. */
static gboolean
find (const GArray       *wanted,
      GByteArray         *present,
      const DivertPrefix *destination,
      guint8              found)
{
  guint i;

  if (!g_array_binary_search ((GArray *) wanted, destination, (GCompareFunc) divert_prefix_compare, &i) ||
      present->data[i])
    return FALSE;
  present->data[i] = found;
  return TRUE;
}

static DivertPanel
get_panel (const DivertFenceState  *state,
           const struct rtmsg      *route,
           struct nlattr          **attributes)
{
  if (route->rtm_type == RTN_UNREACHABLE)
    return DIVERT_PANEL_REFUSES;
  if (attributes[RTA_GATEWAY] != NULL || attributes[RTA_VIA] != NULL || attributes[RTA_MULTIPATH] != NULL)
    return DIVERT_PANEL_MISSING;
  return state->ifindex != 0 &&
         divert_netlink_get_u32 (attributes[RTA_OIF], 0) == state->ifindex ? DIVERT_PANEL_SWALLOWS :
                                                                                                   DIVERT_PANEL_MISSING;
}

static void
see_route (struct nlmsghdr *header,
           gpointer         user_data)
{
  DivertFenceState *state = user_data;
  const struct rtmsg *route = nlmsg_data (header);
  struct nlattr *attributes[RTA_MAX + 1];
  DivertPrefix destination;
  DivertPanel panel;
  gboolean is_gate, ours;

  if (header->nlmsg_type != RTM_NEWROUTE || nlmsg_parse (header, sizeof *route, attributes, RTA_MAX, NULL) < 0)
    return;
  /* A kernel without strict checking does not filter. */
  if (route->rtm_protocol != DIVERT_ROUTE_PROTOCOL || route->rtm_family != divert_netlink_family (state->family) ||
      route->rtm_flags & RTM_F_CLONED)
    return;
  if ((route->rtm_type != RTN_UNICAST && route->rtm_type != RTN_UNREACHABLE && route->rtm_type != RTN_THROW) ||
      !get_destination (state, route, attributes, &destination))
    return;

  is_gate = route->rtm_type == RTN_THROW;
  ours = divert_netlink_get_u32 (attributes[RTA_TABLE], route->rtm_table) == state->fence->table &&
         route->rtm_src_len == 0 && route->rtm_tos == 0;
  panel = get_panel (state, route, attributes);
  if (is_gate)
    ours = ours && divert_netlink_get_u32 (attributes[RTA_PRIORITY], 0) == DIVERT_FENCE_GATE_METRIC &&
           find (state->fence->gates, state->gates, &destination, TRUE);
  else
    ours = ours && divert_netlink_get_u32 (attributes[RTA_PRIORITY], 0) ==
                       divert_fence_get_panel_metric (state->fence, &destination) &&
           panel != DIVERT_PANEL_MISSING && find (state->fence->panels, state->panels, &destination, panel);
  if (!ours)
    g_ptr_array_add (is_gate ? state->stale_gates : state->stale_panels, g_memdup2 (header, header->nlmsg_len));
}

static void
forget_seen (DivertFenceState *state)
{
  g_clear_pointer (&state->rule, g_free);
  state->early = FALSE;
  memset (state->panels->data, DIVERT_PANEL_MISSING, state->panels->len);
  memset (state->gates->data, FALSE, state->gates->len);
  g_ptr_array_set_size (state->displaced_rules, 0);
  g_ptr_array_set_size (state->stale_rules, 0);
  g_ptr_array_set_size (state->stale_panels, 0);
  g_ptr_array_set_size (state->stale_gates, 0);
}

static gboolean
dump (DivertNetlink     *netlink,
      DivertFenceState  *state,
      gboolean          *torn,
      GError           **error)
{
  const int family = divert_netlink_family (state->family);
  const struct fib_rule_hdr rule = { .family = family };
  const struct rtmsg route = { .rtm_family = family, .rtm_protocol = DIVERT_ROUTE_PROTOCOL };
  g_autoptr(DivertNetlinkMessage) rules = divert_netlink_message_new (RTM_GETRULE, 0, &rule, sizeof rule);
  g_autoptr(DivertNetlinkMessage) routes = divert_netlink_message_new (RTM_GETROUTE, 0, &route, sizeof route);
  gboolean torn_rules, torn_routes;

  if (!divert_netlink_dump (netlink, rules, see_rule, state, &torn_rules, error) ||
      !divert_netlink_dump (netlink, routes, see_route, state, &torn_routes, error))
    return FALSE;
  *torn = torn_rules || torn_routes;
  return TRUE;
}

static GByteArray *
new_flags (guint n)
{
  GByteArray *flags = g_byte_array_sized_new (n + 1);

  g_byte_array_set_size (flags, n);
  return flags;
}

DivertFenceState *
divert_fence_state_read (DivertNetlink      *netlink,
                         const DivertFence  *fence,
                         DivertFamily        family,
                         guint               ifindex,
                         GError            **error)
{
  g_autoptr(DivertFenceState) state = g_new0 (DivertFenceState, 1);
  g_autoptr(GError) local_error = NULL;
  gboolean torn = TRUE;

  state->family = family;
  state->fence = fence;
  state->ifindex = ifindex;
  state->panels = new_flags (fence->panels->len);
  state->gates = new_flags (fence->gates->len);
  state->displaced_rules = g_ptr_array_new_with_free_func (g_free);
  state->stale_rules = g_ptr_array_new_with_free_func (g_free);
  state->stale_panels = g_ptr_array_new_with_free_func (g_free);
  state->stale_gates = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < DIVERT_NETLINK_TORN_TRIES && torn; i++)
    {
      forget_seen (state);
      if (dump (netlink, state, &torn, &local_error))
        continue;
      /* A kernel without this family sends no packets of it either. */
      state->mute = g_error_matches (local_error, DIVERT_NETLINK_ERROR, EAFNOSUPPORT);
      if (state->mute)
        break;
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  return g_steal_pointer (&state);
}

void
divert_fence_state_free (DivertFenceState *state)
{
  if (state == NULL)
    return;
  g_free (state->rule);
  g_byte_array_unref (state->panels);
  g_byte_array_unref (state->gates);
  g_ptr_array_unref (state->displaced_rules);
  g_ptr_array_unref (state->stale_rules);
  g_ptr_array_unref (state->stale_panels);
  g_ptr_array_unref (state->stale_gates);
  g_free (state);
}
