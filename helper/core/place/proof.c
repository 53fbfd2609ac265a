/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the table of proofs, and the candidate that they make.  Each proof is a function
 * (proof-connection.c, proof-link.c); a new proof is a new row.  All rows are weighed even after
 * one has failed, because a person who asks "why away?" wants to see all of them.
 */
#include "proof-private.h"
#include "tunnel.h"

typedef gboolean (*ProofFunc) (const DivertWeighing *w, DivertProof *proof);

static const ProofFunc proof_funcs[] = {
  [DIVERT_PROOF_IDENTITY] = divert_proof_weigh_identity,
  [DIVERT_PROOF_DEVICE] = divert_proof_weigh_device,
  [DIVERT_PROOF_LINK] = divert_proof_weigh_link,
  [DIVERT_PROOF_SUBNET] = divert_proof_weigh_subnet,
  [DIVERT_PROOF_ROUTE] = divert_proof_weigh_route,
  [DIVERT_PROOF_SSID] = divert_proof_weigh_ssid,
  [DIVERT_PROOF_BSSID] = divert_proof_weigh_bssid,
  [DIVERT_PROOF_SECURITY] = divert_proof_weigh_security,
  [DIVERT_PROOF_GATEWAY_MAC] = divert_proof_weigh_gateway_mac,
  [DIVERT_PROOF_ROUTER] = divert_proof_weigh_router,
  [DIVERT_PROOF_BEACON] = divert_proof_weigh_beacon,
};
G_STATIC_ASSERT (G_N_ELEMENTS (proof_funcs) == DIVERT_N_PROOFS);

/* Proofs that must hold even if a person forces the site. */
static gboolean
is_asked_when_forced (DivertProofKind kind)
{
  return kind == DIVERT_PROOF_DEVICE || kind == DIVERT_PROOF_LINK || kind == DIVERT_PROOF_SUBNET ||
         kind == DIVERT_PROOF_ROUTE;
}

/* See tunnel.c. */
static gboolean
is_asked_of_tunnel (DivertProofKind kind)
{
  return kind == DIVERT_PROOF_IDENTITY || kind == DIVERT_PROOF_DEVICE || kind == DIVERT_PROOF_LINK ||
         kind == DIVERT_PROOF_ROUTE || kind == DIVERT_PROOF_BEACON;
}

static void
proof_free (DivertProof *proof)
{
  g_free (proof->expected);
  g_free (proof->found);
  g_free (proof);
}

DivertCandidate *
divert_candidate_weigh (const DivertSite       *site,
                        const DivertConnection *connection,
                        const DivertFacts      *facts,
                        gboolean                forced)
{
  DivertWeighing w = { site, connection, divert_facts_find_link (facts, connection->device), facts };
  DivertCandidate *candidate = g_new0 (DivertCandidate, 1);

  candidate->site = g_strdup (site->name);
  candidate->uuid = g_strdup (connection->uuid != NULL ? connection->uuid : "");
  candidate->id = g_strdup (connection->id != NULL ? connection->id : "");
  candidate->device = g_strdup (connection->device != NULL ? connection->device : "");
  candidate->ifindex = w.link != NULL ? w.link->ifindex : 0;
  candidate->tunnel = divert_tunnel_is_named (site, connection);
  candidate->identified = forced;
  candidate->proven = TRUE;
  candidate->proofs = g_ptr_array_new_with_free_func ((GDestroyNotify) proof_free);

  for (guint kind = 0; kind < DIVERT_N_PROOFS; kind++)
    {
      DivertProof *proof;

      if ((forced && !is_asked_when_forced (kind)) || (candidate->tunnel && !is_asked_of_tunnel (kind)))
        continue;

      proof = g_new0 (DivertProof, 1);
      proof->kind = kind;
      if (!proof_funcs[kind](&w, proof))
        {
          proof_free (proof);
          continue;
        }
      if (proof->expected == NULL)
        proof->expected = g_strdup ("");
      if (proof->found == NULL)
        proof->found = g_strdup ("");
      g_ptr_array_add (candidate->proofs, proof);

      if (kind == DIVERT_PROOF_IDENTITY)
        candidate->identified = proof->outcome == DIVERT_OUTCOME_HOLDS;
      if (proof->outcome != DIVERT_OUTCOME_HOLDS)
        candidate->proven = FALSE;
    }

  candidate->pending = !candidate->proven;
  for (guint i = 0; i < candidate->proofs->len; i++)
    if (((DivertProof *) g_ptr_array_index (candidate->proofs, i))->outcome == DIVERT_OUTCOME_FAILS)
      candidate->pending = FALSE;
  return candidate;
}

void
divert_candidate_free (DivertCandidate *candidate)
{
  if (candidate == NULL)
    return;
  g_free (candidate->site);
  g_free (candidate->uuid);
  g_free (candidate->id);
  g_free (candidate->device);
  g_ptr_array_unref (candidate->proofs);
  g_free (candidate);
}

const DivertProof *
divert_candidate_find_proof (const DivertCandidate *candidate,
                             DivertProofKind        kind)
{
  for (guint i = 0; i < candidate->proofs->len; i++)
    {
      const DivertProof *proof = g_ptr_array_index (candidate->proofs, i);

      if (proof->kind == kind)
        return proof;
    }
  return NULL;
}

gboolean
divert_candidate_holds_but_for (const DivertCandidate *candidate,
                                DivertProofKind        kind)
{
  for (guint i = 0; i < candidate->proofs->len; i++)
    {
      const DivertProof *proof = g_ptr_array_index (candidate->proofs, i);

      if (proof->kind != kind && proof->outcome != DIVERT_OUTCOME_HOLDS)
        return FALSE;
    }
  return TRUE;
}
