/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our nftables table as a value: chains of rules, rules as lists of expressions, and the sets that
 * rules use.  nftables-expand.c makes it from a ruleset; nftables-text.c turns it into nft's text.
 *
 * Both IP families are in one table, and what is about frames is in another one, of nftables' family netdev.  Each
 * chain of the ruleset is a chain here, with the same name, unless a hook has its rules in place of a jump to it.
 */
#pragma once

#include "core/ruleset/ruleset.h"

G_BEGIN_DECLS

#define DIVERT_NFT_TABLE "nm-divert"

typedef enum
{
  DIVERT_NFT_INET,   /* IPv4 and IPv6 */
  DIVERT_NFT_NETDEV, /* frames of some devices */
} DivertNftFamily;

/* In addition to the ruleset's chains: for packets that the proxy does not take, for those that this machine sends to
 * itself, and for those that leave for an intranet, or may do so. */
#define DIVERT_NFT_CHAIN_REFUSE DIVERT_N_CHAINS
#define DIVERT_NFT_CHAIN_STAYING (DIVERT_N_CHAINS + 1)
#define DIVERT_NFT_CHAIN_GRANTED (DIVERT_N_CHAINS + 2)
#define DIVERT_NFT_CHAIN_COVERED (DIVERT_N_CHAINS + 3)
#define DIVERT_NFT_N_CHAINS (DIVERT_N_CHAINS + 4)

/* The kernel accepts 31 characters for the name of a set. */
#define DIVERT_NFT_SET_NAME_MAX 31

/* What a rule can look at. */
typedef enum
{
  DIVERT_NFT_KEY_IN_INDEX,   /* the index of the incoming device; its name is for people; lo's is always 1 */
  DIVERT_NFT_KEY_OUT_INDEX,
  DIVERT_NFT_KEY_IN_NAME,
  DIVERT_NFT_KEY_OUT_NAME,
  DIVERT_NFT_KEY_FAMILY,     /* NFPROTO_x */
  DIVERT_NFT_KEY_ETHER_TYPE, /* that of a frame: NFPROTO_x all the same */
  DIVERT_NFT_KEY_MAC,        /* its sender's address */
  DIVERT_NFT_KEY_SOURCE,     /* after a match of the family */
  DIVERT_NFT_KEY_DESTINATION,
  DIVERT_NFT_KEY_MARK,
  DIVERT_NFT_KEY_CONNMARK,   /* from here on, a missing value never matches, inverted or not: that of an entry … */
  DIVERT_NFT_KEY_PROTOCOL,   /* IPPROTO_x */
  DIVERT_NFT_KEY_SPORT,      /* … a port; these five only in a rule that matches the protocol as well */
  DIVERT_NFT_KEY_DPORT,
  DIVERT_NFT_KEY_TCP_FLAGS,
  DIVERT_NFT_KEY_ICMP_TYPE,
  DIVERT_NFT_KEY_ICMPV6_TYPE,
  DIVERT_NFT_KEY_GID,        /* … a socket */
  DIVERT_NFT_KEY_CGROUP,     /* the control group of the socket, or the one @value levels below the root above it */
  DIVERT_NFT_KEY_SOURCE_TYPE,/* RTN_x */
  DIVERT_NFT_KEY_DESTINATION_TYPE,
  DIVERT_NFT_KEY_WILDCARD,   /* about the socket that would get the packet: 1: it has all addresses; 0: it has one */
} DivertNftKey;

typedef enum
{
  DIVERT_NFT_MATCH_EQUAL,
  DIVERT_NFT_MATCH_NOT_EQUAL,
  DIVERT_NFT_MATCH_RANGE,    /* value … last */
  DIVERT_NFT_MATCH_NOT_SET,  /* is not in the set @name */
  DIVERT_NFT_MATCH_SET,      /* is in it */
  DIVERT_NFT_SET_MARK,       /* mark = (mark & ~mask) | value */
  DIVERT_NFT_SET_CONNMARK,   /* the same for the connection; without an entry the rule ends here */
  DIVERT_NFT_HIDE,           /* puts an address of this machine's in the place of an IPv4 datagram's destination */
  DIVERT_NFT_UNHIDE,         /* puts the destination back, in what an ICMP error quotes of such a datagram */
  DIVERT_NFT_COUNT,
  DIVERT_NFT_TPROXY,         /* to the proxy's socket, or else to its port @value; without either the rule ends */
  DIVERT_NFT_REDIRECT,       /* to port @value on this machine */
  DIVERT_NFT_RESET,          /* refuses a TCP connection */
  DIVERT_NFT_UNREACHABLE,    /* refuses a datagram of @family: its port is closed */
  DIVERT_NFT_ACCEPT,         /* this table is done with the packet at this hook; others still see it */
  DIVERT_NFT_DROP,
  DIVERT_NFT_JUMP,           /* to @chain, and continues after this rule */
  DIVERT_NFT_GOTO,           /* to @chain, without return */
  DIVERT_NFT_RETURN,         /* as at the end of the chain */
} DivertNftKind;

