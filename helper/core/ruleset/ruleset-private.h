/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files that make the ruleset: ruleset.c puts together what the others write with the
 * tools of ruleset-maker.c.
 */
#pragma once

#include "ruleset.h"

G_BEGIN_DECLS

typedef struct
{
  DivertRuleset        *ruleset;
  const DivertConfig   *config;
  const DivertDecision *decision;
  guint32               gid;
  DivertFamilies        families;
  guint32               spare;   /* 0: the mask has no room for it; the same goes for served */
  guint32               served;
  DivertPorts           ephemeral; /* 0, 0: unknown */
} DivertMaker;

/* Appends a rule for all enabled families.  The caller fills in its matches and may narrow the families.
 * The pointer is valid as long as the ruleset. */
DivertRule *divert_maker_add (const DivertMaker *m, DivertChain chain, DivertVerdict verdict, const char *why);
DivertRule *divert_maker_add_leave (const DivertMaker *m, DivertChain chain, const char *why);
DivertRule *divert_maker_add_to (const DivertMaker *m, DivertChain chain, DivertVerdict verdict, DivertChain to);

void        divert_match_mark (DivertMarkMatch *match, guint32 value, guint32 mask, gboolean invert);
void        divert_match_foreign_mark (DivertRule *rule);
void        divert_maker_match_own_group (const DivertMaker *m, DivertRule *rule);
/* The mark or connection mark that the verdict of @rule sets. */
void        divert_maker_set_mark (const DivertMaker *m, DivertRule *rule, guint32 value);

/* A DHCP client's datagrams in @family. */
void        divert_maker_match_dhcp (DivertRule *rule, DivertFamily family);
/* A plain SYN, the first packet of a TCP connection. */
void        divert_maker_match_opening (DivertRule *rule);
/* A connection with the connection mark @value.  A TCP packet that opens a connection does not match,
 * because that mark would be left from an earlier connection with the same ports. */
void        divert_maker_match_remembered (const DivertMaker *m, DivertRule *rule, DivertProtocol protocol,
                                           guint32 value);

void        divert_maker_add_leave_if_marked (const DivertMaker *m, DivertChain chain);
void        divert_maker_add_neighbour_discovery (const DivertMaker *m, DivertChain chain);
void        divert_maker_add_dhcp (const DivertMaker *m, DivertChain chain);

/* ruleset-judge.c */
void        divert_ruleset_make_judge (const DivertMaker *m, GArray *intranets);
void        divert_ruleset_make_grants (const DivertMaker *m);
void        divert_ruleset_make_intranet (const DivertMaker *m);
void        divert_ruleset_make_own (const DivertMaker *m);

/* ruleset-pass.c */
void        divert_ruleset_make_pass (const DivertMaker *m);

/* ruleset-serve.c */
void        divert_ruleset_make_serve (const DivertMaker *m);

/* ruleset-delivery.c */
void        divert_ruleset_make_delivery (const DivertMaker *m, GArray *intranets);
void        divert_ruleset_make_dns (const DivertMaker *m);

/* ruleset-guard.c */
void        divert_ruleset_make_guard (const DivertMaker *m, GArray *intranets);

/* ruleset-maker.c */
void        divert_ruleset_make_hooks (const DivertMaker *m);

G_END_DECLS
