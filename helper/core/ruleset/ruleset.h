/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ruleset: which packets get which verdict, as plain rules in chains, with the policy routing
 * that belongs to them.  It is made from configuration and decision and contains nothing specific
 * to a packet filter.  A backend translates it, plan prints that translation, and explain evaluates
 * this value itself.
 *
 * The theory of operation (which chain decides what, and why in this order) is at the head of
 * ruleset.c.
 */
#pragma once

#include "core/config/config.h"
#include "core/place/decision.h"
#include "precedence.h"

G_BEGIN_DECLS

/* Where a rule is.  A packet enters at a hook, and the only rules of a hook are jumps into our chains. */
typedef enum
{
  DIVERT_HOOK_OUTPUT,            /* packets that this machine sends; a mark set here changes the route */
  DIVERT_HOOK_DELIVER,           /* incoming packets; ours come in from lo with our mark, an own LAN's by its device */
  DIVERT_HOOK_AGAIN,             /* incoming packets that passed DELIVER as a bridge's frames (K3.15) */
  DIVERT_HOOK_ARRIVE,            /* packets about to be given to a socket on this machine */
  DIVERT_HOOK_GUARD,             /* packets about to leave */
  DIVERT_HOOK_LAN_DNS,           /* the first packet of each connection that others open; it can be redirected */
  DIVERT_HOOK_DNS,               /* the first packet of each connection that this machine opens; it can be redirected */
  DIVERT_HOOK_WIRE,              /* frames about to leave by a device that others send by as well (ruleset-wire.c) */

  DIVERT_CHAIN_JUDGE,            /* from OUTPUT: decides, and marks what should be diverted */
  DIVERT_CHAIN_FOREIGN,          /* packets with somebody else's mark */
  DIVERT_CHAIN_DIVERTED,         /* packets of a diverted connection */
  DIVERT_CHAIN_PASS,             /* lets packets past the fence that should go direct although they are for an
                                  * intranet */
  DIVERT_CHAIN_GRANTS,           /* what may go direct to the site's intranet, or anywhere if no other site has one
                                  * and the internet is granted; empty: nothing */
  DIVERT_CHAIN_FENCED,           /* what may, but met the fence: it is left to that; empty as well then */
  DIVERT_CHAIN_NAMES_INTRANET,   /* what may go direct of DNS to an intranet; empty: nothing; this goes for the next
                                  * four as well */
  DIVERT_CHAIN_NAMES,            /* … of DNS to anywhere else */
  DIVERT_CHAIN_NAMES_LEAVING,    /* … of DNS that those two have let go */
  DIVERT_CHAIN_INTERNET,         /* … to anywhere but an intranet */
  DIVERT_CHAIN_FENCED_INTERNET,  /* as FENCED, for that */
  DIVERT_CHAIN_EXITS,            /* what others send to the site's intranet, or somebody else has marked, and may leave;
                                  * empty: nothing */
  DIVERT_CHAIN_EXITS_INTERNET,   /* as EXITS, for what own LANs send to anywhere else */
  DIVERT_CHAIN_INTRANET,         /* all other packets to an intranet */
  DIVERT_CHAIN_STRANDED,         /* packets that met the fence although they are not for an intranet */
  DIVERT_CHAIN_OWN,              /* the proxy's own packets */
  DIVERT_CHAIN_DELIVER,          /* hands marked packets to the proxy */
  DIVERT_CHAIN_DELIVER_INTRANET, /* the same for packets to an intranet */
  DIVERT_CHAIN_FORWARDED,        /* from DELIVER: packets that others sent; picks those to an intranet */
  DIVERT_CHAIN_LANS,             /* picks those from an own LAN */
  DIVERT_CHAIN_LAN,              /* decides about those */
  DIVERT_CHAIN_TAKE,             /* marks what should be diverted, and refuses what can't be */
  DIVERT_CHAIN_SERVE,            /* from ARRIVE: remembers what was sent to a program that serves */
  DIVERT_CHAIN_GUARD,            /* drops packets that should be diverted but would leave by a wire */
  DIVERT_CHAIN_GUARD_DNS,        /* the same for DNS */
  DIVERT_CHAIN_GUARD_NAMES,      /* the same for DNS that was let go, at a site where it goes direct */
  DIVERT_CHAIN_GUARD_INTRANET,   /* the same for packets to an intranet without a grant */
  DIVERT_CHAIN_GUARD_INTERNET,   /* the same for all others, at a site where they go direct */
  DIVERT_CHAIN_GUARD_LANS,       /* the same for what own LANs send there */
  DIVERT_CHAIN_LAN_DNS,          /* from LAN_DNS: picks packets from an own LAN */
  DIVERT_CHAIN_LAN_REDIRECT,     /* redirects its DNS to the proxy */
  DIVERT_CHAIN_DNS,              /* redirects DNS to the proxy */
  DIVERT_CHAIN_WIRE,             /* from the hook WIRE: drops frames of others to an intranet without a grant */
  DIVERT_CHAIN_WIRE_GRANTS,      /* lets go those with one; empty: none has */
} DivertChain;

