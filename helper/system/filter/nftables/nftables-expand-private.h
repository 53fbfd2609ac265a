/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files that turn a ruleset into our table: nftables-expand.c decides how many rules
 * each one becomes, nftables-emit-match.c what each compares, and nftables-emit.c what it does.
 */
#pragma once

#include "nftables-expand.h"

G_BEGIN_DECLS

typedef struct
{
  DivertNftTable   *table;
  DivertFamilies    families; /* those with rules */
  gboolean          forwards; /* there are own LANs */
  guint             where[DIVERT_N_CHAINS]; /* the chain that has the rules of each chain */
  guint             entrance[DIVERT_N_CHAINS]; /* the chain that a jump or goto to it leads to */
  const DivertRule *first;    /* the rule of the ruleset being expanded; NULL: none */
  const DivertRule *last;
  GArray           *named;    /* DivertNftNamed */
  const GArray     *intranets; /* what GUARD_INTRANET has been compared with; NULL: there is none */
} DivertNftExpansion;

/* Several rules share a list, and sorting a long one takes longer than everything else. */
typedef struct
{
  const GArray *list;
  DivertFamily  family;
  guint         length; /* the part with this one; 0: all */
  const char   *name;   /* of the set */
} DivertNftNamed;

/* One of the rules that a rule of the ruleset becomes. */
typedef struct
{
  gboolean            has_family;
  DivertFamily        family;
  const DivertPrefix *source;          /* NULL: any … */
  const char         *source_set;      /* … or one in this set, … */
  guint               source_length;   /* … of which so many bits are looked up; 0: all */
  const DivertPrefix *destination;     /* with a set as well, both must match */
  const char         *destination_set;
  guint               destination_length;
  guint               protocols;       /* as in the ruleset: none, one, or TCP and UDP */
  const DivertPorts  *dports;
} DivertNftVariant;

/* More sets for one list are slower than one of intervals. */
#define DIVERT_NFT_SETS_MAX 2
/* More comparisons than this are slower than looking intervals up. */
#define DIVERT_NFT_COVERS_MAX 4

/* What is in none of the covers is in none of the prefixes. */
typedef struct
{
  guint        n;
  DivertPrefix prefixes[DIVERT_NFT_COVERS_MAX];
  gboolean     is_member[DIVERT_NFT_COVERS_MAX]; /* it is one of the prefixes itself: there is nothing to look up */
} DivertNftCovers;

typedef struct
{
  guint           n;                            /* 0: the prefixes are compared one by one */
  const char     *names[DIVERT_NFT_SETS_MAX];
  guint           lengths[DIVERT_NFT_SETS_MAX]; /* so many bits are looked up; 0: all */
  DivertNftCovers covers;
} DivertNftSets;

/* In which sets to look for an address that may be in the part of @list in @family.  Creates them.  @single: only one
 * will do, because the address must not be in it. */
DivertNftSets divert_nft_choose_sets (DivertNftExpansion *expansion, const char *purpose, DivertFamily family,
                                      const GArray *list, gboolean single);
/* Is each prefix of @list compared? */
gboolean      divert_nft_is_short (const GArray *list);
/* What is compared before anything is looked up: the covers, or the prefixes themselves.  A new list.  What is both
 * comes first. */
GArray       *divert_nft_list_covers (const GArray *list);
/* Has @list a prefix of @family? */
gboolean      divert_nft_list_has (const GArray *list, DivertFamily family);

/* DNS that is left to its redirection.  Two rules, which compare the port and one protocol each, cost a query 34 less
 * than a set of both does, and everything else 13 more. */
static inline gboolean
divert_nft_leaves_queries (const DivertRule *rule)
{
  return rule->verdict == DIVERT_VERDICT_LEAVE && rule->dport != 0 && rule->protocols == DIVERT_PROTOCOLS_TCP_UDP;
}

/* NFPROTO_x. */
guint divert_nft_family_number (DivertFamily family);
/* These add comparisons to @rule.  @name: ""; or @prefix and @set: NULL, if it doesn't matter.  If both are there, both
 * must match. */
void divert_nft_emit_family (DivertNftRule *rule, DivertFamily family);
void divert_nft_emit_interface (DivertNftRule *rule, DivertNftKey index_key, DivertNftKey name_key, const char *name,
                                guint index, gboolean invert);
void divert_nft_emit_address (DivertNftRule *rule, DivertNftKey key, DivertFamily family, const DivertPrefix *prefix,
                              const char *set, guint length, gboolean invert);
/* All that @origin, as @variant, compares. */
void divert_nft_emit_matches (DivertNftExpansion *expansion, DivertNftRule *rule, const DivertRule *origin,
                              const DivertNftVariant *variant);

/* Appends all that @rule becomes. */
void divert_nft_expand_rule (DivertNftExpansion *expansion, const DivertRule *rule);
/* The rule behind the one at @i, if the two become GRANTED (nftables-granted.c); otherwise NULL. */
const DivertRule *divert_nft_find_way (const DivertRuleset *ruleset, guint i);
/* Appends that. */
void divert_nft_expand_way (DivertNftExpansion *expansion, const DivertRuleset *ruleset, const DivertRule *way);
/* Takes its destinations from @grant if they need no second comparison. */
void divert_nft_compare_once (const DivertNftExpansion *expansion, DivertRule *grant);
/* Appends @origin, as @variant, to its chain. */
void divert_nft_emit (DivertNftExpansion *expansion, const DivertRule *origin, const DivertNftVariant *variant);
/* A packet of a family that has no rules leaves @entrance's chain. */
void divert_nft_emit_other_family (DivertNftExpansion *expansion, const DivertRule *entrance);
/* After a TPROXY: for packets that it did not deliver. */
void divert_nft_emit_refusal (DivertNftExpansion *expansion, const DivertRule *origin,
                              const DivertNftVariant *variant);
/* Shortens the way of IPv4 through chains whose last rules are IPv6's (nftables-return.c). */
void divert_nft_emit_returns (DivertNftTable *table);
/* The chains "refuse" and "staying". */
void divert_nft_emit_refuse (DivertNftExpansion *expansion);
void divert_nft_emit_staying (DivertNftExpansion *expansion);

G_END_DECLS
