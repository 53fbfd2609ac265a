/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the messages that make the fence, and which of the kernel's refusals do not matter.
 *
 * Additions are exclusive, because otherwise the kernel would create duplicates.  Deletions send
 * the kernel's own description back unchanged, because a less specific one might hit somebody
 * else's rule or route.
 */
#include "fence-writer.h"

#include "fence-way.h"

#include "core/ruleset/ruleset.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

void
divert_fence_writer_clear (DivertFenceWriter *w)
{
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    divert_fence_state_free (w->states[family]);
  g_clear_pointer (&w->batch, divert_netlink_batch_free);
  g_clear_error (&w->error);
}

gboolean
divert_fence_writer_read (DivertFenceWriter  *w,
                          DivertNetlink      *netlink,
                          const DivertFence  *fence,
                          guint               ifindex,
                          GError            **error)
{
  w->netlink = netlink;
  w->fence = fence;
  w->ifindex = ifindex;
  w->batch = divert_netlink_batch_new ();
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      w->states[family] = divert_fence_state_read (netlink, fence, family, ifindex, error);
      if (w->states[family] == NULL)
        return FALSE;
    }
  return TRUE;
}

static void
put_dumped (DivertFenceWriter     *w,
            int                    type,
            int                    flags,
            const struct nlmsghdr *seen)
{
  divert_netlink_batch_begin (w->batch, type, flags, nlmsg_data (seen), nlmsg_datalen (seen));
}

void
divert_fence_writer_delete (DivertFenceWriter *w,
                            int                type,
                            const GPtrArray   *seen)
{
  for (guint i = 0; i < seen->len; i++)
    put_dumped (w, type, 0, seen->pdata[i]);
}

static void
put_route (DivertFenceWriter  *w,
           int                 request,
           int                 flags,
           const DivertPrefix *prefix,
           guint               type)
{
  const struct rtmsg route = {
    .rtm_family = divert_netlink_family (prefix->family),
    .rtm_dst_len = prefix->length,
    .rtm_protocol = DIVERT_ROUTE_PROTOCOL,
    .rtm_type = type,
    .rtm_scope = type == RTN_UNICAST ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
  };

  divert_netlink_batch_begin (w->batch, request, flags, &route, sizeof route);
  divert_netlink_batch_put (w->batch, RTA_DST, prefix->bytes, divert_family_bytes (prefix->family));
  divert_netlink_batch_put_u32 (w->batch, RTA_TABLE, w->fence->table);
  divert_netlink_batch_put_u32 (w->batch, RTA_PRIORITY, type == RTN_THROW
                                ? DIVERT_FENCE_GATE_METRIC : divert_fence_get_panel_metric (w->fence, prefix));
  if (type == RTN_UNICAST)
    divert_netlink_batch_put_u32 (w->batch, RTA_OIF, w->ifindex);
}

void
divert_fence_writer_put_route (DivertFenceWriter  *w,
                               int                 flags,
                               const DivertPrefix *prefix,
                               guint               type)
{
  put_route (w, RTM_NEWROUTE, NLM_F_CREATE | flags, prefix, type);
}

/* A panel of the internet comes last: divert_fence_writer_add_outer(). */
guint
divert_fence_writer_add_missing (DivertFenceWriter *w,
                                 DivertFamily       family,
                                 const GArray      *prefixes,
                                 const GByteArray  *present,
                                 guint              type)
{
  guint n = 0;

  for (guint i = 0; i < prefixes->len; i++)
    {
      const DivertPrefix *prefix = divert_prefixes_index (prefixes, i);

      if (prefix->family != family || present->data[i] ||
          (type != RTN_THROW && divert_fence_is_outer (w->fence, prefix)))
        continue;
      divert_fence_writer_put_route (w, NLM_F_EXCL, prefix, type);
      n++;
    }
  return n;
}