typedef struct
{
  DivertNftKind kind;
  DivertNftKey  key;         /* for matches */
  guint32       value;       /* host order */
  guint32       last;        /* for RANGE; for TPROXY: the packet's NFPROTO_x, 0: either family */
  guint32       mask;        /* for matches of numbers: G_MAXUINT32 if all bits count */
  DivertPrefix  prefix;      /* for EQUAL, with addresses; for SET only its length: that many bits are looked up; for
                              * TPROXY: the listener's address, length 0: any */
  DivertFamily  family;      /* for addresses, even in a set, and for UNREACHABLE */
  DivertMac     mac;         /* for MAC */
  char          name[DIVERT_NFT_SET_NAME_MAX + 1]; /* an interface's or a set's */
  guint64       cgroup;      /* for CGROUP: its id, and its path, which is the ruleset's */
  const char   *path;
  guint         chain;       /* DivertChain or DIVERT_NFT_CHAIN_x */
} DivertNftExpr;

typedef struct
{
  guint             chain;
  GArray           *exprs;   /* DivertNftExpr */
  const char       *comment; /* one phrase, or NULL; static */
  /* The first and the last of the adjacent rules of the ruleset that it was made from; NULL: of none. */
  const DivertRule *first;
  const DivertRule *last;
  char             *text;    /* of nftables-text.c; NULL: not asked for so far.  Afterwards the rule must not change */
  guint64           digest;  /* of nftables-digest.c; 0: not asked for so far.  Likewise */
} DivertNftRule;

typedef enum
{
  DIVERT_NFT_SET_IPV4,
  DIVERT_NFT_SET_IPV6,
  DIVERT_NFT_SET_PROTOCOLS,
  DIVERT_NFT_SET_ADDRTYPES,
  DIVERT_NFT_SET_INTERFACES, /* the elements expire */
} DivertNftSetType;

/* A set never changes: it is constant in the kernel, and its name identifies its contents.  So other
 * elements need another set, and equal names mean equal sets.  INTERFACES are different: whoever has such
 * a set must renew its elements. */
typedef struct
{
  char             name[DIVERT_NFT_SET_NAME_MAX + 1];
  DivertNftSetType type;
  GArray          *prefixes; /* for the first two types: DivertPrefix, sorted and disjoint; else NULL */
  guint            length;   /* of each of these, and whoever looks up that many bits finds it; 0: a set of intervals */
  guint            bits;     /* for the next two: 1 << IPPROTO_x or 1 << RTN_x */
  GStrv            names;    /* for INTERFACES, with the time that each stays in the set; else NULL */
  guint            lifetime_ms;
} DivertNftSet;

typedef struct
{
  const char *name;                        /* static */
  DivertNftFamily family;
  GPtrArray  *devices;                     /* char *: those of the hook WIRE, each once … */
  GArray     *device_indexes;              /* guint: … and which they are.  The kernel takes a hook away with its
                                            * device, and another one of the same name is without. */
  GPtrArray  *sets;                        /* DivertNftSet */
  GPtrArray  *rules[DIVERT_NFT_N_CHAINS];  /* DivertNftRule in order; NULL: no such chain */
} DivertNftTable;

DivertNftTable *divert_nft_table_new (const char *name);
void            divert_nft_table_free (DivertNftTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertNftTable, divert_nft_table_free)
/* "inet nm-divert" */
char           *divert_nft_table_describe (const DivertNftTable *table);
/* From now on the chain exists, with or without rules. */
GPtrArray      *divert_nft_table_get_chain (DivertNftTable *table, guint chain);
/* The name of a set with the part of @prefixes in @family that has @length (0: any); the name begins with @purpose.
 * Creates it if there is none. */
const char     *divert_nft_table_add_prefixes (DivertNftTable *table, const char *purpose, DivertFamily family,
                                               guint length, const GArray *prefixes);
/* The same; @name must always mean @bits. */
const char     *divert_nft_table_add_bits (DivertNftTable *table, const char *name, DivertNftSetType type, guint bits);
/* Takes @names. */
void            divert_nft_table_add_interfaces (DivertNftTable *table, const char *name, GStrv names,
                                                 guint lifetime_ms);
const DivertNftSet *divert_nft_table_find_set (const DivertNftTable *table, const char *name);

DivertNftRule  *divert_nft_rule_new (guint chain);
void            divert_nft_rule_free (DivertNftRule *rule);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertNftRule, divert_nft_rule_free)
/* The pointer is valid until the next one is added. */
DivertNftExpr  *divert_nft_rule_add (DivertNftRule *rule, DivertNftKind kind);
/* The last rule of GRANTED, and without a grant the only one.  @is_covered: there is a chain COVERED. */
DivertNftRule  *divert_nft_rule_new_way_on (gboolean is_covered);
/* The same for a match of all bits of the number. */
DivertNftExpr  *divert_nft_rule_add_match (DivertNftRule *rule, DivertNftKind kind, DivertNftKey key, guint32 value);

static inline gboolean
divert_nft_expr_is_match (const DivertNftExpr *expr)
{
  return expr->kind <= DIVERT_NFT_MATCH_SET;
}

static inline gboolean
divert_nft_expr_has_set (const DivertNftExpr *expr)
{
  return expr->kind == DIVERT_NFT_MATCH_SET || expr->kind == DIVERT_NFT_MATCH_NOT_SET;
}

static inline const DivertNftExpr *
divert_nft_rule_index (const DivertNftRule *rule,
                       guint                i)
{
  return &g_array_index (rule->exprs, DivertNftExpr, i);
}

G_END_DECLS
