/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A real fence with a tripwire, in a namespace with two real links, up0 and up1.  Of one family at a time.
 */
#pragma once

#include "core/place/decision.h"
#include "fence-fixture.h"

G_BEGIN_DECLS

/* A test that waits this long in vain has failed. */
#define WIRED_PATIENCE_MS 30000

typedef struct
{
  Fixture         f;
  DivertConfig   *config;
  DivertDecision *decision;     /* a grant through up0 */
  guint           n_calls;      /* of look again */
  guint           n_lost;       /* atomic: how often the tripwire has told of a lost link, … */
  guint           lost_ifindex; /* … and which was the last */
} Wired;

void         wired_set_up (Wired *w, gconstpointer user_data);
void         wired_tear_down (Wired *w, gconstpointer user_data);
/* A new tripwire in place of the one before. */
void         wired_wire (Wired *w, const DivertTripLimits *limits);
/* The grant goes through @device as well. */
void         wired_add_exit (Wired *w, const char *device);

/* The facts of now. */
DivertFacts *wired_gather (void);
/* A run that knows @facts.  Returns whether it wrote. */
gboolean     wired_run (Wired *w, const DivertFacts *facts, const DivertFence *fence);
/* A run that opens the fence. */
void         wired_grant (Wired *w);

gboolean     wired_is_open (Wired *w);
/* While this thread does nothing else. */
void         wired_wait_until_shut (Wired *w);
/* The wire has tripped, for good. */
void         wired_wait_until_told (Wired *w);
void         wired_assert_one_rule (Wired *w);

typedef struct
{
  const char *name;
  void      (*test) (Wired *w, gconstpointer user_data);
} WiredTest;

/* What main() does: runs each of @tests for each family. */
int          wired_main (int argc, char *argv[], const char *name, const WiredTest *tests, guint n_tests);

G_END_DECLS
