/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the ruleset's makers: ruleset.c puts together what ruleset-local.c and
 * ruleset-delivery.c write with the tools of ruleset-maker.c; ruleset-dispatch.c spreads prefixes.
 */
#pragma once

#include "ruleset.h"

G_BEGIN_DECLS

/* Appends a rule; the caller fills in its matches.  The pointer is valid for as long as the ruleset.  The first
 * rule of an own chain gets the tag, per family. */
DivertRule *divert_ruleset_add (DivertRuleset *ruleset, DivertTable table, const char *chain, DivertFamilies families,
                                DivertTarget target, const char *why);
DivertRule *divert_ruleset_add_to (DivertRuleset *ruleset, DivertTable table, const char *chain, DivertFamilies families,
                                   DivertTarget target, const char *to, const char *why);

/* In mangle's @chain: packets to @prefixes go to @to, all others on to the next rule of the chain
 * that is returned (@chain itself, or "@chain_REST").  See ruleset-dispatch.c. */
const char *divert_ruleset_dispatch (DivertRuleset *ruleset, const char *chain, DivertFamilies families, const GArray *prefixes,
                                     const char *to, const char *why);

#define LOCAL_DIVERT "LOCAL_DIVERT"
#define LOCAL_DIVERT_FENCE "LOCAL_DIVERT_FENCE"
#define LOCAL_INTRANET_DIVERT "LOCAL_INTRANET_DIVERT"
#define DIVERT "DIVERT"
#define INTRANET_DIVERT "INTRANET_DIVERT"
#define DIVERT_GUARD "DIVERT_GUARD"
#define DIVERT_GUARD_DNS "DIVERT_GUARD_DNS"
#define LOCAL_DNS_DIVERT "LOCAL_DNS_DIVERT"

#define DIVERT_N_TCP_UDP 2
/* A rule names one protocol: what goes for both takes two. */
extern const guint8 divert_tcp_udp[DIVERT_N_TCP_UDP];

typedef struct
{
  DivertRuleset        *ruleset;
  const DivertConfig   *config;
  const DivertDecision *decision;
  guint32               gid;
  DivertFamilies        families;
  guint32               spare;   /* 0: the mask has no room for it */
} DivertMaker;

/* A rule of mangle's @chain, for all families that are switched on, or for one (NULL: it is off). */
DivertRule *divert_maker_add (const DivertMaker *m, const char *chain, DivertTarget target, const char *why);
DivertRule *divert_maker_add_for (const DivertMaker *m, DivertFamily family, const char *chain, DivertTarget target,
                                  const char *why);
/* The one jump of @hook to @chain. */
void        divert_maker_add_hook (const DivertMaker *m, DivertTable table, const char *hook, const char *chain,
                                   const char *in_interface, const char *not_out_interface, gboolean marked);

void        divert_match_mark (DivertMarkMatch *match, guint32 value, guint32 mask, gboolean invert);
void        divert_match_foreign_mark (DivertRule *rule);
void        divert_maker_match_own_group (const DivertMaker *m, DivertRule *rule);
/* The mark, or connection mark, that @rule's target sets. */
void        divert_maker_set_mark (const DivertMaker *m, DivertRule *rule, guint32 value);

void        divert_maker_add_marking (const DivertMaker *m, const char *chain, const char *why);
void        divert_maker_add_return_if_marked (const DivertMaker *m, const char *chain);
void        divert_maker_add_special_addresses (const DivertMaker *m, const char *chain);
void        divert_maker_add_return_to (const DivertMaker *m, const char *chain, const char *prefix_text, const char *why);

/* ruleset-local.c: LOCAL_DIVERT_FENCE; the beginning of LOCAL_DIVERT; its end (in @chain, behind the dispatch);
 * LOCAL_INTRANET_DIVERT. */
void        divert_ruleset_make_pass (const DivertMaker *m);
void        divert_ruleset_make_beginning (const DivertMaker *m);
void        divert_ruleset_make_connections (const DivertMaker *m, const char *chain);
void        divert_ruleset_make_intranet (const DivertMaker *m);

/* ruleset-delivery.c */
void        divert_ruleset_make_tproxy (const DivertMaker *m, const GArray *intranets);
void        divert_ruleset_make_guard (const DivertMaker *m);
void        divert_ruleset_make_dns (const DivertMaker *m);

G_END_DECLS
