/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Anchors: which gateways there were when a connection first proved a site, for as long as its activation lasts.
 */
#pragma once

#include "core/place/decision.h"

G_BEGIN_DECLS

typedef struct DivertAnchors DivertAnchors;

DivertAnchors *divert_anchors_new (void);
void           divert_anchors_free (DivertAnchors *anchors);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertAnchors, divert_anchors_free)

/* Fills known_gateways and returned of @facts' connections, having learned from @facts what came
 * since; forgets the activations that @facts has not. */
void           divert_anchors_fill (DivertAnchors *anchors, DivertFacts *facts);
/* Learns from a decision that was made of @facts. */
void           divert_anchors_learn (DivertAnchors *anchors, const DivertFacts *facts, const DivertDecision *decision,
                                     gint64 now);

G_END_DECLS
