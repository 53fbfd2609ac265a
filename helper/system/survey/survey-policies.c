/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: reading everybody's ip rules, and asking the kernel which way packets with our mark take.
 */
#include "survey-private.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "system/netlink/netlink.h"

#define LOOPBACK_IFINDEX 1

/* Conditions that the value has no field for. */
static gboolean
has_more (struct nlattr **attributes)
{
  return attributes[FRA_FLOW] != NULL || attributes[FRA_TUN_ID] != NULL ||
         divert_netlink_get_u32 (attributes[FRA_SUPPRESS_IFGROUP], G_MAXUINT32) != G_MAXUINT32;
}

static DivertPolicyAction
read_action (const struct fib_rule_hdr  *rule,
             struct nlattr             **attributes)
{
  switch (rule->action)
    {
    case FR_ACT_TO_TBL:
      return divert_netlink_get_u8 (attributes[FRA_L3MDEV], 0) != 0 ? DIVERT_POLICY_NONE : DIVERT_POLICY_LOOKUP;
    case FR_ACT_GOTO:
      return DIVERT_POLICY_GOTO;
    case FR_ACT_BLACKHOLE:
    case FR_ACT_UNREACHABLE:
    case FR_ACT_PROHIBIT:
      return DIVERT_POLICY_REFUSE;
    default:
      return DIVERT_POLICY_NONE;
    }
}

static void
read_ports (struct nlattr *attribute,
            guint16       *ret_first,
            guint16       *ret_last)
{
  const struct fib_rule_port_range *range;

  if (attribute == NULL || nla_len (attribute) < (int) sizeof *range)
    return;
  range = nla_data (attribute);
  *ret_first = range->start;
  *ret_last = range->end;
}

static void
read_uids (struct nlattr *attribute,
           DivertPolicy  *policy)
{
  const struct fib_rule_uid_range *range;

  if (attribute == NULL || nla_len (attribute) < (int) sizeof *range)
    return;
  range = nla_data (attribute);
  policy->has_uids = TRUE;
  policy->uid = range->start;
  policy->uid_last = range->end;
}

static void
read_name (struct nlattr *attribute,
           char           name[16])
{
  if (attribute != NULL)
    nla_strlcpy (name, attribute, 16);
}

static void
read_conditions (const struct fib_rule_hdr  *rule,
                 struct nlattr             **attributes,
                 DivertPolicy               *policy)
{
  policy->has_source = divert_netlink_get_address (attributes[FRA_SRC], rule->family, &policy->source);
  policy->has_destination = divert_netlink_get_address (attributes[FRA_DST], rule->family, &policy->destination);
  policy->source.length = MIN (rule->src_len, divert_family_bits (policy->family));
  policy->destination.length = MIN (rule->dst_len, divert_family_bits (policy->family));
  policy->tos = rule->tos;
  policy->invert = (rule->flags & FIB_RULE_INVERT) != 0;
  policy->mark = divert_netlink_get_u32 (attributes[FRA_FWMARK], 0);
  policy->mask = divert_netlink_get_u32 (attributes[FRA_FWMASK], policy->mark != 0 ? G_MAXUINT32 : 0);
  read_name (attributes[FRA_IIFNAME], policy->in_interface);
  read_name (attributes[FRA_OIFNAME], policy->out_interface);
  policy->protocol = divert_netlink_get_u8 (attributes[FRA_IP_PROTO], 0);
  read_ports (attributes[FRA_SPORT_RANGE], &policy->sport, &policy->sport_last);
  read_ports (attributes[FRA_DPORT_RANGE], &policy->dport, &policy->dport_last);
  read_uids (attributes[FRA_UID_RANGE], policy);
  policy->has_more = has_more (attributes);
}

