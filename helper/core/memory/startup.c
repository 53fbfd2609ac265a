/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the patience at the start.
 *
 * Where rules are found, the first run waits until NetworkManager has been read, and
 * then a moment for proofs that are pending: a helper that was restarted at home must
 * find the rules as they are and leave them.  A moment only: they may be home's of a
 * place that was left while no helper was there.  Where all else speaks for home a
 * TLS handshake has a little more; a second in all.
 *
 * Where there are none, nothing is kept by waiting: away is laid at once.
 */
#include "startup.h"

#include "core/place/proof.h"

#define READY_US (2 * G_USEC_PER_SEC) /* for NetworkManager to answer */
#define SETTLE_US (300 * 1000)        /* for proofs that are pending */
#define BEACON_US (700 * 1000)        /* and then for a beacon that alone is missing */

/* Does all speak for a site but for a beacon that has not answered yet? */
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
