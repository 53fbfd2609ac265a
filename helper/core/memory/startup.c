/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: how patient the helper is at its start.
 *
 * If there are rules in the kernel, the first run waits until NetworkManager has been read, and
 * then a moment for pending proofs.  A helper restarted at home should find the rules as they are
 * and leave them alone.  It waits only a moment, because the rules may be stale: we may have left
 * home while no helper was running.  If everything else says home, a TLS handshake gets a little
 * longer; together that is one second.
 *
 * If there are no rules, waiting would protect nothing, so away is applied at once.
 */
#include "startup.h"

#include "core/place/proof.h"

#define READY_US (2 * G_USEC_PER_SEC) /* for NetworkManager to answer */
#define SETTLE_US (300 * 1000)        /* for pending proofs */
#define BEACON_US (700 * 1000)        /* after that, for a beacon if nothing else is missing */

/* Does everything say that we are at a site, except a beacon that has not answered yet? */
static gboolean
awaits_beacon (const DivertDecision *decision)
{
  for (guint i = 0; i < decision->candidates->len; i++)
    {
      const DivertCandidate *candidate = g_ptr_array_index (decision->candidates, i);

      if (candidate->identified && candidate->pending &&
          divert_candidate_holds_but_for (candidate, DIVERT_PROOF_BEACON))
        return TRUE;
    }
  return FALSE;
}

DivertStartup
divert_startup_begin (gboolean has_rules,
                      gint64   now)
{
  return (DivertStartup) { .over = !has_rules, .until = now + READY_US };
}

gint64
divert_startup_wait (DivertStartup        *startup,
                     gboolean              ready,
                     const DivertDecision *decision,
                     gint64                now)
{
  gint64 until;

  if (startup->over)
    return 0;
  if (!ready)
    return now < startup->until ? startup->until : 0;
  startup->until = MIN (startup->until, now + SETTLE_US);
  if (decision == NULL || !divert_decision_is_pending (decision))
    return 0;
  until = startup->until + (awaits_beacon (decision) ? BEACON_US : 0);
  return now < until ? until : 0;
}

void
divert_startup_end (DivertStartup *startup)
{
  startup->over = TRUE;
}
