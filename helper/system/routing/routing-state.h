/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What we have in the kernel's policy routing for one family, compared with what is wanted.  Only
 * for routing.c and its reader.
 */
#pragma once

#include "core/ruleset/ruleset.h"
#include "system/netlink/netlink.h"

G_BEGIN_DECLS

/* The loopback device is the first in every network namespace. */
#define DIVERT_LOOPBACK_IFINDEX 1

typedef struct
{
  guint    ifindex; /* also the route's metric, so each device has a different one, and lo has the lowest */
  gboolean present;
} DivertWantedRoute;

/* Our ip rules in the table for our mark. */
typedef enum
{
  DIVERT_ROUTING_RULE_MARK,     /* what has our mark */
  DIVERT_ROUTING_RULE_LOOPBACK, /* what is for the loopback addresses and is not routed by lo, because of its socket */
  DIVERT_N_ROUTING_RULES,
} DivertRoutingRule;

typedef struct
{
  DivertFamily         family;
  const DivertRouting *routing;       /* not owned */
  GArray              *wanted_routes; /* DivertWantedRoute, lo first; empty: none wanted */
  guint                rules_wanted;  /* bits: 1 << DivertRoutingRule */
  guint                rules_present;
  GPtrArray           *stale_rules;   /* struct nlmsghdr as dumped: ours, but unwanted or duplicate */
  GPtrArray           *stale_routes;
} DivertRoutingState;

static inline guint32
divert_routing_state_priority (const DivertRoutingState *state,
                               DivertRoutingRule         kind)
{
  const DivertRouting *routing = state->routing;

  return (kind == DIVERT_ROUTING_RULE_MARK ? routing->priorities : routing->names_priorities)[state->family];
}

DivertRoutingState *divert_routing_state_read (DivertNetlink *netlink, const DivertRouting *routing,
                                               DivertFamily family, GError **error);
void                divert_routing_state_free (DivertRoutingState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertRoutingState, divert_routing_state_free)

G_END_DECLS
