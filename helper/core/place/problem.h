/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Problems: what keeps the rules from being what they should be, and what a person can do about it.
 * A problem is a code and a detail, so that it can be put into the reader's language where it is
 * read.
 */
#pragma once

#include "decision.h"

G_BEGIN_DECLS

typedef enum
{
  DIVERT_PROBLEM_CONFIG,       /* the files have an error; the previous configuration stays in use */
  DIVERT_PROBLEM_NO_GROUP,     /* neither [proxy] group nor unit is set */
  DIVERT_PROBLEM_GROUP,        /* … or names an unknown group */
  DIVERT_PROBLEM_BACKEND,      /* the kernel lacks what the rules need */
  DIVERT_PROBLEM_PERMISSION,
  DIVERT_PROBLEM_BUSY,         /* somebody holds the lock of the tables */
  DIVERT_PROBLEM_FOREIGN,      /* a chain with one of our names belongs to somebody else */
  DIVERT_PROBLEM_APPLY,        /* the kernel refused the rules, or the routing */
  DIVERT_PROBLEM_FACTS,        /* the kernel does not report the state of the network */
  DIVERT_PROBLEM_MODE_FILE,    /* the mode cannot be saved or read */
  DIVERT_PROBLEM_LISTENER,     /* nobody accepts what is diverted */
  DIVERT_PROBLEM_RESOLVER,     /* the resolver on the DNS port asks itself */
  DIVERT_PROBLEM_IPV6_OFF,     /* ipv6=false, but a site has IPv6 prefixes */
  DIVERT_PROBLEM_RULE,         /* another program's ip rule comes before ours and takes packets */
  DIVERT_PROBLEM_UNIT_DOWN,    /* the unit in [proxy] unit does not run */
  DIVERT_PROBLEM_NO_CGROUPS,   /* unit or exempt-units, but there are no control groups of version 2 */
  DIVERT_PROBLEM_ROUTER,       /* what is behind a router isn't direct, although we are at its site */
  DIVERT_PROBLEM_BRIDGE,       /* what an own LAN's bridge sends to an intranet is lost (K3.15) */
  DIVERT_PROBLEM_WIRE,         /* what others send by this machine's devices isn't held (K4.12) */
} DivertProblemCode;

#define DIVERT_N_PROBLEMS (DIVERT_PROBLEM_WIRE + 1)

typedef struct
{
  DivertProblemCode code;
  char             *detail; /* English; anything quoted from outside is already escaped; "" if none */
} DivertProblem;

DivertProblem *divert_problem_new (DivertProblemCode code, const char *detail);
void           divert_problem_free (DivertProblem *problem);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertProblem, divert_problem_free)
/* Does it keep rules out of the kernel that should be there? */
gboolean       divert_problem_is_gap (DivertProblemCode code);
/* Is it about the sockets on the ports that the rules lead to?  Any user may have some of those. */
gboolean       divert_problem_is_of_listeners (DivertProblemCode code);
/* Are both the same, apart from those of listeners?  Lists are GPtrArray of DivertProblem. */
gboolean       divert_problems_equal_otherwise (const GPtrArray *a, const GPtrArray *b);

/* One sentence on one line, with the detail; @translate as in divert_reason_to_text(). */
char          *divert_problem_to_text (DivertProblemCode code, const char *detail, DivertTranslate translate);
/* What a person can do about it; static. */
const char    *divert_problem_get_advice (DivertProblemCode code, DivertTranslate translate);
/* Stable names: "config", "no-group" … */
const char    *divert_problem_code_name (DivertProblemCode code);
gboolean       divert_problem_code_from_name (const char *name, DivertProblemCode *ret_code);

G_END_DECLS