static void
see_policy (struct nlmsghdr *header,
            gpointer         user_data)
{
  const struct fib_rule_hdr *rule = nlmsg_data (header);
  struct nlattr *attributes[FRA_MAX + 1];
  DivertPolicy policy = { 0 };

  if (header->nlmsg_type != RTM_NEWRULE || nlmsg_parse (header, sizeof *rule, attributes, FRA_MAX, NULL) < 0)
    return;
  policy.family = rule->family == AF_INET6 ? DIVERT_FAMILY_IPV6 : DIVERT_FAMILY_IPV4;
  policy.ours = divert_netlink_get_u8 (attributes[FRA_PROTOCOL], 0) == DIVERT_ROUTE_PROTOCOL;
  policy.priority = divert_netlink_get_u32 (attributes[FRA_PRIORITY], 0);
  read_conditions (rule, attributes, &policy);
  policy.action = read_action (rule, attributes);
  policy.table = divert_netlink_get_u32 (attributes[FRA_TABLE], rule->table);
  policy.target = divert_netlink_get_u32 (attributes[FRA_GOTO], 0);
  policy.suppress_prefixlength = (int) divert_netlink_get_u32 (attributes[FRA_SUPPRESS_PREFIXLEN], G_MAXUINT32);
  divert_survey_add_policy (user_data, &policy);
}

static gboolean
read_family (DivertNetlink *netlink,
             DivertFamily   family,
             DivertSurvey  *survey)
{
  const struct fib_rule_hdr header = { .family = divert_netlink_family (family) };
  g_autoptr(DivertNetlinkMessage) msg = divert_netlink_message_new (RTM_GETRULE, 0, &header, sizeof header);
  g_autoptr(GError) error = NULL;

  /* A kernel without this family has no rules of it. */
  return divert_netlink_dump (netlink, msg, see_policy, survey, NULL, &error) ||
         g_error_matches (error, DIVERT_NETLINK_ERROR, EAFNOSUPPORT);
}

void
divert_survey_read_policies (DivertSurvey *survey)
{
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_ROUTE, NULL);

  if (netlink == NULL || !read_family (netlink, DIVERT_FAMILY_IPV4, survey) ||
      !read_family (netlink, DIVERT_FAMILY_IPV6, survey))
    survey->unread |= 1u << DIVERT_SOURCE_POLICIES;
}

static void
see_way (struct nlmsghdr *header,
         gpointer         user_data)
{
  const struct rtmsg *route = nlmsg_data (header);
  struct nlattr *attributes[RTA_MAX + 1];
  DivertWay *way = user_data;

  if (header->nlmsg_type != RTM_NEWROUTE || nlmsg_parse (header, sizeof *route, attributes, RTA_MAX, NULL) < 0)
    return;
  way->answered = TRUE;
  way->table = divert_netlink_get_u32 (attributes[RTA_TABLE], route->rtm_table);
  way->to_lo = divert_netlink_get_u32 (attributes[RTA_OIF], 0) == LOOPBACK_IFINDEX;
}

void
divert_survey_read_ways (DivertSurvey *survey,
                         guint32       mark,
                         const GArray *destinations)
{
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_ROUTE, NULL);

  for (guint i = 0; netlink != NULL && i < destinations->len; i++)
    {
      DivertWay way = { .destination = *divert_prefixes_index (destinations, i) };
      const struct rtmsg question = {
        .rtm_family = divert_netlink_family (way.destination.family),
        .rtm_dst_len = divert_family_bits (way.destination.family),
        .rtm_flags = RTM_F_LOOKUP_TABLE,
      };
      g_autoptr(DivertNetlinkMessage) msg = divert_netlink_message_new (RTM_GETROUTE, 0, &question, sizeof question);

      nla_put (msg, RTA_DST, divert_family_bytes (way.destination.family), way.destination.bytes);
      nla_put_u32 (msg, RTA_MARK, mark);
      divert_netlink_request (netlink, msg, see_way, &way, NULL);
      divert_survey_add_way (survey, &way);
    }
}
