/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the decision.  It weighs every site against every connection (proof.c) and draws the
 * conclusion; decision.h has the theory.  decision-value.c has the decision as a value, and grant.c
 * has what a proven site lets go direct.
 */
#include "decision-private.h"

#include "proof.h"

static void
set_reason (DivertDecision        *decision,
            DivertReasonCode       code,
            const char            *site,
            const DivertCandidate *candidate,
            const DivertProof     *proof)
{
  DivertReason *reason = decision->reason;

  divert_reason_clear (reason);
  reason->code = code;
  reason->site = g_strdup (site != NULL ? site : "");
  reason->device = g_strdup (candidate != NULL ? candidate->device : "");
  reason->id = g_strdup (candidate != NULL ? candidate->id : "");
  reason->has_proof = proof != NULL;
  reason->proof = proof != NULL ? proof->kind : DIVERT_PROOF_IDENTITY;
  reason->expected = g_strdup (proof != NULL ? proof->expected : "");
  reason->found = g_strdup (proof != NULL ? proof->found : "");
}

/* Candidates are also shown to people.  An unused profile, or a bridge that somebody else made, would
 * only fill the screen. */
static gboolean
is_worth_keeping (const DivertCandidate  *candidate,
                  const DivertConnection *connection)
{
  return candidate->identified || (connection->up && !connection->external);
}

static void
weigh_site (DivertDecision    *decision,
            const DivertSite  *site,
            const DivertFacts *facts,
            gboolean           forced)
{
  for (guint i = 0; i < facts->connections->len; i++)
    {
      const DivertConnection *connection = g_ptr_array_index (facts->connections, i);
      g_autoptr(DivertCandidate) candidate = divert_candidate_weigh (site, connection, facts, forced);

      if (is_worth_keeping (candidate, connection))
        g_ptr_array_add (decision->candidates, g_steal_pointer (&candidate));
    }
}

static const DivertProof *
first_not_holding (const DivertCandidate *candidate)
{
  for (guint i = 0; i < candidate->proofs->len; i++)
    {
      const DivertProof *proof = g_ptr_array_index (candidate->proofs, i);

      if (proof->outcome != DIVERT_OUTCOME_HOLDS)
        return proof;
    }
  return NULL;
}

/* The candidate that got furthest, because that is the one a person asks about. */
static const DivertCandidate *
find_nearest (const DivertDecision *decision)
{
  const DivertCandidate *nearest = NULL;
  int best = -1;

  for (guint i = 0; i < decision->candidates->len; i++)
    {
      const DivertCandidate *candidate = g_ptr_array_index (decision->candidates, i);
      const DivertProof *proof = first_not_holding (candidate);

      if (candidate->identified && proof != NULL && (int) proof->kind > best)
        {
          nearest = candidate;
          best = proof->kind;
        }
    }
  return nearest;
}

/* A device that is in the site's subnet, or a tunnel there, although not all holds that even a person can't waive. */
static const DivertCandidate *
find_almost (const DivertDecision *decision)
{
  for (guint i = 0; i < decision->candidates->len; i++)
    {
      const DivertCandidate *candidate = g_ptr_array_index (decision->candidates, i);
      const DivertProof *subnet = divert_candidate_find_proof (candidate, DIVERT_PROOF_SUBNET);

      if (candidate->tunnel || (subnet != NULL && subnet->outcome == DIVERT_OUTCOME_HOLDS))
        return candidate;
    }
  return NULL;
}

static void
decide_forced (DivertDecision     *decision,
               const DivertConfig *config,
               const char         *name,
               const DivertFacts  *facts)
{
  const DivertSite *site = divert_config_find_site (config, name);
  const DivertCandidate *almost;

  if (site == NULL)
    {
      set_reason (decision, DIVERT_REASON_FORCED_UNKNOWN, name, NULL, NULL);
      return;
    }

  weigh_site (decision, site, facts, TRUE);
  for (guint i = 0; i < decision->candidates->len; i++)
    {
      const DivertCandidate *candidate = g_ptr_array_index (decision->candidates, i);

      if (!candidate->proven)
        continue;
      divert_decision_grant (decision, config, site, facts);
      set_reason (decision, DIVERT_REASON_FORCED, name, candidate,
                  divert_candidate_find_proof (candidate,
                                               candidate->tunnel ? DIVERT_PROOF_ROUTE : DIVERT_PROOF_SUBNET));
      return;
    }
  almost = find_almost (decision);
  if (almost != NULL)
    set_reason (decision, DIVERT_REASON_FORCED_UNFIT, name, almost, first_not_holding (almost));
  else
    set_reason (decision, DIVERT_REASON_FORCED_NOT_HERE, name, NULL, NULL);
}

/* Where the machine is counts for more than where a tunnel leads to. */
static gboolean
is_anywhere (const DivertDecision *decision)
{
  for (guint i = 0; i < decision->candidates->len; i++)
    {
      const DivertCandidate *candidate = g_ptr_array_index (decision->candidates, i);

      if (candidate->proven && !candidate->tunnel)
        return TRUE;
    }
  return FALSE;
}

