/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files that turn a ruleset into our table: nftables-expand.c decides how many rules
 * each one becomes, and nftables-emit.c what is in each.
 */
#pragma once

#include "nftables-expand.h"

G_BEGIN_DECLS

typedef struct
{
  DivertNftTable   *table;
  DivertFamilies    families; /* those with rules */
  guint             where[DIVERT_N_CHAINS]; /* the chain that has the rules of each chain */
  const DivertRule *first;    /* the rule of the ruleset being expanded; NULL: none */
  const DivertRule *last;
  GArray           *named;    /* DivertNftNamed */
} DivertNftExpansion;

/* Several rules share a list, and sorting a long one takes longer than everything else. */
typedef struct
{
  const GArray *list;
  DivertFamily  family;
  const char   *name; /* of the set */
} DivertNftNamed;

/* One of the rules that a rule of the ruleset becomes. */
typedef struct
{
  gboolean            has_family;
  DivertFamily        family;
  const DivertPrefix *source;          /* NULL: none … */
  const char         *source_set;      /* … or one in this set */
  const DivertPrefix *destination;
  const char         *destination_set;
  guint               protocols;       /* as in the ruleset: none, one, or TCP and UDP */
  const DivertPorts  *dports;
} DivertNftVariant;

/* Appends @origin, as @variant, to its chain. */
void divert_nft_emit (DivertNftExpansion *expansion, const DivertRule *origin, const DivertNftVariant *variant);
/* A packet of a family that has no rules leaves @entrance's chain. */
void divert_nft_emit_other_family (DivertNftExpansion *expansion, const DivertRule *entrance);
/* After a TPROXY: for packets that it did not deliver. */
void divert_nft_emit_refusal (DivertNftExpansion *expansion, const DivertRule *origin,
                              const DivertNftVariant *variant);
/* The chains "refuse" and "staying". */
void divert_nft_emit_refuse (DivertNftExpansion *expansion);
void divert_nft_emit_staying (DivertNftExpansion *expansion);

G_END_DECLS
