/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our table of nftables as a value: chains of rules, a rule a list of expressions, and the sets that rules look into.
 * nftables-expand.c makes it of a ruleset; nftables-text.c reads it as nft's text.
 *
 * Both IP families are in the one table.  A chain of the ruleset is a chain here, by the same name.
 */
#pragma once

#include "core/ruleset/ruleset.h"

G_BEGIN_DECLS

#define DIVERT_NFT_TABLE "nm-divert"

/* Besides the ruleset's chains: what becomes of a packet that the proxy does not take. */
#define DIVERT_NFT_CHAIN_REFUSE DIVERT_N_CHAINS
#define DIVERT_NFT_N_CHAINS (DIVERT_N_CHAINS + 1)

/* The kernel takes 31 characters for the name of a set. */
#define DIVERT_NFT_SET_NAME_MAX 31

/* What a rule can look at. */
typedef enum
{
  DIVERT_NFT_KEY_IN_INDEX,   /* the number of the device by which the packet comes in; lo's is 1, everywhere */
  DIVERT_NFT_KEY_OUT_INDEX,
  DIVERT_NFT_KEY_IN_NAME,
  DIVERT_NFT_KEY_OUT_NAME,
  DIVERT_NFT_KEY_FAMILY,     /* NFPROTO_x */
  DIVERT_NFT_KEY_SOURCE,     /* behind a match of the family */
  DIVERT_NFT_KEY_DESTINATION,
  DIVERT_NFT_KEY_MARK,
  DIVERT_NFT_KEY_CONNMARK,   /* from here on, what is not there matches nothing, inverted or not: an entry … */
  DIVERT_NFT_KEY_PROTOCOL,   /* IPPROTO_x */
  DIVERT_NFT_KEY_SPORT,      /* … a port; these four behind a match of the protocol */
  DIVERT_NFT_KEY_DPORT,
  DIVERT_NFT_KEY_TCP_FLAGS,
  DIVERT_NFT_KEY_ICMPV6_TYPE,
  DIVERT_NFT_KEY_GID,        /* … a socket */
  DIVERT_NFT_KEY_SOURCE_TYPE,/* RTN_x */
  DIVERT_NFT_KEY_DESTINATION_TYPE,
  DIVERT_NFT_KEY_WILDCARD,   /* of the socket that would get the packet: 1: it has all addresses; 0: one */
} DivertNftKey;

typedef enum
{
  DIVERT_NFT_MATCH_EQUAL,
  DIVERT_NFT_MATCH_NOT_EQUAL,
  DIVERT_NFT_MATCH_RANGE,    /* value … last */
  DIVERT_NFT_MATCH_SET,      /* is in the set @name */
  DIVERT_NFT_SET_MARK,       /* mark = (mark & ~mask) | value */
  DIVERT_NFT_SET_CONNMARK,   /* likewise; without an entry the rule ends here */
  DIVERT_NFT_COUNT,
  DIVERT_NFT_TPROXY,         /* to the proxy's socket, else to its port @value; without either the rule ends */
  DIVERT_NFT_REDIRECT,       /* to port @value of this machine */
  DIVERT_NFT_RESET,          /* refuses a TCP connection */
  DIVERT_NFT_UNREACHABLE,    /* refuses an IPv6 datagram: its port is closed */
  DIVERT_NFT_ACCEPT,         /* this table is done with the packet at this hook; others still see it */
  DIVERT_NFT_DROP,
  DIVERT_NFT_JUMP,           /* to @chain, and on behind this rule */
  DIVERT_NFT_GOTO,           /* to @chain, for good */
} DivertNftKind;

typedef struct
{
  DivertNftKind kind;
  DivertNftKey  key;         /* of the matches */
  guint32       value;       /* host order */
  guint32       last;        /* of RANGE; of TPROXY: the packet's NFPROTO_x, 0: of either family */
  guint32       mask;        /* of matches of numbers: G_MAXUINT32 if all bits count */
  DivertPrefix  prefix;      /* of EQUAL, for addresses */
  DivertFamily  family;      /* of addresses, in a set too */
  char          name[DIVERT_NFT_SET_NAME_MAX + 1]; /* of an interface or a set */
  guint         chain;       /* DivertChain or DIVERT_NFT_CHAIN_REFUSE */
} DivertNftExpr;

typedef struct
{
  guint             chain;
  GArray           *exprs;   /* DivertNftExpr */
  const char       *comment; /* one phrase, or NULL; static */
  /* The rules of the ruleset that it was made of, neighbours: the first and the last; NULL: of none. */
  const DivertRule *first;
  const DivertRule *last;
} DivertNftRule;

typedef enum
{
  DIVERT_NFT_SET_IPV4,
  DIVERT_NFT_SET_IPV6,
  DIVERT_NFT_SET_PROTOCOLS,
  DIVERT_NFT_SET_ADDRTYPES,
  DIVERT_NFT_SET_INTERFACES, /* their elements lapse */
} DivertNftSetType;

/* A set never changes: it is constant in the kernel, and its name tells what is in it.  So who wants other elements
 * wants another set, and an equal name is an equal set.  INTERFACES are different: who has such a set must renew what
 * is in it. */
typedef struct
{
  char             name[DIVERT_NFT_SET_NAME_MAX + 1];
  DivertNftSetType type;
  GArray          *prefixes; /* of the first two types: DivertPrefix, sorted and disjoint; else NULL */
  guint            bits;     /* of the next two: 1 << IPPROTO_x or 1 << RTN_x */
  GStrv            names;    /* of INTERFACES, and how long each is in the set; else NULL */
  guint            lifetime_ms;
} DivertNftSet;

typedef struct
{
  const char *name;                        /* static; that of the family inet */
  GPtrArray  *sets;                        /* DivertNftSet */
  GPtrArray  *rules[DIVERT_NFT_N_CHAINS];  /* DivertNftRule in their order; NULL: there is no such chain */
} DivertNftTable;

DivertNftTable *divert_nft_table_new (const char *name);
void            divert_nft_table_free (DivertNftTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertNftTable, divert_nft_table_free)
/* The chain is there from now on, with rules or without. */
GPtrArray      *divert_nft_table_get_chain (DivertNftTable *table, guint chain);
/* The name of a set that holds @prefixes' part of @family; @purpose begins it.  Made if there is none. */
const char     *divert_nft_table_add_prefixes (DivertNftTable *table, const char *purpose, DivertFamily family,
                                               const GArray *prefixes);
/* Likewise; @name means @bits, always. */
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
/* Likewise a match, of all bits of the number. */
DivertNftExpr  *divert_nft_rule_add_match (DivertNftRule *rule, DivertNftKind kind, DivertNftKey key, guint32 value);

static inline gboolean
divert_nft_expr_is_match (const DivertNftExpr *expr)
{
  return expr->kind <= DIVERT_NFT_MATCH_SET;
}

static inline const DivertNftExpr *
divert_nft_rule_index (const DivertNftRule *rule,
                       guint                i)
{
  return &g_array_index (rule->exprs, DivertNftExpr, i);
}

G_END_DECLS
