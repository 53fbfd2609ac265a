/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which ip rules count, and which of them come before any place for ours.
 *
 * A rule that looks into the table "local" only finds this machine's own addresses, so it takes nothing of ours.  Ours
 * go behind the first of those, because packets to our own addresses must not meet the fence.  A rule is added behind
 * those of the same priority, so one that is there before us stays before us.
 */
#include "rule-order.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "core/ruleset/ruleset.h"

typedef struct
{
  DivertRuleOrder order;
  gboolean        has_local;
  gboolean        has_ours;   /* one of our rules has been seen */
  gboolean        any_before; /* a rule of theirs was behind "local" and before ours */
  guint32         lowest;     /* of all their rules; G_MAXUINT32: there is none */
} Reading;

static gboolean
takes_packets (const struct fib_rule_hdr  *rule,
               struct nlattr             **attributes)
{
  return rule->action != FR_ACT_NOP && divert_netlink_get_u8 (attributes[FRA_L3MDEV], 0) == 0;
}

static void
see_other (Reading *reading,
           guint32  priority)
{
  reading->lowest = MIN (reading->lowest, priority);
  if (reading->has_local)
    reading->order.first = MIN (reading->order.first, priority);
  else
    reading->order.ahead = TRUE;
  reading->any_before |= reading->has_local && !reading->has_ours;
}

static void
see_rule (struct nlmsghdr *header,
          gpointer         user_data)
{
  Reading *reading = user_data;
  const struct fib_rule_hdr *rule = nlmsg_data (header);
  struct nlattr *attributes[FRA_MAX + 1];
  guint32 priority;

  if (header->nlmsg_type != RTM_NEWRULE || nlmsg_parse (header, sizeof *rule, attributes, FRA_MAX, NULL) < 0 ||
      !takes_packets (rule, attributes))
    return;
  priority = divert_netlink_get_u32 (attributes[FRA_PRIORITY], 0);
  if (divert_netlink_get_u8 (attributes[FRA_PROTOCOL], 0) == DIVERT_ROUTE_PROTOCOL)
    reading->has_ours = TRUE;
  else if (rule->action != FR_ACT_TO_TBL ||
           divert_netlink_get_u32 (attributes[FRA_TABLE], rule->table) != RT_TABLE_LOCAL)
    see_other (reading, priority);
  else if (!reading->has_local)
    {
      reading->has_local = TRUE;
      reading->order.local = priority;
    }
}

gboolean
divert_rule_order_read (DivertNetlink    *netlink,
                        DivertFamily      family,
                        DivertRuleOrder  *ret_order,
                        GError          **error)
{
  const struct fib_rule_hdr any = { .family = divert_netlink_family (family) };
  g_autoptr(DivertNetlinkMessage) msg = divert_netlink_message_new (RTM_GETRULE, 0, &any, sizeof any);
  g_autoptr(GError) local_error = NULL;
  Reading reading = { .lowest = G_MAXUINT32 };

  divert_rule_order_init (&reading.order);
  if (!divert_netlink_dump (netlink, msg, see_rule, &reading, NULL, &local_error))
    {
      /* A kernel without this family has no rules of it. */
      if (!g_error_matches (local_error, DIVERT_NETLINK_ERROR, EAFNOSUPPORT))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }
      divert_rule_order_init (&reading.order);
    }
  if (!reading.has_local)
    reading.order = (DivertRuleOrder) { 0, reading.lowest, FALSE };
  /* Nothing can be put between "local" and a rule of the same priority. */
  reading.order.ahead |= reading.any_before && reading.order.first == reading.order.local;
  *ret_order = reading.order;
  return TRUE;
}
