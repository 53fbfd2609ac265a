/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of ours stands in the kernel's policy routing of one family, compared
 * with what is wanted.  Between routing.c and its reader only.
 */
#pragma once

#include "core/ruleset/ruleset.h"
#include "system/netlink/netlink.h"

G_BEGIN_DECLS

/* Behind "local" (0), far before "main" (32766), behind which the rule would do nothing, and before
 * those that VPNs add (strongSwan 220, Tailscale 5210, wg-quick 32764): a packet with our mark is ours. */
#define DIVERT_RULE_PRIORITY 100

/* The loopback device is the first one of each network namespace. */
#define DIVERT_LOOPBACK_IFINDEX 1

typedef struct
{
  guint    ifindex; /* and the route's metric: another one for each device, and the lowest for lo */
  gboolean present;
} DivertWantedRoute;

typedef struct
{
  DivertFamily         family;
  const DivertRouting *routing;       /* not owned */
  GArray              *wanted_routes; /* DivertWantedRoute; lo first; empty: nothing is wanted */
  gboolean             rule_wanted;
  gboolean             rule_present;
  GPtrArray           *stale_rules;   /* struct nlmsghdr as dumped: ours, and not wanted, or not twice */
  GPtrArray           *stale_routes;
} DivertRoutingState;

DivertRoutingState *divert_routing_state_read (DivertNetlink *netlink, const DivertRouting *routing,
                                               DivertFamily family, GError **error);
void                divert_routing_state_free (DivertRoutingState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertRoutingState, divert_routing_state_free)

G_END_DECLS