void
divert_fence_writer_add_outer (DivertFenceWriter *w,
                               DivertFamily       family)
{
  const DivertFenceState *state = w->states[family];
  gboolean by_default;

  for (guint i = 0; i < w->fence->panels->len; i++)
    {
      const DivertPrefix *panel = divert_prefixes_index (w->fence->panels, i);

      if (panel->family == family && !state->panels->data[i] && divert_fence_is_outer (w->fence, panel))
        divert_fence_writer_put_route (w, NLM_F_EXCL, panel,
                                       divert_fence_is_routable (w->netlink, w->fence, panel, &by_default)
                                           ? RTN_UNICAST : RTN_UNREACHABLE);
    }
}

static void
put_rule (DivertFenceWriter *w,
          int                request,
          int                flags,
          DivertFamily       family)
{
  const struct fib_rule_hdr rule = {
    .family = divert_netlink_family (family),
    .action = FR_ACT_TO_TBL,
    .flags = w->fence->mark != 0 ? FIB_RULE_INVERT : 0,
  };

  divert_netlink_batch_begin (w->batch, request, flags, &rule, sizeof rule);
  divert_netlink_batch_put_u32 (w->batch, FRA_PRIORITY, w->fence->priorities[family]);
  divert_netlink_batch_put_u32 (w->batch, FRA_TABLE, w->fence->table);
  divert_netlink_batch_put_u8 (w->batch, FRA_PROTOCOL, DIVERT_ROUTE_PROTOCOL);
  if (w->fence->mark != 0)
    {
      divert_netlink_batch_put_u32 (w->batch, FRA_FWMARK, w->fence->mark);
      divert_netlink_batch_put_u32 (w->batch, FRA_FWMASK, w->fence->mask);
    }
}

void
divert_fence_writer_add_rule (DivertFenceWriter *w,
                              DivertFamily       family)
{
  put_rule (w, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, family);
}

/* Not exclusive: for a moment there are two copies of the rule. */
void
divert_fence_writer_renew_rule (DivertFenceWriter     *w,
                                const struct nlmsghdr *rule)
{
  put_dumped (w, RTM_NEWRULE, NLM_F_CREATE, rule);
  put_dumped (w, RTM_DELRULE, 0, rule);
}

void
divert_fence_writer_shut (DivertFenceWriter *w)
{
  gboolean ipv6 = FALSE;

  for (guint i = 0; i < w->fence->gates->len; i++)
    {
      const DivertPrefix *gate = divert_prefixes_index (w->fence->gates, i);

      put_route (w, RTM_DELROUTE, 0, gate, RTN_THROW);
      ipv6 |= gate->family == DIVERT_FAMILY_IPV6;
    }
  if (!ipv6)
    return;
  put_rule (w, RTM_NEWRULE, NLM_F_CREATE, DIVERT_FAMILY_IPV6);
  put_rule (w, RTM_DELRULE, 0, DIVERT_FAMILY_IPV6);
}

static gboolean
is_tolerable (const struct nlmsghdr *request,
              const GError          *error)
{
  switch (request->nlmsg_type)
    {
    case RTM_DELRULE:
    case RTM_DELROUTE:
      /* Gone meanwhile: ENOENT for a rule, ESRCH for a route, ENODEV for its device. */
      return error->code == ENOENT || error->code == ESRCH || error->code == ENODEV;
    case RTM_NEWRULE:
      /* Somebody else has an identical rule.  That will do, and its removal is an event. */
      return error->code == EEXIST;
    case RTM_NEWROUTE:
      /* IPv6 is disabled on our device, usually because it is disabled everywhere. */
      return error->code == EACCES;
    }
  return FALSE;
}

static void
on_refused (const struct nlmsghdr *request,
            const GError          *error,
            gpointer               user_data)
{
  DivertFenceWriter *w = user_data;

  w->refused++;
  if (w->error == NULL && !is_tolerable (request, error))
    w->error = g_error_copy (error);
}

gboolean
divert_fence_writer_send (DivertFenceWriter  *w,
                          gboolean           *ret_wrote,
                          GError            **error)
{
  if (!divert_netlink_batch_send (w->batch, w->netlink, on_refused, w, error))
    return FALSE;
  *ret_wrote |= w->refused < divert_netlink_batch_get_length (w->batch);
  w->refused = 0;
  divert_netlink_batch_clear (w->batch);
  if (w->error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&w->error));
  return FALSE;
}
