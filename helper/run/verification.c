/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: reading back what was laid, and how often anybody may make us do that.
 *
 * The run notices within milliseconds if somebody changes what is in nftables, but it may take ten seconds with the
 * legacy tables, and a run that failed leaves something else than it wanted.  So whoever asks gets an answer from the
 * kernel.  With many prefixes, reading takes milliseconds, and so does a walk through all processes.  So each result is
 * given again until we have rested from it.
 *
 * After another run, that result doesn't count any more, and we read again at once.  But anybody may cause runs.  So
 * the rests that are cut short are made up for, and once they add up to LEEWAY_US, nothing is read for a while.
 *
 * What the guard has dropped is counted in the same rules.  That number should be new, and so it is read for each one
 * who asks, up to the same leeway.
 */
#include "verification.h"

#include "rest.h"

#define LEEWAY_US G_USEC_PER_SEC

struct DivertVerification
{
  DivertSnapshot *snapshot;    /* that @holding is about; NULL: none */
  DivertHolding   holding;
  DivertRest      rest;
  DivertOwners   *owners;      /* NULL: none yet */
  guint32         gid;         /* whose they are */
  DivertRest      owners_rest;
  gboolean        has_dropped; /* @dropped has been read */
  guint64         dropped;
  DivertRest      dropped_rest;
};

const char *
divert_holding_name (DivertHolding holding)
{
  static const char *const names[] = {
    [DIVERT_HOLDING_WANTED] = "wanted",
    [DIVERT_HOLDING_FORMER] = "former",
    [DIVERT_HOLDING_NONE] = "none",
    [DIVERT_HOLDING_CHANGED] = "changed",
    [DIVERT_HOLDING_UNKNOWN] = "unknown",
  };
  G_STATIC_ASSERT (G_N_ELEMENTS (names) == DIVERT_N_HOLDINGS);

  return names[holding];
}

DivertVerification *
divert_verification_new (void)
{
  return g_new0 (DivertVerification, 1);
}

void
divert_verification_free (DivertVerification *verification)
{
  if (verification == NULL)
    return;
  divert_snapshot_free (verification->snapshot);
  divert_owners_free (verification->owners);
  g_free (verification);
}

void
divert_verification_forget (DivertVerification *verification)
{
  g_clear_pointer (&verification->snapshot, divert_snapshot_free);
}

static DivertHolding
read_kernel (const DivertSnapshot *snapshot)
{
  g_autoptr(DivertBackend) backend = divert_snapshot_get_backend (snapshot);
  gboolean holds = FALSE, any;

  if (snapshot->laid != NULL && !backend->klass->holds (backend, snapshot->laid, &holds, NULL))
    return DIVERT_HOLDING_UNKNOWN;
  if (holds)
    return snapshot->report->laid ? DIVERT_HOLDING_WANTED : DIVERT_HOLDING_FORMER;
  if (!backend->klass->inspect (backend, &any, NULL))
    return DIVERT_HOLDING_UNKNOWN;
  return any ? DIVERT_HOLDING_CHANGED : DIVERT_HOLDING_NONE;
}

DivertHolding
divert_verification_look (DivertVerification   *verification,
                          const DivertSnapshot *snapshot)
{
  const gint64 began = g_get_monotonic_time ();

  if (verification->snapshot == snapshot && !divert_rest_is_over (&verification->rest, began, 0))
    return verification->holding;
  if (!divert_rest_is_over (&verification->rest, began, LEEWAY_US))
    return DIVERT_HOLDING_UNKNOWN;
  divert_snapshot_free (verification->snapshot);
  verification->snapshot = divert_snapshot_ref (snapshot);
  verification->holding = read_kernel (snapshot);
  divert_rest_extend (&verification->rest, began, g_get_monotonic_time ());
  return verification->holding;
}

gboolean
divert_verification_count_dropped (DivertVerification   *verification,
                                   const DivertSnapshot *snapshot,
                                   guint64              *ret_packets)
{
  const gint64 began = g_get_monotonic_time ();

  if (divert_rest_is_over (&verification->dropped_rest, began, LEEWAY_US))
    {
      verification->has_dropped = divert_snapshot_count_dropped (snapshot, &verification->dropped);
      divert_rest_extend (&verification->dropped_rest, began, g_get_monotonic_time ());
    }
  if (verification->has_dropped)
    *ret_packets = verification->dropped;
  return verification->has_dropped;
}

gboolean
divert_verification_owns (DivertVerification   *verification,
                          const DivertSnapshot *snapshot,
                          const DivertSocket   *socket)
{
  const gint64 began = g_get_monotonic_time ();

  if (!snapshot->has_gid)
    return FALSE;
  if (verification->owners == NULL || verification->gid != snapshot->gid ||
      divert_rest_is_over (&verification->owners_rest, began, 0))
    {
      divert_owners_free (verification->owners);
      verification->owners = divert_owners_read (snapshot->gid, NULL);
      verification->gid = snapshot->gid;
      divert_rest_extend (&verification->owners_rest, began, g_get_monotonic_time ());
    }
  return divert_owners_hold (verification->owners, socket);
}