static void
decide_auto (DivertDecision     *decision,
             const DivertConfig *config,
             const DivertFacts  *facts)
{
  const DivertCandidate *proven = NULL, *nearest;
  const DivertProof *proof;
  gboolean anywhere;

  for (guint i = 0; i < config->sites->len; i++)
    weigh_site (decision, g_ptr_array_index (config->sites, i), facts, FALSE);

  if (config->sites->len == 0)
    {
      set_reason (decision, DIVERT_REASON_NO_SITES, NULL, NULL, NULL);
      return;
    }
  if (!facts->nm_running)
    {
      set_reason (decision, DIVERT_REASON_NO_NM, NULL, NULL, NULL);
      return;
    }

  anywhere = is_anywhere (decision);
  for (guint i = 0; i < decision->candidates->len; i++)
    {
      const DivertCandidate *candidate = g_ptr_array_index (decision->candidates, i);

      if (!candidate->proven || (candidate->tunnel && anywhere))
        continue;
      if (proven != NULL && !g_str_equal (proven->site, candidate->site))
        {
          set_reason (decision, DIVERT_REASON_AMBIGUOUS, candidate->site, proven, NULL);
          return;
        }
      if (proven == NULL)
        proven = candidate;
    }
  if (proven != NULL)
    {
      divert_decision_grant (decision, config, divert_config_find_site (config, proven->site), facts);
      set_reason (decision, DIVERT_REASON_PROVEN, proven->site, proven,
                  divert_candidate_find_proof (proven, DIVERT_PROOF_IDENTITY));
      return;
    }

  nearest = find_nearest (decision);
  if (nearest != NULL)
    {
      proof = first_not_holding (nearest);
      set_reason (decision,
                  proof->outcome == DIVERT_OUTCOME_PENDING ? DIVERT_REASON_PROOF_PENDING : DIVERT_REASON_PROOF_FAILED,
                  nearest->site, nearest, proof);
      return;
    }
  if (decision->candidates->len > 0)
    {
      const DivertCandidate *some = g_ptr_array_index (decision->candidates, 0);

      set_reason (decision, DIVERT_REASON_NO_CANDIDATE, NULL, some,
                  divert_candidate_find_proof (some, DIVERT_PROOF_IDENTITY));
      return;
    }
  set_reason (decision, DIVERT_REASON_NO_CONNECTION, NULL, NULL, NULL);
}

gboolean
divert_decision_is_of_proofs (const DivertDecision *decision)
{
  switch (decision->reason->code)
    {
    case DIVERT_REASON_PROOF_FAILED:
    case DIVERT_REASON_PROOF_PENDING:
    case DIVERT_REASON_FORCED_NOT_HERE:
    case DIVERT_REASON_FORCED_UNFIT:
      return TRUE;
    default:
      return FALSE;
    }
}

void
divert_decision_hold (DivertDecision        *decision,
                      const DivertCandidate *candidate,
                      const DivertDecision  *granted)
{
  decision->place = DIVERT_PLACE_HELD;
  decision->site = g_strdup (candidate->site);
  g_array_unref (decision->direct);
  decision->direct = divert_prefixes_copy (granted->direct);
  g_ptr_array_unref (decision->exits);
  decision->exits = divert_exits_copy (granted->exits);
  decision->internet = granted->internet;
  decision->dns = granted->dns;
  set_reason (decision, DIVERT_REASON_HELD, candidate->site, candidate, first_not_holding (candidate));
}

DivertDecision *
divert_decide (const DivertConfig *config,
               const DivertMode   *mode,
               const DivertFacts  *facts)
{
  DivertDecision *decision = divert_decision_new ();

  if (mode->kind == DIVERT_MODE_OFF)
    {
      decision->place = DIVERT_PLACE_OFF;
      set_reason (decision, DIVERT_REASON_MODE_OFF, NULL, NULL, NULL);
    }
  else if (mode->kind == DIVERT_MODE_AWAY)
    set_reason (decision, DIVERT_REASON_MODE_AWAY, NULL, NULL, NULL);
  else if (facts->sleeping)
    set_reason (decision, DIVERT_REASON_SLEEPING, NULL, NULL, NULL);
  else if (mode->kind == DIVERT_MODE_SITE)
    decide_forced (decision, config, mode->site, facts);
  else
    decide_auto (decision, config, facts);
  return decision;
}

/* That of some connection; not the fence's device. */
static const DivertLink *
find_any_link (const DivertFacts *facts)
{
  const DivertLink *link = NULL;

  for (guint i = 0; i < facts->connections->len && link == NULL; i++)
    {
      const DivertConnection *connection = g_ptr_array_index (facts->connections, i);

      link = connection->device != NULL ? divert_facts_find_link (facts, connection->device) : NULL;
    }
  return link;
}

/* If the intranet's network is not here, assume that it is behind the link of some connection. */
static void
suppose_exit (DivertDecision    *decision,
              const DivertSite  *site,
              const DivertFacts *facts)
{
  const DivertLink *link = find_any_link (facts);
  DivertExit *way_out = g_new0 (DivertExit, 1);

  way_out->device = g_strdup (link != NULL ? link->name : "eth0");
  way_out->ifindex = link != NULL ? link->ifindex : 0;
  way_out->sources = divert_prefixes_merge (divert_site_get_subnets (site));
  g_ptr_array_add (decision->exits, way_out);

  g_array_unref (decision->direct);
  decision->direct = divert_prefixes_merge (site->intranet);
  decision->internet = site->internet_direct;
  decision->dns = site->dns_direct;
  decision->place = DIVERT_PLACE_SITE;
  decision->site = g_strdup (site->name);
}

DivertDecision *
divert_decision_suppose (const DivertConfig *config,
                         const DivertMode   *mode,
                         const DivertFacts  *facts)
{
  DivertDecision *decision = divert_decide (config, mode, facts);
  const DivertSite *site = mode->kind == DIVERT_MODE_SITE ? divert_config_find_site (config, mode->site) : NULL;

  if (site != NULL && decision->place != DIVERT_PLACE_SITE)
    suppose_exit (decision, site, facts);
  return decision;
}
