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
  guint32               gid;     /* DIVERT_GID_NONE: none is set */
  const DivertUnit     *unit;    /* the proxy's; NULL: none is set, or it does not run */
  const DivertFacts    *facts;   /* NULL: none */
  DivertFamilies        families;
  guint32               spare;   /* 0: the mask has no room for it; the same goes for served */
  guint32               served;
  DivertPorts           ephemeral; /* 0, 0: unknown */
  const GArray         *listening; /* DivertListening; NULL: nothing is known */
  GArray               *bypass;    /* DivertPrefix: without link-local ones */
  const GPtrArray      *lans;      /* DivertLan (lans.h) */
  GArray               *dns_except; /* merged; NULL: none */
  gboolean              everything; /* may go direct by an exit, whatever its destination */
} DivertMaker;

/* Appends a rule for all enabled families.  The caller fills in its matches and may narrow the families.
 * The pointer is valid as long as the ruleset. */
DivertRule *divert_maker_add (const DivertMaker *m, DivertChain chain, DivertVerdict verdict, const char *why);
DivertRule *divert_maker_add_leave (const DivertMaker *m, DivertChain chain, const char *why);
DivertRule *divert_maker_add_to (const DivertMaker *m, DivertChain chain, DivertVerdict verdict, DivertChain to);

void        divert_match_mark (DivertMarkMatch *match, guint32 value, guint32 mask, gboolean invert);
void        divert_match_foreign_mark (DivertRule *rule);
/* FALSE: only a unit is named, and it does not run. */
static inline gboolean
divert_maker_knows_proxy (const DivertMaker *m)
{
  return m->gid != DIVERT_GID_NONE || m->unit != NULL;
}

/* In which families does the resolver on the DNS port ask itself? */
DivertFamilies divert_maker_find_circles (const DivertMaker *m);

/* The proxy's own, by its group or by its unit.  This may add a copy of @rule, or remove it if nothing can match.  So
 * call it last, and don't use @rule any more. */
void        divert_maker_match_own (const DivertMaker *m, DivertRule *rule);
/* By its group alone, where control groups can't be matched. */
void        divert_maker_match_own_group (const DivertMaker *m, DivertRule *rule);
void        divert_rule_match_unit (DivertRule *rule, const DivertUnit *unit);
/* The mark or connection mark that the verdict of @rule sets. */
void        divert_maker_set_mark (const DivertMaker *m, DivertRule *rule, guint32 value);

/* A DHCP client's datagrams in @family. */
void        divert_maker_match_dhcp (DivertRule *rule, DivertFamily family);
/* Names that are asked for, unless the server is no business of the proxy's. */
void        divert_maker_match_dns (const DivertMaker *m, DivertRule *rule);
/* They are redirected to the DNS port.  If the resolver there asks itself, they are refused. */
void        divert_maker_redirect_dns (const DivertMaker *m, DivertChain chain);
/* A connection with the connection mark @value.  A TCP packet that opens a connection does not match,
 * because that mark would be left from an earlier connection with the same ports. */
void        divert_maker_match_remembered (const DivertMaker *m, DivertRule *rule, DivertProtocol protocol,
                                           guint32 value);

/* What the proxy's unit sends gets a mark that is like somebody else's, because the guard can't ask for a control group
 * (K2.7).  It is the served one: with that, a packet is routed as without any.  There must be a unit, and then the mask
 * has room for it. */
DivertRule *divert_maker_mark_unit (const DivertMaker *m, DivertChain chain);

void        divert_maker_add_leave_if_marked (const DivertMaker *m, DivertChain chain);
void        divert_maker_add_neighbour_discovery (const DivertMaker *m, DivertChain chain);
void        divert_maker_add_dhcp (const DivertMaker *m, DivertChain chain);

/* ruleset-judge.c */
void        divert_ruleset_make_judge (const DivertMaker *m, GArray *intranets);
void        divert_ruleset_make_diverted (const DivertMaker *m);
void        divert_ruleset_make_grants (const DivertMaker *m);
void        divert_ruleset_make_intranet (const DivertMaker *m);
void        divert_ruleset_make_own (const DivertMaker *m);

/* DNS leaves @chain, because another hook redirects it. */
DivertRule *divert_judge_leave_dns (const DivertMaker *m, DivertChain chain);
/* The same for this machine's own, if it is redirected at all. */
void        divert_judge_add_dns (const DivertMaker *m, DivertChain chain);
/* Sets our mark on TCP and UDP packets, and on their connections. */
void        divert_judge_add_marking (const DivertMaker *m, DivertChain chain, const char *why);

/* ruleset-exemptions.c */
/* What is let go direct though it isn't for an intranet, by @verdict (LEAVE or MARK_LEAVE): the bypass prefixes, DHCP
 * and the rest. */
void        divert_exemptions_add_bypass (const DivertMaker *m, DivertChain chain, DivertVerdict verdict);
void        divert_exemptions_add_link_local (const DivertMaker *m, DivertChain chain, DivertVerdict verdict);
void        divert_exemptions_add_served (const DivertMaker *m, DivertChain chain, DivertVerdict verdict);
/* Local, multicast and broadcast addresses, as the kernel's routing classifies them. */
void        divert_exemptions_add_special (const DivertMaker *m, DivertChain chain, DivertVerdict verdict);

/* ruleset-internet.c */
/* Are we at a site that lets more than its intranet go direct?  @granted: of the decision. */
gboolean    divert_maker_lets (const DivertMaker *m, gboolean granted);
/* Is the internet granted or held, so that the guard asks about every packet? */
gboolean    divert_maker_grants (const DivertMaker *m);
/* Is that held at the moment? */
gboolean    divert_maker_holds (const DivertMaker *m);
/* Do the grants depend on no destination, because the internet and all of @intranets are granted? */
gboolean    divert_internet_is_everything (const DivertMaker *m, const GArray *intranets);
/* Queries to @chain, NAMES or NAMES_INTRANET, if the site lets them go. */
void        divert_internet_add_names (const DivertMaker *m, DivertChain chain);
void        divert_internet_add_granted (const DivertMaker *m);
/* Is DNS settled before the internet is granted?  Then no query gets any further. */
gboolean    divert_internet_is_behind_dns (const DivertMaker *m);
void        divert_internet_add_fenced (const DivertMaker *m);
void        divert_ruleset_make_names (const DivertMaker *m);
void        divert_ruleset_make_internet (const DivertMaker *m);
void        divert_ruleset_make_stranded (const DivertMaker *m);

/* ruleset-exempt.c */
/* @mark: a packet's, so that the guard (served) or the fence (spare) lets it go; 0: none. */
void        divert_exempt_add_units (const DivertMaker *m, DivertChain chain, guint32 mark);

/* ruleset-pass.c */
void        divert_ruleset_make_pass (const DivertMaker *m);

/* ruleset-serve.c */
void        divert_ruleset_make_serve (const DivertMaker *m);

/* ruleset-delivery.c */
void        divert_ruleset_make_delivery (const DivertMaker *m, GArray *intranets);
void        divert_ruleset_make_dns (const DivertMaker *m);

/* ruleset-forward.c */
void        divert_ruleset_make_forward (const DivertMaker *m, GArray *intranets);

/* ruleset-guard.c */
void        divert_ruleset_make_guard (const DivertMaker *m, GArray *intranets);
void        divert_ruleset_make_exits (const DivertMaker *m);

/* ruleset-wire.c */
void        divert_ruleset_make_wire (const DivertMaker *m, GArray *intranets);

/* ruleset-maker.c */
void        divert_ruleset_make_hooks (const DivertMaker *m);

G_END_DECLS