#define DIVERT_N_HOOKS (DIVERT_HOOK_WIRE + 1)
#define DIVERT_N_CHAINS (DIVERT_CHAIN_WIRE_GRANTS + 1)

/* A set of chains. */
typedef guint64 DivertChains;
#define DIVERT_CHAIN_BIT(chain) (G_GUINT64_CONSTANT (1) << (chain))
#define DIVERT_ALL_CHAINS G_MAXUINT64
G_STATIC_ASSERT (DIVERT_N_CHAINS <= 64);

typedef enum
{
  DIVERT_VERDICT_LEAVE,    /* we are done with the packet at this hook; it goes on unchanged */
  DIVERT_VERDICT_DROP,
  DIVERT_VERDICT_JUMP,     /* to @to; continues after this rule if no rule there ends our work */
  DIVERT_VERDICT_GOTO,     /* to @to, and does not return */
  DIVERT_VERDICT_MARK,     /* packet mark = (mark & ~mask) | value; continues with the next rule */
  DIVERT_VERDICT_MARK_LEAVE, /* the same, then LEAVE */
  DIVERT_VERDICT_CONNMARK, /* as MARK, for the connection mark */
  DIVERT_VERDICT_TPROXY,   /* to the proxy's socket, or else to its @port; the mark stays */
  DIVERT_VERDICT_REDIRECT, /* to @port on this machine */
  DIVERT_VERDICT_REFUSE,   /* an error for the program, at once.  With a @port, nobody listens there now: the TCP
                            * connections that the proxy still has go on.  Without one, they don't.  In DNS and
                            * LAN_REDIRECT, the redirection is to a closed @port, so the kernel refuses it. */
} DivertVerdict;

/* Protocols as bits. */
typedef enum
{
  DIVERT_PROTOCOL_TCP  = 1 << 0,
  DIVERT_PROTOCOL_UDP  = 1 << 1,
  DIVERT_PROTOCOL_ICMP = 1 << 2, /* ICMP or ICMPv6, depending on the family */
} DivertProtocol;

#define DIVERT_N_PROTOCOLS 3
#define DIVERT_PROTOCOLS_TCP_UDP (DIVERT_PROTOCOL_TCP | DIVERT_PROTOCOL_UDP)

/* Address types as in the kernel's routing, as bits: 1 << RTN_x. */
typedef enum
{
  DIVERT_ADDRTYPE_LOCAL     = 1 << 2,
  DIVERT_ADDRTYPE_BROADCAST = 1 << 3, /* IPv4 only */
  DIVERT_ADDRTYPE_MULTICAST = 1 << 5,
} DivertAddrtype;

