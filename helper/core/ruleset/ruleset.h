/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ruleset: which packets get which verdict, as plain rules in chains, and the policy
 * routing that belongs to them, made from configuration and decision.  It names nothing
 * of a packet filter's: a backend translates it, plan prints that translation, and explain
 * evaluates this value itself.
 *
 * The theory of operation (which chain decides what, and why in this order)
 * stands at the head of ruleset.c.
 */
#pragma once

#include "core/config/config.h"
#include "core/place/decision.h"

G_BEGIN_DECLS

/* Where a rule stands.  A packet enters at a hook, whose only rules are jumps into our chains. */
typedef enum
{
  DIVERT_HOOK_OUTPUT,            /* what this machine sends; a mark set here changes its route */
  DIVERT_HOOK_DELIVER,           /* what comes in: ours comes in by lo and bears our mark */
  DIVERT_HOOK_ARRIVE,            /* what is about to be given to a socket of this machine */
  DIVERT_HOOK_GUARD,             /* what is about to leave */
  DIVERT_HOOK_DNS,               /* the first packet of each connection that this machine opens; may be redirected */

  DIVERT_CHAIN_JUDGE,            /* of OUTPUT: decides, and marks what is to be diverted */
  DIVERT_CHAIN_PASS,             /* gets past the fence what is to go straight although it is for an intranet */
  DIVERT_CHAIN_GRANTS,           /* what may go straight to an intranet; empty: nothing may */
  DIVERT_CHAIN_INTRANET,         /* the rest of what goes to an intranet */
  DIVERT_CHAIN_DELIVER,          /* hands marked packets to the proxy */
  DIVERT_CHAIN_DELIVER_INTRANET, /* likewise, those to an intranet */
  DIVERT_CHAIN_SERVE,            /* of ARRIVE: remembers what was sent to a program that serves */
  DIVERT_CHAIN_GUARD,            /* drops what was to be diverted and would leave by a wire */
  DIVERT_CHAIN_GUARD_DNS,        /* likewise, DNS */
  DIVERT_CHAIN_GUARD_INTRANET,   /* likewise, what goes to an intranet without a grant */
  DIVERT_CHAIN_DNS,              /* redirects DNS to the proxy */
} DivertChain;

#define DIVERT_N_HOOKS (DIVERT_HOOK_DNS + 1)
#define DIVERT_N_CHAINS (DIVERT_CHAIN_DNS + 1)

typedef enum
{
  DIVERT_VERDICT_LEAVE,    /* we are done with the packet at this hook; it goes on as it is */
  DIVERT_VERDICT_DROP,
  DIVERT_VERDICT_JUMP,     /* to @to, and on behind this rule if no rule there ends our work */
  DIVERT_VERDICT_GOTO,     /* to @to, for good */
  DIVERT_VERDICT_MARK,     /* packet mark = (mark & ~mask) | value; the next rule is tried */
  DIVERT_VERDICT_CONNMARK, /* connection mark, likewise */
  DIVERT_VERDICT_TPROXY,   /* to the proxy's socket, else to its @port; the mark stays as it is */
  DIVERT_VERDICT_REDIRECT, /* to @port of this machine */
} DivertVerdict;

/* Protocols as bits. */
typedef enum
{
  DIVERT_PROTOCOL_TCP  = 1 << 0,
  DIVERT_PROTOCOL_UDP  = 1 << 1,
  DIVERT_PROTOCOL_ICMP = 1 << 2, /* that of the family */
} DivertProtocol;

#define DIVERT_N_PROTOCOLS 3
#define DIVERT_PROTOCOLS_TCP_UDP (DIVERT_PROTOCOL_TCP | DIVERT_PROTOCOL_UDP)

/* Address types as the kernel's routing classifies them, as bits: 1 << RTN_x. */
typedef enum
{
  DIVERT_ADDRTYPE_LOCAL     = 1 << 2,
  DIVERT_ADDRTYPE_BROADCAST = 1 << 3, /* IPv4 only */
  DIVERT_ADDRTYPE_MULTICAST = 1 << 5,
} DivertAddrtype;

/* Who would be given a packet that comes in. */
typedef enum
{
  DIVERT_RECEIVER_ANY,      /* that does not matter */
  DIVERT_RECEIVER_SOMEBODY, /* some socket */
  DIVERT_RECEIVER_BOUND,    /* one with an address: a connection's, or a listener's on that address alone */
} DivertReceiver;

/* (mark & mask) == value; value 0 and invert: any bit of the mask. */
typedef struct
{
  gboolean has;
  gboolean invert;
  guint32  value;
  guint32  mask;
} DivertMarkMatch;

/* One rule.  All matches that are set must hold.
 *
 * There is no word here for connection tracking's states and directions: a stranger chooses both (K5.1). */
