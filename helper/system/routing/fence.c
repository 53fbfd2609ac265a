/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: writing the fence, both families by one path.
 *
 * Theory of operation.  Ours are read, compared, and the difference is written in one datagram, which the kernel carries out
 * in its order.  Closing first takes the gates away: that alone holds the packets if the rest of the fence stands, and a
 * grant left it standing.
 *
 * IPv4 forgets all cached routes whenever one changes.  IPv6 forgets those of the table that changes, and a socket that was let
 * through our gate has a route of the main table: it would keep it, and go on sending.  A change of the rules makes
 * IPv6 forget everything.  So where gates were taken away or panels added, the rule is added once more and its
 * older copy deleted.
 */
#include "fence.h"

#include "core/ruleset/ruleset.h"
#include "fence-check.h"
#include "fence-device.h"
#include "fence-state.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

struct DivertFences
{
  DivertNetlink     *netlink;
  DivertFenceDevice *device;
};

typedef struct
{
  DivertFences      *fences;
  const DivertFence *fence;
  guint              ifindex;
  DivertFenceState  *states[DIVERT_N_FAMILIES];
  GPtrArray         *msgs;     /* DivertNetlinkMessage, in the order in which they are to be carried out */
  guint              refused;  /* of them */
  GError            *error;    /* the first that counts */
} Writer;

DivertFences *
divert_fences_new (GError **error)
{
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_ROUTE, error);
  DivertFences *fences;

  if (netlink == NULL)
    return NULL;
  fences = g_new0 (DivertFences, 1);
  fences->netlink = g_steal_pointer (&netlink);
  fences->device = divert_fence_device_new ();
  return fences;
}

void
divert_fences_free (DivertFences *fences)
{
  if (fences == NULL)
    return;
  divert_fence_device_free (fences->device);
  divert_netlink_free (fences->netlink);
  g_free (fences);
}

static void
writer_clear (Writer *w)
{
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    divert_fence_state_free (w->states[family]);
  g_clear_pointer (&w->msgs, g_ptr_array_unref);
  g_clear_error (&w->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Writer, writer_clear)

static gboolean
writer_read (Writer             *w,
             DivertFences       *fences,
             const DivertFence  *fence,
             guint               ifindex,
             GError            **error)
{
  w->fences = fences;
  w->fence = fence;
  w->ifindex = ifindex;
  w->msgs = g_ptr_array_new_with_free_func ((GDestroyNotify) nlmsg_free);
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      w->states[family] = divert_fence_state_read (fences->netlink, fence, family, ifindex, error);
      if (w->states[family] == NULL)
        return FALSE;
    }
  return TRUE;
}

static void
put_dumped (Writer                *w,
            int                    type,
            int                    flags,
            const struct nlmsghdr *seen)
{
  g_ptr_array_add (w->msgs, divert_netlink_message_new (type, flags, nlmsg_data (seen), nlmsg_datalen (seen)));
}

static void
delete_all (Writer          *w,
            int              type,
            const GPtrArray *seen)
{
  for (guint i = 0; i < seen->len; i++)
    put_dumped (w, type, 0, seen->pdata[i]);
}

static void
add_route (Writer             *w,
           const DivertPrefix *prefix,
           gboolean            is_gate)
{
  const struct rtmsg route = {
    .rtm_family = divert_netlink_family (prefix->family),
    .rtm_dst_len = prefix->length,
    .rtm_protocol = DIVERT_ROUTE_PROTOCOL,
    .rtm_type = is_gate ? RTN_THROW : RTN_UNICAST,
    .rtm_scope = is_gate ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
  };
  DivertNetlinkMessage *msg = divert_netlink_message_new (RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &route, sizeof route);

  nla_put (msg, RTA_DST, divert_family_bytes (prefix->family), prefix->bytes);
  nla_put_u32 (msg, RTA_TABLE, w->fence->table);
  nla_put_u32 (msg, RTA_PRIORITY, is_gate ? DIVERT_FENCE_GATE_METRIC : DIVERT_FENCE_PANEL_METRIC);
  if (!is_gate)
    nla_put_u32 (msg, RTA_OIF, w->ifindex);
  g_ptr_array_add (w->msgs, msg);
}

