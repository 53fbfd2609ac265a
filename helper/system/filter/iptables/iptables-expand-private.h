/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by what writes the rules of x_tables: iptables-expand.c, and iptables-dispatch.c for
 * prefixes that are many.
 */
#pragma once

#include "iptables-expand.h"

G_BEGIN_DECLS

typedef struct
{
  DivertXtRuleset *xt;
  DivertFamilies   families;                   /* for which there are rules */
  GHashTable      *opened[DIVERT_N_FAMILIES];  /* set of the own chains that have a rule */
  char            *where[DIVERT_N_CHAINS];     /* the name of the chain in which the next rule of each stands */
} DivertXtExpansion;

/* Appends a copy of @rule in @name, tagged if it is the first rule of an own chain. */
void divert_xt_expansion_add (DivertXtExpansion *expansion, DivertFamily family, const char *name,
                              const DivertXtRule *rule);

/* Does @rule compare with so many prefixes that they are to be spread? */
gboolean divert_xt_needs_dispatch (const DivertRule *rule);
/* A GOTO of all packets to @rule's destinations; what stands behind it in its chain goes to the chain's REST. */
void     divert_xt_dispatch (DivertXtExpansion *expansion, const DivertRule *rule);

G_END_DECLS
