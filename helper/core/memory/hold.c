/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what is remembered of the current grant, and whether a doubt about it may pass.
 *
 * Theory of operation.  A laptop that roams between two access points at home loses the carrier for
 * a tenth of a second.  NetworkManager does not even mention it, and the activation stays.
 * Revoking the grant would be safe, but it would end every connection to the NAS at each doorway.
 * Keeping it would not be safe, because the next access point may belong to a stranger.
 *
 * So the grant is held.  From that moment, nothing goes to the intranet, either direct or through
 * the proxy.  The packets vanish without an error, TCP sends them again, and no socket is closed.
 * If everything that proved the site is proven again within the same activation, the grant returns
 * as if nothing had happened.  If a proof fails, the activation ends, or the doubt lasts longer
 * than HOLD_US, we are away, and flows end as on any change of place.
 *
 * A doubt is something that cannot be known at this moment: the carrier is gone, no access point is
 * associated, or the gateway or the beacon has not answered yet.  Anything that contradicts the
 * site (another MAC address, another SSID, a lost address) is not a doubt but a no.
 *
 * The time runs from the first doubt.  A stranger who keeps the link flapping keeps the intranet
 * blocked, but he could do that by jamming as well.
 */
#include "hold.h"

#include "core/place/proof.h"

/* NetworkManager gives up on a lost carrier after six seconds.  We must be away before that. */
#define HOLD_US (5 * G_TIME_SPAN_SECOND)

/* A connection that has proven the site. */
typedef struct
{
  char *activation;
  char *device;
  guint ifindex;
} Way;

struct DivertHold
{
  const DivertDecision *granted; /* the grant; NULL: none */
  GPtrArray            *ways;    /* Way */
  gint64                since;   /* start of the doubt; 0: no doubt */
};

static void
way_free (Way *way)
{
  g_free (way->activation);
  g_free (way->device);
  g_free (way);
}

DivertHold *
divert_hold_new (void)
{
  DivertHold *hold = g_new0 (DivertHold, 1);

  hold->ways = g_ptr_array_new_with_free_func ((GDestroyNotify) way_free);
  return hold;
}

void
divert_hold_free (DivertHold *hold)
{
  if (hold == NULL)
    return;
  divert_decision_free ((DivertDecision *) hold->granted);
  g_ptr_array_unref (hold->ways);
  g_free (hold);
}

/* Is it merely unknown whether @proof holds? */
static gboolean
is_doubt (const DivertProof      *proof,
          const DivertConnection *connection,
          const DivertLink       *link)
{
  switch (proof->kind)
    {
    case DIVERT_PROOF_LINK:
      return connection->up && !link->carrier;
    case DIVERT_PROOF_SSID:
      return connection->ssid == NULL;
    case DIVERT_PROOF_BSSID:
      return !connection->has_bssid;
    default:
      return proof->outcome == DIVERT_OUTCOME_PENDING;
    }
}

static gboolean
may_pass (const DivertCandidate  *candidate,
          const DivertConnection *connection,
          const DivertLink       *link)
{
  for (guint i = 0; i < candidate->proofs->len; i++)
    {
      const DivertProof *proof = g_ptr_array_index (candidate->proofs, i);

      if (proof->outcome != DIVERT_OUTCOME_HOLDS && !is_doubt (proof, connection, link))
        return FALSE;
    }
  return TRUE;
}

/* Has @connection proven the site in its current activation? */
static gboolean
is_way (const DivertHold       *hold,
        const DivertConnection *connection,
        const DivertLink       *link)
{
  for (guint i = 0; i < hold->ways->len; i++)
    {
      const Way *way = g_ptr_array_index (hold->ways, i);

      if (link->ifindex == way->ifindex && g_strcmp0 (connection->activation, way->activation) == 0 &&
          g_strcmp0 (connection->device, way->device) == 0)
        return TRUE;
    }
  return FALSE;
}

/* The candidate that may prove the site again, if any. */
static const DivertCandidate *
find_doubtful (const DivertHold     *hold,
               const DivertFacts    *facts,
               const DivertDecision *decision)
{
  for (guint i = 0; i < facts->connections->len; i++)
    {
      const DivertConnection *connection = g_ptr_array_index (facts->connections, i);
      const DivertLink *link = divert_facts_find_link (facts, connection->device);
      const DivertCandidate *candidate = divert_decision_find_candidate (decision, hold->granted->site, connection);

      if (link != NULL && candidate != NULL && candidate->identified && is_way (hold, connection, link) &&
          may_pass (candidate, connection, link))
        return candidate;
    }
  return NULL;
}

gint64
divert_hold_apply (const DivertHold  *hold,
                   const DivertFacts *facts,
                   DivertDecision    *decision,
                   gint64             now)
{
  const gint64 until = (hold->since != 0 ? hold->since : now) + HOLD_US;
  const DivertCandidate *candidate;

  if (hold->granted == NULL || now >= until || !divert_decision_is_of_proofs (decision))
    return 0;
  candidate = find_doubtful (hold, facts, decision);
  if (candidate == NULL)
    return 0;
  divert_decision_hold (decision, candidate, hold->granted);
  return until;
}

static void
add_ways (DivertHold           *hold,
          const DivertFacts    *facts,
          const DivertDecision *decision)
{
  for (guint i = 0; i < facts->connections->len; i++)
    {
      const DivertConnection *connection = g_ptr_array_index (facts->connections, i);
      const DivertLink *link = divert_facts_find_link (facts, connection->device);
      const DivertCandidate *candidate = divert_decision_find_candidate (decision, decision->site, connection);
      Way *way;

      if (link == NULL || candidate == NULL || !candidate->proven || connection->activation == NULL)
        continue;
      way = g_new0 (Way, 1);
      way->activation = g_strdup (connection->activation);
      way->device = g_strdup (connection->device);
      way->ifindex = link->ifindex;
      g_ptr_array_add (hold->ways, way);
    }
}

void
divert_hold_learn (DivertHold           *hold,
                   const DivertFacts    *facts,
                   const DivertDecision *decision,
                   gint64                now)
{
  if (decision->place == DIVERT_PLACE_HELD)
    {
      if (hold->since == 0)
        hold->since = now;
      return;
    }
  divert_decision_free ((DivertDecision *) hold->granted);
  hold->granted = NULL;
  g_ptr_array_set_size (hold->ways, 0);
  hold->since = 0;
  if (decision->place != DIVERT_PLACE_SITE)
    return;
  hold->granted = divert_decision_ref (decision);
  add_ways (hold, facts, decision);
}
