/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: writing the fence, with one code path for both families.
 *
 * Theory of operation.  We read what is ours, compare it, and write the difference in one datagram,
 * which the kernel carries out in order.  Closing deletes the gates first.  That alone stops the
 * packets if the rest of the fence is still there, and a grant leaves it there.
 *
 * IPv4 drops all cached routes whenever a route changes.  IPv6 only drops those of the changed
 * table.  But a socket that was let through our gate has cached a route of the main table; it would
 * keep that route and go on sending.  A change of the rules makes IPv6 drop everything.  So after
 * gates were deleted or panels added, we add the rule once more and delete its older copy.
 *
 * Other programs' ip rules decide where ours has to be (core/ruleset/precedence.c).  If it has to move, closing adds it
 * there and then deletes it where it was.  If it got before the mark's rule of the same priority, adding it once more
 * puts it behind.
 *
 * A panel is a route, and where there is a route, connect() goes ahead.  On a laptop without a
 * network that would be harmful: the kernel finds no source address, so the packet has 0.0.0.0, and
 * the proxy sends its answer to whoever has the address that it answers for (seen: 647 datagrams to
 * an impostor).  In an IPv4-only network, a program would wait in vain for the NAS's IPv6 address.
 * So if there is no route behind a panel, the panel is of type unreachable.  It is just as closed.
 * A later run that finds a route turns it into one that swallows, so that the filter gets to see
 * the packets.
 */
#include "fence.h"

#include "fence-device.h"
#include "fence-left.h"
#include "fence-way.h"
#include "fence-writer.h"

#include <glib/gi18n-lib.h>
#include <linux/rtnetlink.h>

struct DivertFences
{
  DivertNetlink     *netlink;
  DivertFenceDevice *device;
  DivertTripwire    *wire;     /* NULL: there is none */
  DivertFenceLeft    left;
  DivertParts        changed;  /* found by closing, and not told yet */
  const DivertFence *complete; /* not owned: for this fence, closing found nothing left for opening to change, … */
  DivertFenceWriter  gates;    /* … except to add these */
};

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
  divert_tripwire_free (fences->wire);
  divert_fence_writer_clear (&fences->gates);
  divert_fence_left_clear (&fences->left);
  divert_fence_device_free (fences->device);
  divert_netlink_free (fences->netlink);
  g_free (fences);
}

guint32
divert_fences_get_port (const DivertFences *fences)
{
  return divert_netlink_get_port (fences->netlink);
}

guint32
divert_fences_get_wire_port (const DivertFences *fences)
{
  return divert_tripwire_get_port (fences->wire);
}

void
divert_fences_set_tripwire (DivertFences   *fences,
                            DivertTripwire *wire)
{
  fences->wire = wire;
}

void
divert_fences_look_at_links (DivertFences *fences)
{
  divert_tripwire_look (fences->wire);
}

void
divert_fences_settle (DivertFences *fences)
{
  divert_tripwire_lock (fences->wire);
  divert_tripwire_unlock (fences->wire);
}

/* What closing has found is no longer true. */
static void
forget_complete (DivertFences *fences)
{
  fences->complete = NULL;
  divert_fence_writer_clear (&fences->gates);
  fences->gates = (DivertFenceWriter) { 0 };
}

void
divert_fences_arm (DivertFences         *fences,
                   const DivertFence    *fence,
                   const DivertDecision *decision,
                   const DivertFacts    *facts)
{
  g_autoptr(GArray) links = divert_trip_links_new (decision, facts);

  /* What closing has found may be gone. */
  if (divert_tripwire_arm (fences->wire, links, fence))
    forget_complete (fences);
}

static void
plan_closing (DivertFenceWriter *w,
              DivertFamily       family)
{
  const DivertFenceState *state = w->states[family];
  guint n_closed = state->stale_gates->len;

  if (state->mute)
    return;
  divert_fence_writer_delete (w, RTM_DELROUTE, state->stale_gates);
  if (w->ifindex != 0)
    n_closed += divert_fence_writer_add_missing (w, family, w->fence->panels, state->panels, RTN_UNICAST);
  if (state->rule == NULL && (w->fence->families & (1 << family)) != 0)
    divert_fence_writer_add_rule (w, family);
  else if (state->rule != NULL && (state->early || (n_closed > 0 && family == DIVERT_FAMILY_IPV6)))
    divert_fence_writer_renew_rule (w, state->rule);
  /* The one in its place is there by now.  Left where it is, it might stand before the mark's. */
  divert_fence_writer_delete (w, RTM_DELRULE, state->displaced_rules);
}