/* Those of @prefixes that @present says are not there; returns how many. */
static guint
add_missing (Writer           *w,
             DivertFamily      family,
             const GArray     *prefixes,
             const GByteArray *present,
             gboolean          are_gates)
{
  guint n = 0;

  for (guint i = 0; i < prefixes->len; i++)
    {
      const DivertPrefix *prefix = divert_prefixes_index (prefixes, i);

      if (prefix->family != family || present->data[i])
        continue;
      add_route (w, prefix, are_gates);
      n++;
    }
  return n;
}

static void
add_rule (Writer       *w,
          DivertFamily  family)
{
  const struct fib_rule_hdr rule = {
    .family = divert_netlink_family (family),
    .action = FR_ACT_TO_TBL,
    .flags = w->fence->mark != 0 ? FIB_RULE_INVERT : 0,
  };
  DivertNetlinkMessage *msg = divert_netlink_message_new (RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, &rule, sizeof rule);

  nla_put_u32 (msg, FRA_PRIORITY, DIVERT_FENCE_PRIORITY);
  nla_put_u32 (msg, FRA_TABLE, w->fence->table);
  nla_put_u8 (msg, FRA_PROTOCOL, DIVERT_ROUTE_PROTOCOL);
  if (w->fence->mark != 0)
    {
      nla_put_u32 (msg, FRA_FWMARK, w->fence->mark);
      nla_put_u32 (msg, FRA_FWMASK, w->fence->mask);
    }
  g_ptr_array_add (w->msgs, msg);
}

/* Not exclusive: for a moment the rule is there twice. */
static void
renew_rule (Writer                *w,
            const struct nlmsghdr *rule)
{
  put_dumped (w, RTM_NEWRULE, NLM_F_CREATE, rule);
  put_dumped (w, RTM_DELRULE, 0, rule);
}

static gboolean
is_tolerable (const struct nlmsghdr *request,
              const GError          *error)
{
  switch (request->nlmsg_type)
    {
    case RTM_DELRULE:
    case RTM_DELROUTE:
      /* Gone meanwhile: ENOENT a rule, ESRCH a route, ENODEV its device. */
      return error->code == ENOENT || error->code == ESRCH || error->code == ENODEV;
    case RTM_NEWRULE:
      /* Somebody else's rule says the same, word for word: it serves, and its removal is an event. */
      return error->code == EEXIST;
    case RTM_NEWROUTE:
      /* IPv6 is switched off on our device, as a rule because it is everywhere. */
      return error->code == EACCES;
    }
  return FALSE;
}

static void
on_refused (guint         index,
            const GError *error,
            gpointer      user_data)
{
  Writer *w = user_data;

  w->refused++;
  if (w->error == NULL && !is_tolerable (nlmsg_hdr (w->msgs->pdata[index]), error))
    w->error = g_error_copy (error);
}

static gboolean
write_all (Writer    *w,
           gboolean  *ret_wrote,
           GError   **error)
{
  if (!divert_netlink_request_all (w->fences->netlink, w->msgs, on_refused, w, error))
    return FALSE;
  *ret_wrote |= w->refused < w->msgs->len;
  if (w->error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&w->error));
  return FALSE;
}

static void
plan_closing (Writer       *w,
              DivertFamily  family)
{
  const DivertFenceState *state = w->states[family];
  guint n_closed = state->stale_gates->len;

  if (state->mute)
    return;
  delete_all (w, RTM_DELROUTE, state->stale_gates);
  if (w->ifindex != 0)
    n_closed += add_missing (w, family, w->fence->panels, state->panels, FALSE);
  if (state->rule == NULL && (w->fence->families & (1 << family)) != 0)
    add_rule (w, family);
  else if (state->rule != NULL && n_closed > 0 && family == DIVERT_FAMILY_IPV6)
    renew_rule (w, state->rule);
}