/* Which socket an incoming packet would be given to. */
typedef enum
{
  DIVERT_RECEIVER_ANY,      /* it does not matter */
  DIVERT_RECEIVER_SOMEBODY, /* any socket */
  DIVERT_RECEIVER_BOUND,    /* one with an address: that of a connection, or of a listener on that address only */
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
 * Connection tracking's states and directions cannot be matched, because a stranger chooses both (K5.1). */
typedef struct
{
  DivertChain     chain;
  DivertFamilies  families;          /* each list below has a prefix in each of these families */

  guint           protocols;         /* DivertProtocol bits; 0: any */
  char            in_interface[16];  /* "": any; otherwise exactly this one */
  gboolean        in_invert;         /* any except in_interface */
  char            out_interface[16];
  gboolean        out_invert;        /* any except out_interface */
  guint           out_index;         /* the index of out_interface; 0: unknown, or any */
  gboolean        has_mac;           /* only in WIRE: the sender's address on the link */
  DivertMac       mac;
  GArray         *sources;           /* DivertPrefix of both families, as of divert_prefixes_merge(); any of them may
                                      * match; NULL: any address */
  GArray         *destinations;      /* the same */
  gboolean        destinations_invert; /* any address but those; then a family may be without a prefix */
  guint16         sport;             /* 0: any port; needs protocols TCP or UDP */
  guint16         dport;
  GArray         *dports;            /* DivertPorts; any of them may match; NULL: any port; not together with dport */
  gboolean        has_tcp_flags;     /* needs protocol TCP */
  gboolean        tcp_flags_invert;
  guint8          tcp_flags_mask;    /* FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32 */
  guint8          tcp_flags_value;
  guint8          icmpv6_type;       /* 0: any; needs protocol ICMP and only IPv6 */
  DivertMarkMatch mark;
  DivertMarkMatch connmark;
  gboolean        has_gid;           /* the socket's group */
  guint32         gid;
  guint64         cgroup;            /* the id of the socket's control group, or of one above it; 0: any; only in chains
                                      * of OUTPUT and DNS */
  GRefString     *cgroup_path;       /* its path below the root; NULL if any */
  guint           dst_types;         /* DivertAddrtype bits; 0: any; never two for IPv6, because no address has two
                                      * (K1.8) */
  guint           src_types;
  DivertReceiver  receiver;          /* only in ARRIVE */

  DivertVerdict   verdict;
  DivertChain     to;                /* for JUMP and GOTO */
  guint32         value;             /* for MARK, MARK_LEAVE and CONNMARK */
  guint32         mask;
  guint16         port;              /* for TPROXY, REDIRECT and REFUSE, in host order */
  gboolean        on_loopback;       /* for TPROXY and REFUSE: who listens on the loopback address gets it, by whatever
                                      * device the packet came in.  Otherwise the device's own address counts. */
  guint16         refused_port;      /* for REFUSE: the proxy's, for explain; no packet filter needs it */
  const char     *why;               /* one phrase for explain, an N_() msgid; static */
} DivertRule;

/* The port to which DNS is redirected if nobody is to get it: tcpmux's.  Only root could listen there. */
#define DIVERT_PORT_CLOSED 1

/* Is it empty without a grant? */
static inline gboolean
divert_chain_is_granting (DivertChain chain)
{
  return chain >= DIVERT_CHAIN_GRANTS && chain <= DIVERT_CHAIN_EXITS_INTERNET;
}

/* A REFUSE of that kind. */
static inline gboolean
divert_rule_refuses_by_redirection (const DivertRule *rule)
{
  return rule->verdict == DIVERT_VERDICT_REFUSE &&
         (rule->chain == DIVERT_CHAIN_DNS || rule->chain == DIVERT_CHAIN_LAN_REDIRECT);
}

/* Is it about frames, which only nftables sees, in a table of their own? */
static inline gboolean
divert_chain_is_wire (DivertChain chain)
{
  return chain == DIVERT_HOOK_WIRE || chain == DIVERT_CHAIN_WIRE || chain == DIVERT_CHAIN_WIRE_GRANTS;
}

/* The protocol number (rtm_protocol) of our ip rules and routes, by which we recognise them. */
#define DIVERT_ROUTE_PROTOCOL 233

typedef struct
{
  DivertFamilies families;  /* NONE: no routing at all */
  guint32        mark;
  guint32        mask;
  guint32        table;
  /* Devices for whose bound sockets the table gets a "local default dev UPLINK", besides "local default
   * dev lo".  Sorted names. */
  GStrv          uplinks;
  guint32        priorities[DIVERT_N_FAMILIES]; /* of the rules for our mark */
  /* Does the table also get what such a socket asks the proxy's DNS port on the loopback device? */
  gboolean       names;
  guint32        names_priorities[DIVERT_N_FAMILIES];
} DivertRouting;

typedef struct
{
  gatomicrefcount refs;
  GPtrArray      *rules;   /* DivertRule; in order within each chain */
  DivertRouting   routing;
} DivertRuleset;

/* Stands for the group if the proxy is known by its unit alone. */
#define DIVERT_GID_NONE G_MAXUINT32

/* @gid is the resolved [proxy] group.  @facts names the uplinks and the control groups; NULL: none.  Place OFF gives
 * the empty ruleset, which means that nothing of ours should be there. */
DivertRuleset *divert_ruleset_new (const DivertConfig *config, const DivertDecision *decision, guint32 gid,
                                   const DivertFacts *facts);
/* The empty ruleset. */
DivertRuleset *divert_ruleset_new_empty (void);
/* The part of @whole that holds an intranet's packets without the rest: guard-alone.c.  @delivers: with AGAIN. */
DivertRuleset *divert_ruleset_new_guard (const DivertRuleset *whole, gboolean delivers);
/* The part of @whole that is about frames.  The rest, the guard's part too, is without it. */
DivertRuleset *divert_ruleset_new_wire (const DivertRuleset *whole);
/* Does it have AGAIN? */
gboolean       divert_ruleset_delivers_again (const DivertRuleset *whole);
DivertRuleset *divert_ruleset_ref (DivertRuleset *ruleset);
void           divert_ruleset_unref (DivertRuleset *ruleset);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertRuleset, divert_ruleset_unref)
/* Removes the rules and the routing of all other families. */
void           divert_ruleset_restrict (DivertRuleset *ruleset, DivertFamilies families);
gboolean       divert_ruleset_is_empty (const DivertRuleset *ruleset);
/* Do both have the same rules for @family in @chains? */
gboolean       divert_ruleset_same_rules (const DivertRuleset *a, const DivertRuleset *b, DivertFamily family,
                                          DivertChains chains);
