/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files of the proofs.
 */
#pragma once

#include "proof.h"

G_BEGIN_DECLS

typedef struct
{
  const DivertSite       *site;
  const DivertConnection *connection;
  const DivertLink       *link; /* NULL: the kernel has no link of that name */
  const DivertFacts      *facts;
} DivertWeighing;

/* Each sets outcome, expected and found, or returns FALSE if the site does not require this proof. */
gboolean divert_proof_weigh_identity (const DivertWeighing *w, DivertProof *proof);
gboolean divert_proof_weigh_device (const DivertWeighing *w, DivertProof *proof);
gboolean divert_proof_weigh_link (const DivertWeighing *w, DivertProof *proof);
gboolean divert_proof_weigh_subnet (const DivertWeighing *w, DivertProof *proof);
gboolean divert_proof_weigh_route (const DivertWeighing *w, DivertProof *proof);
gboolean divert_proof_weigh_ssid (const DivertWeighing *w, DivertProof *proof);
gboolean divert_proof_weigh_bssid (const DivertWeighing *w, DivertProof *proof);
gboolean divert_proof_weigh_security (const DivertWeighing *w, DivertProof *proof);
gboolean divert_proof_weigh_gateway_mac (const DivertWeighing *w, DivertProof *proof);
gboolean divert_proof_weigh_router (const DivertWeighing *w, DivertProof *proof);
gboolean divert_proof_weigh_beacon (const DivertWeighing *w, DivertProof *proof);

/* Appends "192.168.22.1 at 02:22:00:00:00:01" or what else is known of @gateway, behind a comma if need be. */
void     divert_gateway_describe (GString *text, const DivertGateway *gateway);

static inline DivertOutcome
divert_proof_outcome (gboolean holds)
{
  return holds ? DIVERT_OUTCOME_HOLDS : DIVERT_OUTCOME_FAILS;
}

G_END_DECLS
