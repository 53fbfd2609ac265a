/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files that write x_tables rules: iptables-expand.c, and iptables-dispatch.c for
 * long lists of prefixes.
 */
#pragma once

#include "iptables-expand.h"

G_BEGIN_DECLS

typedef struct
{
  DivertXtRuleset *xt;
  DivertFamilies   families;                   /* those with rules */
  GHashTable      *opened[DIVERT_N_FAMILIES];  /* set of own chains that already have a rule */
  char            *where[DIVERT_N_CHAINS];     /* for each chain, the name of the chain that gets its next rule */
} DivertXtExpansion;

/* Appends a copy of @rule to @name, with the tag if it is the first rule of one of our chains. */
void divert_xt_expansion_add (DivertXtExpansion *expansion, DivertFamily family, const char *name,
                              const DivertXtRule *rule);

/* Does @rule compare with so many prefixes that they should be spread? */
gboolean divert_xt_needs_dispatch (const DivertRule *rule);
/* Sends all packets to @rule's destinations to its target, like GOTO.  What comes after that in its chain
 * goes to the chain's REST. */
void     divert_xt_dispatch (DivertXtExpansion *expansion, const DivertRule *rule);

G_END_DECLS