/* … in all chains, for both families? */
gboolean       divert_ruleset_same (const DivertRuleset *a, const DivertRuleset *b);

/* Connection marks, within the mask.  The spare mark is for connections that are left alone wherever they
 * go; the served mark is for those that are left alone unless they go to an intranet.  0: the mask has no
 * room for it. */
guint32        divert_ruleset_get_spare_mark (const DivertConfig *config);
guint32        divert_ruleset_get_served_mark (const DivertConfig *config);
/* A packet mark, not 0, that the rules take for somebody else's.  The helper's own packets have it. */
guint32        divert_ruleset_get_bypass_mark (const DivertConfig *config);

/* A rule that matches everything and leaves it.  Others may have its lists, so these do not
 * change. */
DivertRule    *divert_rule_new (DivertChain chain, DivertFamilies families);
/* The copy shares the lists. */
DivertRule    *divert_rule_copy (const DivertRule *rule);
void           divert_rule_free (DivertRule *rule);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertRule, divert_rule_free)
/* From now on it matches a plain SYN only, the first packet of a TCP connection. */
void           divert_rule_match_opening (DivertRule *rule);
/* Do both treat packets of @family the same? */
gboolean       divert_rule_equal (const DivertRule *a, const DivertRule *b, DivertFamily family);

/* "output", "judge", "grants" … */
const char    *divert_chain_name (DivertChain chain);
/* "tcp", "udp", "icmp" */
const char    *divert_protocol_name (DivertProtocol protocol);
/* The IPPROTO_x of @protocol in @family. */
guint8         divert_protocol_number (DivertProtocol protocol, DivertFamily family);

/* One line per rule, hook by hook and chain by chain, then the routing. */
char          *divert_ruleset_to_text (const DivertRuleset *ruleset);
/* "127.0.0.0/8", "::1": what is redirected goes there. */
const char    *divert_routing_get_loopback (DivertFamily family);
/* @family's part of the routing as ip commands, each after "# " because they belong to no packet filter. */
char          *divert_routing_to_text (const DivertRouting *routing, DivertFamily family);

G_END_DECLS
