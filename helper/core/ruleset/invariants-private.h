/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between invariants.c, which judges a packet, invariants-exempt.c, which knows what may go direct, invariants-walk.c,
 * which thinks of all packets, invariants-places.c, which has where they go, and invariants-world.c.
 */
#pragma once

#include "invariants.h"

#include <netinet/in.h>

#include "core/words/protocol.h"
#include "fence.h"

G_BEGIN_DECLS

typedef enum
{
  DIVERT_SENDER_CLIENT,  /* an ordinary program's socket that asked for something */
  DIVERT_SENDER_KERNEL,  /* no socket: a refusal, or data left behind by a closed socket */
  DIVERT_SENDER_PROXY,   /* known by its group */
  DIVERT_SENDER_UNIT,    /* the proxy, known by its unit alone */
  DIVERT_SENDER_EXEMPT,  /* a client in an exempt unit */
  DIVERT_N_SENDERS,
} DivertSender;

typedef struct
{
  const DivertConfig   *config;
  const DivertDecision *decision;
  DivertWalker          ruleset;
  DivertWalker          guard_alone;  /* the same, without the rules for outgoing packets */
  GArray               *intranets;    /* DivertPrefix */
  DivertPorts           ephemeral;
  const GArray         *listening;    /* DivertListening */
  guint32               gid;          /* DIVERT_GID_NONE: the proxy isn't known by a group */
  guint64               unit;         /* the control group of the proxy's unit; 0: it isn't known by one */
  guint64               exempt;       /* that of an exempt unit; 0: there is none */
  guint32               foreign_mark; /* a packet's: somebody else's */
  guint                 n_walks;
  DivertFault           fault;
  gpointer              user_data;
} DivertWorld;

DivertWorld *divert_world_new (const DivertRuleset *ruleset, const DivertOrigin *origin, DivertFault fault,
                               gpointer user_data);
void         divert_world_free (DivertWorld *world);

/* An interface with its addresses. */
typedef struct
{
  const char   *interface;
  DivertPrefix  sources[DIVERT_N_FAMILIES];
  gboolean      is_bare;  /* the device has lost its addresses */
} DivertWay;

#define DIVERT_MAX_WAYS 8

/* In and around each intranet, and elsewhere: GArray of DivertPrefix. */
GArray *divert_world_list_addresses (const DivertWorld *world);
/* The first ones of the site's own, and a few that prove nothing.  @ret_ways: room for DIVERT_MAX_WAYS.  Returns how
 * many there are.  @facts has their names. */
guint   divert_world_list_ways (const DivertWorld *world, const DivertFacts *facts, DivertWay *ret_ways);

static inline gboolean
is_judged (const DivertSample *sample)
{
  return sample->protocol == IPPROTO_TCP || sample->protocol == IPPROTO_UDP;
}

static inline gboolean
is_icmp (const DivertSample *sample)
{
  return sample->protocol == (sample->destination.family == DIVERT_FAMILY_IPV6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
}

static inline gboolean
is_proxys (DivertSender sender)
{
  return sender == DIVERT_SENDER_PROXY || sender == DIVERT_SENDER_UNIT;
}

/* Policy routing sends it to the fence. */
static inline gboolean
is_fenced (const DivertSample *sample)
{
  return g_str_equal (sample->interface, DIVERT_FENCE_DEVICE);
}

/* Does a program get this port without asking for one? */
static inline gboolean
is_ephemeral (const DivertWorld *world,
              guint16            port)
{
  return port >= world->ephemeral.first && port <= world->ephemeral.last &&
         !divert_ports_contain (world->config->serve, port);
}

/* A query that is for the proxy's DNS port. */
gboolean divert_world_is_dns (const DivertWorld *world, const DivertSample *sample);
/* Is it left alone, wherever it goes? */
gboolean divert_world_is_exempt_everywhere (const DivertWorld *world, const DivertSample *sample);
/* Has this device proved the site that we are at? */
gboolean divert_world_is_exit (const DivertWorld *world, const char *device);
/* May a query go direct to where it goes? */
gboolean divert_world_is_dns_granted (const DivertWorld *world, const DivertSample *sample);
/* May it go to an intranet, by a grant or a named exemption? */
gboolean divert_world_may_enter (const DivertWorld *world, const DivertSample *sample);
/* … and to anywhere else? */
gboolean divert_world_may_leave (const DivertWorld *world, const DivertSample *sample);
/* Does it belong to a program that serves, or do the rules have to take it for that? */
gboolean divert_world_serves (const DivertWorld *world, const DivertSample *sample);
gboolean divert_world_is_exempt (const DivertWorld *world, DivertSender sender, const DivertSample *sample);
/* Is it known that the proxy doesn't listen on @port for packets like @sample, or that nobody is the proxy? */
gboolean divert_world_is_unheard (const DivertWorld *world, const DivertSample *sample, guint16 port);
/* Is there any port like that? */
gboolean divert_world_is_unheard_somewhere (const DivertWorld *world, const DivertSample *sample);
/* Is it a query for a resolver that asks itself? */
gboolean divert_world_is_circular (const DivertWorld *world, const DivertSample *sample);

/* A packet of this machine, in one state. */
void     divert_invariants_check_sent (DivertWorld *world, DivertSender sender, const DivertSample *sample);
/* What is forwarded to @destination, for @lans (DivertLan, lans.h) and for strangers. */
void     divert_invariants_check_forwarded (DivertWorld *world, const GPtrArray *lans,
                                            const DivertPrefix *destination);
/* Frames to @destination, by each device that others send by as well. */
void     divert_invariants_check_wire (DivertWorld *world, const DivertFacts *facts, const DivertPrefix *destination);
void     divert_invariants_check_astray (DivertWorld *world, const DivertWay *way);
/* What strangers can send to the socket that @sample comes from. */
void     divert_invariants_check_planted (DivertWorld *world, const DivertSample *sample);

G_END_DECLS
