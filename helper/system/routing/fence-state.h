/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fence as it is in the kernel's policy routing for one family, compared with the wanted one.
 * Only for fence.c and its parts.
 */
#pragma once

#include "core/ruleset/fence.h"
#include "system/netlink/netlink.h"

G_BEGIN_DECLS

typedef enum
{
  DIVERT_PANEL_MISSING,
  DIVERT_PANEL_SWALLOWS, /* leads into the device */
  DIVERT_PANEL_REFUSES,  /* is an "unreachable" route */
} DivertPanel;

typedef struct
{
  DivertFamily       family;
  const DivertFence *fence;         /* not owned */
  guint              ifindex;       /* the device's */
  gboolean           mute;          /* the kernel does not have this family */
  struct nlmsghdr   *rule;          /* the wanted one, as dumped; NULL: missing */
  gboolean           early;         /* it is before the mark's rule, which has the same priority */
  GByteArray        *panels;        /* DivertPanel, one byte for each of the fence's panels */
  GByteArray        *gates;         /* the same for its gates: is it there? */
  GPtrArray         *displaced_rules; /* struct nlmsghdr as dumped: like the wanted one, but at another priority */
  GPtrArray         *stale_rules;   /* struct nlmsghdr as dumped: ours, but unwanted or duplicate; the same goes for
                                     * the next two */
  GPtrArray         *stale_panels;
  GPtrArray         *stale_gates;
} DivertFenceState;

/* @ifindex 0: there is no device, so no panel can count as present. */
DivertFenceState *divert_fence_state_read (DivertNetlink *netlink, const DivertFence *fence, DivertFamily family,
                                           guint ifindex, GError **error);
void              divert_fence_state_free (DivertFenceState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertFenceState, divert_fence_state_free)

G_END_DECLS
