/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Explain: sends an imagined packet through a ruleset value and tells which rule in which chain
 * decides, be it the first of a connection, or the next of a running flow.  It walks the very value that is
 * applied, so there is no second copy of the logic.
 */
#pragma once

#include "walk.h"

G_BEGIN_DECLS

/* The first packet of a connection, as an ordinary program on this machine would send it. */
typedef struct
{
  DivertPrefix destination;      /* full length */
  guint8       protocol;         /* IPPROTO_TCP, IPPROTO_UDP, or another (ICMP) */
  guint16      port;             /* 0: not given */
  guint16      sport;            /* likewise */
  char         in_interface[16]; /* by which it comes in, to be forwarded; "": it is this machine's own */
  char         out_interface[16];/* where the routing table would send it, be it into the fence; "": unknown */
  gboolean     has_source;
  DivertPrefix source;           /* the address that it would get */
  guint        destination_type; /* DivertAddrtype bits; 0: unicast */
} DivertPacket;

/* What the kernel knows of a running flow. */
typedef struct
{
  gboolean is_tracked;    /* connection tracking has an entry for it */
  guint32  connmark;
  guint16  redirected_to; /* NAT, be it ours, has replaced its destination's port by this one; 0: it has not */
  gboolean has_socket;
  guint32  uid;           /* the socket's; so are the others */
  guint32  mark;
  guint64  cgroup;        /* as in a DivertSample */
  guint32  gid;           /* the proxy's, or DIVERT_GID_OTHER */
} DivertFlowState;

/* The group of an ordinary program: the kernel's value for "no group", which no process has. */
#define DIVERT_GID_OTHER G_MAXUINT32

/* A rule as it looks in the packet filter. */
typedef struct
{
  char *table;
  char *chain;
  char *text;
} DivertRuleText;

void        divert_explain (const DivertRuleset *ruleset, const DivertPacket *packet,
                            DivertExplanation *ret_explanation);
/* What becomes of the next packet of a flow.  @packet has its addresses and ports. */
void        divert_explain_flow (const DivertRuleset *ruleset, const DivertPacket *packet,
                                 const DivertFlowState *flow, DivertExplanation *ret_explanation);
void        divert_rule_text_clear (DivertRuleText *text);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DivertRuleText, divert_rule_text_clear)
/* "direct", "divert", "dns", "block" */
const char *divert_path_name (DivertPath path);
/* "tcp", "udp" or "icmp" (that of @family). */
gboolean    divert_protocol_parse (const char *text, DivertFamily family, guint8 *ret_protocol);
/* "ADDRESS[:PORT][/tcp|/udp|/icmp]", "[v6]:PORT"; protocol defaults to tcp. */
gboolean    divert_packet_parse (const char *text, DivertPacket *ret_packet, GError **error);

G_END_DECLS
