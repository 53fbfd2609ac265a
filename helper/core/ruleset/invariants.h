/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must be true of every ruleset, whatever packet comes by and whatever a stranger has done before.
 *
 * tests/unit/test-judging.c walks all packets, and a debug build some of them before each commit
 * (run/rehearsal.c).  There is no second copy of what must hold.
 */
#pragma once

#include "core/facts/facts.h"
#include "walk.h"

G_BEGIN_DECLS

/* What a ruleset was made of. */
typedef struct
{
  const DivertConfig   *config;
  const DivertDecision *decision; /* any place except OFF */
  const DivertFacts    *facts;
  guint32               gid;
} DivertOrigin;

/* @invariant is one of the words at the head of invariants.c.  Similar packets have the same @kind.  @text
 * describes the packet and what became of it. */
typedef void (*DivertFault) (const char *invariant, const char *kind, const char *text, gpointer user_data);

/* Walks packets through @ruleset, and calls @fault for each that is not treated as it must be.  It walks
 * about @budget packets, each in several states; 0: all of them.  @turn decides which: if you count it up,
 * all of them come in time.  Returns the number of walks. */
guint divert_invariants_check (const DivertRuleset *ruleset, const DivertOrigin *origin, guint budget, guint turn,
                               DivertFault fault, gpointer user_data);

G_END_DECLS
