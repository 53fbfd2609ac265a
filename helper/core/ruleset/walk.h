/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packet's path through a ruleset value: what happens to it, and which rule says so.  This is the
 * only evaluator: explain asks it about a packet that a person names, and the tests ask it about
 * every class of packet.
 */
#pragma once

#include "ruleset.h"

G_BEGIN_DECLS

/* Everything that a rule can look at. */
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
  const char    *interface;         /* the device by which it would leave according to the routing table, or by which
                                     * it comes in */
  const char    *leaves_by;         /* the device by which a forwarded packet leaves; NULL: not followed that far */
  gboolean       has_mac;           /* the next one is known: its frame's */
  DivertMac      mac;
  gboolean       is_bound;          /* its socket is bound to @interface, so a mark does not change its route */
  gboolean       has_socket;
  guint32        gid;               /* its socket's */
  guint64        cgroup;            /* likewise; 0: none that a rule names */
  guint32        mark;
  gboolean       is_tracked;        /* FALSE: connection tracking has no entry for it, and so no connection mark */
  guint32        connmark;
  gboolean       is_first;          /* the first of its connection; the hook DNS sees no others */
  DivertReceiver receiver;          /* for an incoming packet: ANY: no socket, SOMEBODY: a socket on all addresses */
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
  guint16           port;   /* the proxy's, for DIVERT and DNS */
  const DivertRule *rule;   /* the deciding rule, owned by the ruleset; NULL: no rule applied */
} DivertExplanation;

/* What many packets walk through. */
typedef struct
{
  const DivertRule **rules[DIVERT_N_FAMILIES];                      /* chain by chain */
  guint              first[DIVERT_N_FAMILIES][DIVERT_N_CHAINS + 1]; /* of each chain */
  DivertRouting      routing;                                       /* a shallow copy */
} DivertWalker;

/* @ruleset outlives @walker, and stays as it is. */
void divert_walker_init (DivertWalker *walker, const DivertRuleset *ruleset);
void divert_walker_clear (DivertWalker *walker);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DivertWalker, divert_walker_clear)

/* @sample is sent by this machine.  Its marks change as the rules say. */
void divert_walker_send (const DivertWalker *walker, DivertSample *sample, DivertExplanation *ret_explanation);

/* @sample comes in by its interface, and is for another machine.  DIRECT: it is forwarded as the routing table says, or
 * not at all. */
void divert_walker_forward (const DivertWalker *walker, DivertSample *sample, DivertExplanation *ret_explanation);

/* @sample is in a frame that leaves by its interface, whoever sends it.  DIRECT: it leaves. */
void divert_walker_leave (const DivertWalker *walker, DivertSample *sample, DivertExplanation *ret_explanation);

/* @sample comes in, and nobody has refused it.  Its connection mark changes as the rules say. */
void divert_walker_receive (const DivertWalker *walker, DivertSample *sample);

G_END_DECLS
