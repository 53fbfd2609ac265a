/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ruleset: an ordered list of plain rules and the policy routing that
 * belongs to them, made from configuration and decision.  No backend in it: the
 * iptables backend lays it, plan prints it, explain evaluates it, all from this
 * one value.
 *
 * The theory of operation (which chain decides what, and why in this order)
 * stands at the head of ruleset.c.
 */
#pragma once

#include "core/config/config.h"
#include "core/place/decision.h"

G_BEGIN_DECLS

typedef enum
{
  DIVERT_TABLE_MANGLE,
  DIVERT_TABLE_NAT,
} DivertTable;

#define DIVERT_N_TABLES 2

/* Chain names are ≤ 28 characters: the kernel keeps 29 bytes (x_tables) and the
 * library accepts more than that silently. */
#define DIVERT_CHAIN_MAX 28

typedef enum
{
  DIVERT_TARGET_RETURN,
  DIVERT_TARGET_DROP,
  DIVERT_TARGET_JUMP,     /* to @to */
  DIVERT_TARGET_GOTO,     /* to @to; RETURN there leaves this chain too */
  DIVERT_TARGET_MARK,     /* packet mark = (mark & ~mask) | value */
  DIVERT_TARGET_CONNMARK, /* connection mark, likewise */
  DIVERT_TARGET_TPROXY,   /* to @port of this machine; the mark stays as it is */
  DIVERT_TARGET_REDIRECT, /* to @port of this machine */
} DivertTarget;

/* Address types as the kernel classifies them, as bits (xt_addrtype.h's bit = 1 << RTN_x). */
typedef enum
{
  DIVERT_ADDRTYPE_LOCAL     = 1 << 2,
  DIVERT_ADDRTYPE_BROADCAST = 1 << 3, /* IPv4 only: IPv6's kernel refuses it */
  DIVERT_ADDRTYPE_MULTICAST = 1 << 5,
} DivertAddrtype;

typedef enum
{
  DIVERT_CTDIR_ANY,
  DIVERT_CTDIR_ORIGINAL,
  DIVERT_CTDIR_REPLY,
} DivertCtdir;

typedef struct
{
  gboolean has;
  gboolean invert;
  guint32  value;
  guint32  mask;
} DivertMarkMatch;

/* One rule.  All matches that are set must hold, in the order of these fields. */
typedef struct
{
  DivertTable     table;
  char            chain[DIVERT_CHAIN_MAX + 1]; /* own, or a built-in one (then it is a hook's jump) */
  DivertFamilies  families;        /* one family when a prefix is matched */

  guint8          protocol;        /* IPPROTO_TCP, _UDP, _ICMP, _ICMPV6; 0: any */
  char            in_interface[16];  /* ""; else exactly this one */
  char            out_interface[16];
  gboolean        out_invert;      /* any but out_interface */
  gboolean        has_source;
  DivertPrefix    source;
  gboolean        has_destination;
  DivertPrefix    destination;
  guint16         sport;           /* 0: any port; needs protocol TCP or UDP */
  guint16         dport;
  gboolean        has_tcp_flags;   /* needs protocol TCP */
  gboolean        tcp_flags_invert;
  guint8          tcp_flags_mask;  /* FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32 */
  guint8          tcp_flags_value;
  guint8          icmpv6_type;     /* 0: any; needs protocol ICMPv6 */
  DivertMarkMatch mark;
  DivertMarkMatch connmark;
  DivertCtdir     ctdir;
  gboolean        not_new;         /* conntrack state is anything but NEW */
  gboolean        has_gid;         /* the socket's group */
  guint32         gid;
  gboolean        no_socket;       /* no (usable) socket behind the packet */
  guint           dst_types;       /* DivertAddrtype bits; 0: any */
  guint           src_types;
  gboolean        tagged;          /* carries the comment "nm-divert": ours, see DIVERT_TAG */

  DivertTarget    target;
  char            to[DIVERT_CHAIN_MAX + 1];
  guint32         value;           /* of MARK and CONNMARK */
  guint32         mask;
  guint16         port;            /* of TPROXY and REDIRECT, host order */

  const char     *why;             /* one phrase for explain, an N_() msgid; static */
} DivertRule;

/* The first rule of each own chain carries this comment.  A chain of one of our
 * names without it is somebody else's (the article's script uses the same
 * names) and is left alone. */
#define DIVERT_TAG "nm-divert"

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
  GPtrArray    *rules;   /* DivertRule; within a chain in their order */
  DivertRouting routing;
  GHashTable   *opened[DIVERT_N_TABLES]; /* private to the makers: chain → families in which it has a rule */
} DivertRuleset;

/* @gid is the resolved [proxy] group.  @facts names the uplinks; NULL: none.
 * Place OFF gives the empty ruleset: nothing is to be there. */
DivertRuleset *divert_ruleset_new (const DivertConfig *config, const DivertDecision *decision, guint32 gid,
                                   const DivertFacts *facts);
/* Nothing of ours is to be there. */
DivertRuleset *divert_ruleset_new_empty (void);
void           divert_ruleset_free (DivertRuleset *ruleset);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertRuleset, divert_ruleset_free)
/* Takes the rules away that let packets go straight to an intranet: they, and no others, name a
 * source.  FALSE if there was none. */
gboolean       divert_ruleset_withdraw (DivertRuleset *ruleset);
/* Takes the rules and the routing of all other families away. */
void           divert_ruleset_restrict (DivertRuleset *ruleset, DivertFamilies families);
/* The connection mark, within the mask, of what is left alone; 0: the mask has no room for one. */
guint32        divert_ruleset_get_spare_mark (const DivertConfig *config);
gboolean       divert_ruleset_is_empty (const DivertRuleset *ruleset);

/* A packet mark, not 0, that the rules take for somebody else's: the helper's own packets bear it. */
guint32        divert_ruleset_get_bypass_mark (const DivertConfig *config);

/* "mangle", "nat" */
const char    *divert_table_name (DivertTable table);
/* Is @chain a built-in chain (OUTPUT, PREROUTING, …)? */
gboolean       divert_chain_is_builtin (const char *chain);
/* May @chain of @table be one of ours, by its name?  (Ours in fact: see DIVERT_TAG.) */
gboolean       divert_chain_is_own (DivertTable table, const char *chain);

/* iptables-save text of @table for @family, chains in name order, as
 * iptables-legacy-save prints it (without counters and comments). */
char          *divert_ruleset_to_save_text (const DivertRuleset *ruleset, DivertFamily family, DivertTable table);
/* One rule in that form: "-A LOCAL_DIVERT -o lo -j RETURN". */
char          *divert_rule_to_save_text (const DivertRule *rule, DivertFamily family);
/* What `plan` prints: all tables of all families, then the routing as ip commands in comments. */
char          *divert_ruleset_to_text (const DivertRuleset *ruleset);

G_END_DECLS