typedef struct
{
  DivertChain     chain;
  DivertFamilies  families;          /* each of them has a prefix in each list below */

  guint           protocols;         /* DivertProtocol bits; 0: any */
  char            in_interface[16];  /* ""; else exactly this one */
  gboolean        in_invert;         /* any but in_interface */
  char            out_interface[16];
  gboolean        out_invert;        /* any but out_interface */
  GArray         *sources;           /* DivertPrefix of both families, any of which must match; NULL: all match */
  GArray         *destinations;      /* likewise; a GOTO's are sorted and disjoint: divert_prefixes_merge() */
  guint16         sport;             /* 0: any port; needs protocols TCP or UDP */
  guint16         dport;
  GArray         *dports;            /* DivertPorts, one of which must have it; NULL: any; not with dport */
  gboolean        has_tcp_flags;     /* needs protocol TCP */
  gboolean        tcp_flags_invert;
  guint8          tcp_flags_mask;    /* FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32 */
  guint8          tcp_flags_value;
  guint8          icmpv6_type;       /* 0: any; needs protocol ICMP, and IPv6 alone */
  DivertMarkMatch mark;
  DivertMarkMatch connmark;
  gboolean        has_gid;           /* the socket's group */
  guint32         gid;
  guint           dst_types;         /* DivertAddrtype bits; 0: any; for IPv6 never two: no address has (K1.8) */
  guint           src_types;
  DivertReceiver  receiver;          /* of ARRIVE alone */

  DivertVerdict   verdict;
  DivertChain     to;                /* of JUMP and GOTO */
  guint32         value;             /* of MARK and CONNMARK */
  guint32         mask;
  guint16         port;              /* of TPROXY and REDIRECT, host order */

  const char     *why;               /* one phrase for explain, an N_() msgid; static */
} DivertRule;

/* Own protocol number of our ip rules and routes (rtm_protocol): how we know them again. */
#define DIVERT_ROUTE_PROTOCOL 233

typedef struct
{
  DivertFamilies families;  /* NONE: no routing at all */
  guint32        mark;
  guint32        mask;
  guint32        table;
  /* Devices whose bound sockets must be caught too: besides "local default dev lo",
   * table gets a "local default dev UPLINK" for each.  Sorted names. */
  GStrv          uplinks;
} DivertRouting;

typedef struct
{
  gatomicrefcount refs;
  GPtrArray      *rules;   /* DivertRule; within a chain in their order */
  DivertRouting   routing;
} DivertRuleset;

/* @gid is the resolved [proxy] group.  @facts names the uplinks; NULL: none.
 * Place OFF gives the empty ruleset: nothing is to be there. */
DivertRuleset *divert_ruleset_new (const DivertConfig *config, const DivertDecision *decision, guint32 gid,
                                   const DivertFacts *facts);
/* Nothing of ours is to be there. */
DivertRuleset *divert_ruleset_new_empty (void);
DivertRuleset *divert_ruleset_ref (DivertRuleset *ruleset);
void           divert_ruleset_unref (DivertRuleset *ruleset);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertRuleset, divert_ruleset_unref)
/* Takes the rules and the routing of all other families away. */
void           divert_ruleset_restrict (DivertRuleset *ruleset, DivertFamilies families);
gboolean       divert_ruleset_is_empty (const DivertRuleset *ruleset);
/* Have both the same rules for @family in @chains (bits, 1 << DivertChain)? */
gboolean       divert_ruleset_same_rules (const DivertRuleset *a, const DivertRuleset *b, DivertFamily family,
                                          guint chains);

/* The connection mark, within the mask, of a connection that is left alone wherever it goes, and of one that is, but
 * to an intranet; 0: the mask has no room for it. */
guint32        divert_ruleset_get_spare_mark (const DivertConfig *config);
guint32        divert_ruleset_get_served_mark (const DivertConfig *config);
/* A packet mark, not 0, that the rules take for somebody else's: the helper's own packets bear it. */
guint32        divert_ruleset_get_bypass_mark (const DivertConfig *config);

/* A rule that matches everything and leaves it; owns its lists. */
DivertRule    *divert_rule_new (DivertChain chain, DivertFamilies families);
void           divert_rule_free (DivertRule *rule);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertRule, divert_rule_free)
/* Do both say the same of @family's packets? */
gboolean       divert_rule_equal (const DivertRule *a, const DivertRule *b, DivertFamily family);

/* "output", "judge", "grants" … */
const char    *divert_chain_name (DivertChain chain);
/* "tcp", "udp", "icmp" */
const char    *divert_protocol_name (DivertProtocol protocol);
/* IPPROTO_x of @protocol in @family. */
guint8         divert_protocol_number (DivertProtocol protocol, DivertFamily family);

/* One line a rule, hook by hook and chain by chain, then the routing. */
char          *divert_ruleset_to_text (const DivertRuleset *ruleset);
/* @family's part of the routing as ip commands, each behind "# ": they belong to no packet filter. */
char          *divert_routing_to_text (const DivertRouting *routing, DivertFamily family);

G_END_DECLS
