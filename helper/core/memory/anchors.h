/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Anchors: the gateways that were there when a connection first proved a site, kept for as long as
 * its activation lasts.
 */
#pragma once

#include "core/place/decision.h"

G_BEGIN_DECLS

typedef struct DivertAnchors DivertAnchors;

DivertAnchors *divert_anchors_new (void);
void           divert_anchors_free (DivertAnchors *anchors);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertAnchors, divert_anchors_free)

/* Learns from @facts what is new, then fills in known_gateways and returned of its connections.  Forgets
 * the activations that are not in @facts. */
void           divert_anchors_fill (DivertAnchors *anchors, DivertFacts *facts);
/* Learns from @decision, which was made from @facts. */
void           divert_anchors_learn (DivertAnchors *anchors, const DivertFacts *facts, const DivertDecision *decision,
                                     gint64 now);

G_END_DECLS
