/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by what makes our table of a ruleset: nftables-expand.c says how many rules come of one, nftables-emit.c what
 * is in each.
 */
#pragma once

#include "nftables-expand.h"

G_BEGIN_DECLS

typedef struct
{
  DivertNftTable   *table;
  DivertFamilies    families; /* for which there are rules */
  const DivertRule *first;    /* what is expanded now, of the ruleset's; NULL: nothing of theirs */
  const DivertRule *last;
} DivertNftExpansion;

/* One of the rules that come of a ruleset's. */
typedef struct
{
  gboolean            has_family;
  DivertFamily        family;
  const DivertPrefix *source;          /* NULL: none … */
  const char         *source_set;      /* … or one of a set */
  const DivertPrefix *destination;
  const char         *destination_set;
  guint               protocols;       /* as in the ruleset: none, one, or TCP and UDP */
  const DivertPorts  *dports;
} DivertNftVariant;

/* @origin as @variant, at the end of its chain. */
void divert_nft_emit (DivertNftExpansion *expansion, const DivertRule *origin, const DivertNftVariant *variant);
/* Behind a TPROXY: what went no way there. */
void divert_nft_emit_refusal (DivertNftExpansion *expansion, const DivertRule *origin,
                              const DivertNftVariant *variant);
/* The chain "refuse". */
void divert_nft_emit_refuse (DivertNftExpansion *expansion);

G_END_DECLS