static gboolean
close_fence (DivertFences       *fences,
             const DivertFence  *fence,
             gboolean           *ret_wrote,
             GError            **error)
{
  g_auto(Writer) w = { 0 };
  guint ifindex;
  gboolean whole;

  ifindex = divert_fence_device_find (fences->netlink, &whole);
  if (!whole)
    {
      ifindex = divert_fence_device_make (fences->device, fences->netlink, error);
      *ret_wrote = ifindex != 0;
      /* The gates do not stay open for want of a device. */
      error = ifindex != 0 ? error : NULL;
    }
  if (!writer_read (&w, fences, fence, ifindex, error))
    return FALSE;
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    plan_closing (&w, family);
  return write_all (&w, ret_wrote, error) && ifindex != 0;
}

gboolean
divert_fences_close (DivertFences       *fences,
                     const DivertFence  *fence,
                     gboolean           *ret_wrote,
                     GError            **error)
{
  gboolean wrote = FALSE, ok = TRUE;

  /* Nothing is to be held; the gates stay until the panels go. */
  if (fence->families != DIVERT_FAMILIES_NONE)
    ok = close_fence (fences, fence, &wrote, error);
  if (!ok)
    g_prefix_error (error, _("cannot close the routing fence: "));
  if (ret_wrote != NULL)
    *ret_wrote = wrote;
  return ok;
}

/* The rules first, so that no packet meets a fence that is half gone. */
static void
plan_opening (Writer       *w,
              DivertFamily  family)
{
  const DivertFenceState *state = w->states[family];

  if (state->mute)
    return;
  delete_all (w, RTM_DELRULE, state->stale_rules);
  delete_all (w, RTM_DELROUTE, state->stale_panels);
  delete_all (w, RTM_DELROUTE, state->stale_gates);
  add_missing (w, family, w->fence->gates, state->gates, TRUE);
}

gboolean
divert_fences_open (DivertFences       *fences,
                    const DivertFence  *fence,
                    gboolean           *ret_wrote,
                    GError            **error)
{
  g_auto(Writer) w = { 0 };
  gboolean wrote = FALSE, ok;

  ok = writer_read (&w, fences, fence, divert_fence_device_find (fences->netlink, NULL), error);
  for (guint family = 0; ok && family < DIVERT_N_FAMILIES; family++)
    plan_opening (&w, family);
  ok = ok && write_all (&w, &wrote, error) &&
       (fence->families != DIVERT_FAMILIES_NONE ||
        divert_fence_device_remove (fences->device, fences->netlink, &wrote, error));
  if (!ok)
    g_prefix_error (error, _("cannot open the routing fence: "));
  if (ret_wrote != NULL)
    *ret_wrote = wrote;
  return ok;
}

gboolean
divert_fences_withdraw (DivertFences  *fences,
                        GError       **error)
{
  g_autoptr(DivertFence) nothing = divert_fence_new_empty ();
  g_auto(Writer) w = { 0 };
  gboolean wrote = FALSE, ok;

  ok = writer_read (&w, fences, nothing, 0, error);
  for (guint family = 0; ok && family < DIVERT_N_FAMILIES; family++)
    {
      const DivertFenceState *state = w.states[family];

      delete_all (&w, RTM_DELROUTE, state->stale_gates);
      /* Nothing is wanted: the rule, too, counts as stale. */
      for (guint i = 0; state->stale_gates->len > 0 && i < state->stale_rules->len; i++)
        renew_rule (&w, state->stale_rules->pdata[i]);
    }
  if (ok && write_all (&w, &wrote, error))
    return TRUE;
  g_prefix_error (error, _("cannot close the routing fence: "));
  return FALSE;
}

gboolean
divert_fences_check (DivertFences       *fences,
                     const DivertFence  *fence,
                     GError            **error)
{
  g_auto(Writer) w = { 0 };
  const guint ifindex = divert_fence_device_find (fences->netlink, NULL);

  if (!writer_read (&w, fences, fence, ifindex, error))
    return FALSE;
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    if (!divert_fence_check_whole (w.states[family], error))
      return FALSE;
  return divert_fence_check_routes (fences->netlink, fence, ifindex, error);
}
