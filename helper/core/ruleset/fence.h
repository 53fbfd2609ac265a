/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The routing fence, as a value: what policy routing is to hold so that nothing reaches an intranet that is not
 * granted.
 *
 * The theory of operation stands at the head of fence.c.
 */
#pragma once

#include "core/config/config.h"
#include "core/place/decision.h"

G_BEGIN_DECLS

/* Behind the rule for our mark (DIVERT_RULE_PRIORITY), so that a diverted packet never meets the fence; before all that
 * leads out. */
#define DIVERT_FENCE_PRIORITY 101

/* The device that the fence's routes lead into.  Whatever is sent to it is gone. */
#define DIVERT_FENCE_DEVICE "nm-divert-fence"

/* A gate comes before the panel that it opens. */
#define DIVERT_FENCE_GATE_METRIC 1
#define DIVERT_FENCE_PANEL_METRIC 2

typedef struct
{
  DivertFamilies families; /* NONE: no fence, and no device */
  guint32        table;
  guint32        mark;     /* what bears this mark passes: the filter has judged it; 0: nothing passes */
  guint32        mask;
  GArray        *panels;   /* DivertPrefix: every intranet; sorted, without overlaps */
  GArray        *gates;    /* DivertPrefix: what is granted now; likewise, each within a panel */
} DivertFence;

/* @facts: what auto6 stood for; NULL: nothing.  Place OFF gives the empty fence. */
DivertFence *divert_fence_new (const DivertConfig *config, const DivertDecision *decision, const DivertFacts *facts);
/* Nothing of it is to be there. */
DivertFence *divert_fence_new_empty (void);
void         divert_fence_free (DivertFence *fence);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertFence, divert_fence_free)
gboolean     divert_fence_equal (const DivertFence *a, const DivertFence *b);
/* As ip commands, one a line; "" for the empty fence. */
char        *divert_fence_to_text (const DivertFence *fence);

G_END_DECLS
