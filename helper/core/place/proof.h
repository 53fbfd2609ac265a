/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Weighing one connection against one site: every proof that the site asks for.
 */
#pragma once

#include "decision.h"

G_BEGIN_DECLS

/* @forced: a person named the site, so who we are is not asked, only whether its network is there. */
DivertCandidate *divert_candidate_weigh (const DivertSite *site, const DivertConnection *connection,
                                         const DivertFacts *facts, gboolean forced);
void             divert_candidate_free (DivertCandidate *candidate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertCandidate, divert_candidate_free)
/* Does @candidate have this proof, and with which outcome?  NULL if it was not asked for. */
const DivertProof *divert_candidate_find_proof (const DivertCandidate *candidate, DivertProofKind kind);
/* Do all its proofs hold, whatever that of @kind says? */
gboolean         divert_candidate_holds_but_for (const DivertCandidate *candidate, DivertProofKind kind);

G_END_DECLS
