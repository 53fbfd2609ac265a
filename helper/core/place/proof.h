/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Weighs one connection against one site, with every proof that the site requires.
 */
#pragma once

#include "decision.h"

G_BEGIN_DECLS

/* @forced: a person named the site, so only ask whether its network is here, not whether it identifies itself. */
DivertCandidate *divert_candidate_weigh (const DivertSite *site, const DivertConnection *connection,
                                         const DivertFacts *facts, gboolean forced);
void             divert_candidate_free (DivertCandidate *candidate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertCandidate, divert_candidate_free)
/* The proof of @kind, with its outcome; NULL if it was not required. */
const DivertProof *divert_candidate_find_proof (const DivertCandidate *candidate, DivertProofKind kind);
/* Do all proofs hold, not counting the one of @kind? */
gboolean         divert_candidate_holds_but_for (const DivertCandidate *candidate, DivertProofKind kind);

G_END_DECLS
