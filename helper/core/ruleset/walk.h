/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packet's way through a ruleset value: what becomes of it, and which rule says so.
 * The one evaluator: explain asks it about a packet that somebody names, the tests about every class of packet.
 */
#pragma once

#include "ruleset.h"

G_BEGIN_DECLS

/* All that a rule can look at. */
typedef struct
{
  gboolean       has_source;
  DivertPrefix   source;
  DivertPrefix   destination;       /* full length */
  guint          source_type;       /* DivertAddrtype bits; 0: unicast */
  guint          destination_type;
  guint8         protocol;          /* IPPROTO_x */
  guint16        sport, dport;
  guint8         tcp_flags;
  guint8         icmp_type;
  const char    *interface;         /* it would leave by this one, as the routing table says, or comes in by it */
  gboolean       is_bound;          /* its socket is bound to @interface: a mark does not change its way */
  gboolean       has_socket;
  guint32        gid;               /* of its socket */
  guint32        mark;
  gboolean       is_tracked;        /* FALSE: connection tracking has no entry for it, and so no mark */
  guint32        connmark;
  gboolean       is_first;          /* of its connection; else the hook DNS is not asked */
  DivertReceiver receiver;          /* of one that comes in: ANY: nobody, SOMEBODY: a socket on all addresses */
} DivertSample;

typedef enum
{
  DIVERT_PATH_DIRECT,   /* as the routing table says */
  DIVERT_PATH_DIVERT,   /* the proxy's TPROXY port */
  DIVERT_PATH_DNS,      /* the proxy's DNS port */
  DIVERT_PATH_BLOCK,    /* refused */
} DivertPath;

typedef struct
{
  DivertPath        path;
  guint16           port;   /* of the proxy, for DIVERT and DNS */
  const DivertRule *rule;   /* that decided; owned by the ruleset; NULL: no rule concerned it */
} DivertExplanation;

/* @sample is sent by this machine; its marks change as rules say. */
void divert_walk (const DivertRuleset *ruleset, DivertSample *sample, DivertExplanation *ret_explanation);

/* @sample comes in, and nobody has refused it; its connection mark changes as rules say. */
void divert_walk_arriving (const DivertRuleset *ruleset, DivertSample *sample);

G_END_DECLS