/* If a packet would find no route without us, the panel refuses, so that the program learns it at once,
 * as it would without us. */
static void
plan_refusals (DivertFenceWriter *w,
               DivertFamily       family)
{
  const DivertFenceState *state = w->states[family];
  gboolean by_default = FALSE;

  for (guint i = 0; i < w->fence->panels->len; i++)
    {
      const DivertPrefix *prefix = divert_prefixes_index (w->fence->panels, i);
      gboolean routable;

      if (prefix->family != family || state->mute ||
          (divert_fence_is_outer (w->fence, prefix) && state->panels->data[i] == DIVERT_PANEL_MISSING))
        continue;
      /* A panel that was missing has been added as one that swallows. */
      routable = by_default || w->fence->mark == 0 ||
                 divert_fence_is_routable (w->netlink, w->fence, prefix, &by_default);
      if ((state->panels->data[i] == DIVERT_PANEL_REFUSES) == routable)
        divert_fence_writer_put_route (w, NLM_F_REPLACE, prefix, routable ? RTN_UNICAST : RTN_UNREACHABLE);
    }
}

/* Most runs find it complete.  A run that grants something finds that the gates alone are missing. */
static gboolean
is_complete (const DivertFenceWriter *w)
{
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      const DivertFenceState *state = w->states[family];

      if (state->stale_rules->len > 0 || state->stale_panels->len > 0)
        return FALSE;
    }
  return TRUE;
}

/* Reading all of it again would take a tenth of a millisecond. */
static void
keep_complete (DivertFences      *fences,
               DivertFenceWriter *w)
{
  if (!is_complete (w))
    return;
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    if (!w->states[family]->mute)
      {
        divert_fence_writer_add_missing (w, family, w->fence->gates, w->states[family]->gates, RTN_THROW);
        divert_fence_writer_add_outer (w, family);
      }
  fences->complete = w->fence;
  fences->gates = *w;
  *w = (DivertFenceWriter) { 0 };
}

static gboolean
close_fence (DivertFences       *fences,
             const DivertFence  *fence,
             gboolean           *ret_wrote,
             GError            **error)
{
  g_auto(DivertFenceWriter) w = { 0 };
  guint ifindex;
  gboolean whole;

  ifindex = divert_fence_device_find (fences->netlink, &whole);
  if (!whole)
    {
      ifindex = divert_fence_device_make (fences->device, fences->netlink, error);
      *ret_wrote = ifindex != 0;
      /* Even without a device, the gates must close. */
      error = ifindex != 0 ? error : NULL;
    }
  if (!divert_fence_writer_read (&w, fences->netlink, fence, ifindex, error))
    return FALSE;
  /* Now that we have read, because it may have closed the gates meanwhile. */
  if (divert_tripwire_take (fences->wire, fence->gates->len == 0))
    {
      divert_fence_left_shut (&fences->left);
      *ret_wrote = TRUE;
    }
  fences->changed |= divert_fence_left_find_drift (&fences->left, &w, whole);
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    plan_closing (&w, family);
  if (!divert_fence_writer_send (&w, ret_wrote, error) || ifindex == 0)
    return FALSE;

  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    plan_refusals (&w, family);
  if (!divert_fence_writer_send (&w, ret_wrote, error))
    return FALSE;
  divert_fence_left_set (&fences->left, fence, FALSE);
  keep_complete (fences, &w);
  return TRUE;
}

gboolean
divert_fences_close (DivertFences       *fences,
                     const DivertFence  *fence,
                     gboolean           *ret_wrote,
                     GError            **error)
{
  gboolean wrote = FALSE, ok = TRUE;

  forget_complete (fences);
  /* An empty fence holds nothing.  Its gates stay until the panels go. */
  if (fence->families != DIVERT_FAMILIES_NONE)
    ok = close_fence (fences, fence, &wrote, error);
  if (!ok)
    g_prefix_error (error, _("cannot close the routing fence: "));
  if (ret_wrote != NULL)
    *ret_wrote = wrote;
  return ok;
}

