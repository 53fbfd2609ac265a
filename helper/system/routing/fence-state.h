/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of the fence stands in the kernel's policy routing of one family, compared with what is wanted.  Between fence.c
 * and its reader only.
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
  guint              ifindex;       /* of the device */
  gboolean           mute;          /* the kernel does not speak it */
  struct nlmsghdr   *rule;          /* the wanted one, as dumped; NULL: it is not there */
  GByteArray        *panels;        /* DivertPanel, one byte for each of the fence's */
  GByteArray        *gates;         /* likewise: is it there? */
  GPtrArray         *stale_rules;   /* struct nlmsghdr as dumped: ours, not wanted or not twice; likewise the rest */
  GPtrArray         *stale_panels;
  GPtrArray         *stale_gates;
} DivertFenceState;

/* @ifindex 0: there is no device, so no panel stands. */
DivertFenceState *divert_fence_state_read (DivertNetlink *netlink, const DivertFence *fence, DivertFamily family,
                                           guint ifindex, GError **error);
/* Are all gates of its family there? */
gboolean          divert_fence_state_has_gates (const DivertFenceState *state);
void              divert_fence_state_free (DivertFenceState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertFenceState, divert_fence_state_free)

G_END_DECLS
