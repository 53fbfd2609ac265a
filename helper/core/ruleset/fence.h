/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The routing fence as a value: what policy routing should hold so that nothing reaches an intranet
 * without a grant.
 *
 * The theory of operation is at the head of fence.c.
 */
#pragma once

#include "core/config/config.h"
#include "core/place/decision.h"
#include "precedence.h"

G_BEGIN_DECLS

/* The device that the fence's routes lead into.  It swallows everything. */
#define DIVERT_FENCE_DEVICE "nm-divert-fence"

/* A gate takes precedence over the panel that it opens. */
#define DIVERT_FENCE_GATE_METRIC 1
#define DIVERT_FENCE_PANEL_METRIC 2
/* The metric of the panels that hold the internet, by which they are recognised. */
#define DIVERT_FENCE_OUTER_METRIC 3

typedef struct
{
  DivertFamilies families; /* NONE: no fence and no device */
  guint32        table;
  guint32        mark;     /* packets with this mark pass, because the filter has judged them; 0: nothing passes */
  guint32        mask;
  guint32        priorities[DIVERT_N_FAMILIES]; /* of the rules */
  GArray        *panels;   /* DivertPrefix: all intranets, without overlaps, and the halves of the internet if @outer;
                            * sorted; others may have the same list */
  GArray        *gates;    /* DivertPrefix: what is granted now; sorted, each inside a panel */
  gboolean       outer;    /* it holds the internet, too, as long as its gates are closed */
} DivertFence;

/* @facts: for what auto6 stood for earlier, and for other programs' ip rules; NULL: nothing.  Place OFF gives the empty
 * fence. */
DivertFence *divert_fence_new (const DivertConfig *config, const DivertDecision *decision, const DivertFacts *facts);
/* Nothing at all should be there. */
DivertFence *divert_fence_new_empty (void);
/* Closes the gates of the families that no filter is there for (not in @filtered) if a device that has not proved the
 * site may be behind them.  FALSE: there is none. */
gboolean     divert_fence_shut_unfiltered (DivertFence *fence, DivertFamilies filtered, const DivertConfig *config,
                                           const DivertDecision *decision, const DivertFacts *facts);
void         divert_fence_free (DivertFence *fence);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertFence, divert_fence_free)
/* Is @panel, one of its own, a half of the internet? */
gboolean     divert_fence_is_outer (const DivertFence *fence, const DivertPrefix *panel);
guint32      divert_fence_get_panel_metric (const DivertFence *fence, const DivertPrefix *panel);
gboolean     divert_fence_equal (const DivertFence *a, const DivertFence *b);
/* As ip commands, one per line; "" for the empty fence. */
char        *divert_fence_to_text (const DivertFence *fence);

G_END_DECLS