/* Delete the rules first, so that no packet meets a half-removed fence. */
static void
plan_opening (DivertFenceWriter *w,
              DivertFamily       family)
{
  const DivertFenceState *state = w->states[family];

  if (state->mute)
    return;
  divert_fence_writer_delete (w, RTM_DELRULE, state->stale_rules);
  divert_fence_writer_delete (w, RTM_DELROUTE, state->stale_panels);
  divert_fence_writer_delete (w, RTM_DELROUTE, state->stale_gates);
  divert_fence_writer_add_missing (w, family, w->fence->gates, state->gates, RTN_THROW);
  divert_fence_writer_add_outer (w, family);
}

static gboolean
open_fence (DivertFences       *fences,
            const DivertFence  *fence,
            gboolean           *ret_wrote,
            GError            **error)
{
  g_auto(DivertFenceWriter) w = { 0 };

  if (fences->complete == fence)
    return divert_fence_writer_send (&fences->gates, ret_wrote, error);
  if (!divert_fence_writer_read (&w, fences->netlink, fence, divert_fence_device_find (fences->netlink, NULL), error))
    return FALSE;
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    plan_opening (&w, family);
  return divert_fence_writer_send (&w, ret_wrote, error) &&
         (fence->families != DIVERT_FAMILIES_NONE ||
          divert_fence_device_remove (fences->device, fences->netlink, ret_wrote, error));
}

gboolean
divert_fences_open (DivertFences       *fences,
                    const DivertFence  *fence,
                    gboolean           *ret_wrote,
                    GError            **error)
{
  gboolean wrote = FALSE, ok = TRUE;
  /* After a loss, and once the kernel has answered, another run follows, which knows of it. */
  const gboolean whole = divert_tripwire_lock (fences->wire);

  if (whole)
    ok = open_fence (fences, fence, &wrote, error);
  divert_tripwire_unlock (fences->wire);
  forget_complete (fences);
  if (ok && whole)
    divert_fence_left_set (&fences->left, fence, TRUE);
  else if (!ok)
    g_prefix_error (error, _("cannot open the routing fence: "));
  if (ret_wrote != NULL)
    *ret_wrote = wrote;
  return ok;
}

DivertParts
divert_fences_take_drift (DivertFences *fences)
{
  const DivertParts changed = fences->changed;

  fences->changed = 0;
  return changed;
}

/* The wanted fence is empty, so each panel counts as stale. */
static void
delete_outer (DivertFenceWriter *w,
              DivertFamily       family)
{
  g_autoptr(GPtrArray) outer = g_ptr_array_new ();
  const GPtrArray *panels = w->states[family]->stale_panels;

  for (guint i = 0; i < panels->len; i++)
    {
      struct nlattr *metric = nlmsg_find_attr (panels->pdata[i], sizeof (struct rtmsg), RTA_PRIORITY);

      if (divert_netlink_get_u32 (metric, 0) == DIVERT_FENCE_OUTER_METRIC)
        g_ptr_array_add (outer, panels->pdata[i]);
    }
  divert_fence_writer_delete (w, RTM_DELROUTE, outer);
}

gboolean
divert_fences_withdraw_outer (DivertFences  *fences,
                              GError       **error)
{
  g_autoptr(DivertFence) nothing = divert_fence_new_empty ();
  g_auto(DivertFenceWriter) w = { 0 };
  gboolean wrote = FALSE;

  if (!divert_fence_writer_read (&w, fences->netlink, nothing, 0, error))
    return FALSE;
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    delete_outer (&w, family);
  return divert_fence_writer_send (&w, &wrote, error);
}

gboolean
divert_fences_withdraw (DivertFences  *fences,
                        GError       **error)
{
  g_autoptr(DivertFence) nothing = divert_fence_new_empty ();
  g_auto(DivertFenceWriter) w = { 0 };
  gboolean wrote = FALSE, ok;

  divert_fence_left_clear (&fences->left);
  ok = divert_fence_writer_read (&w, fences->netlink, nothing, 0, error);
  for (guint family = 0; ok && family < DIVERT_N_FAMILIES; family++)
    {
      const DivertFenceState *state = w.states[family];

      divert_fence_writer_delete (&w, RTM_DELROUTE, state->stale_gates);
      /* The wanted fence is empty, so the rule counts as stale, too. */
      for (guint i = 0; state->stale_gates->len > 0 && i < state->stale_rules->len; i++)
        divert_fence_writer_renew_rule (&w, state->stale_rules->pdata[i]);
    }
  if (ok && divert_fence_writer_send (&w, &wrote, error))
    return TRUE;
  g_prefix_error (error, _("cannot close the routing fence: "));
  return FALSE;
}
