/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What we have in the kernel's policy routing for one family, compared with what is wanted.  Only
 * for routing.c and its reader.
 */
#pragma once

#include "core/ruleset/ruleset.h"
#include "system/netlink/netlink.h"

G_BEGIN_DECLS

/* After "local" (0), and far before "main" (32766), because the rule would have no effect after that.
 * Also before the rules that VPNs add (strongSwan 220, Tailscale 5210, wg-quick 32764), because a packet
 * with our mark is ours. */
#define DIVERT_RULE_PRIORITY 100

/* The loopback device is the first in every network namespace. */
#define DIVERT_LOOPBACK_IFINDEX 1

typedef struct
{
  guint    ifindex; /* also the route's metric, so each device has a different one, and lo has the lowest */
  gboolean present;
} DivertWantedRoute;

typedef struct
{
  DivertFamily         family;
  const DivertRouting *routing;       /* not owned */
  GArray              *wanted_routes; /* DivertWantedRoute, lo first; empty: none wanted */
  gboolean             rule_wanted;
  gboolean             rule_present;
  GPtrArray           *stale_rules;   /* struct nlmsghdr as dumped: ours, but unwanted or duplicate */
  GPtrArray           *stale_routes;
} DivertRoutingState;

DivertRoutingState *divert_routing_state_read (DivertNetlink *netlink, const DivertRouting *routing,
                                               DivertFamily family, GError **error);
void                divert_routing_state_free (DivertRoutingState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertRoutingState, divert_routing_state_free)

G_END_DECLS
