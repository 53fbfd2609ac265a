/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the end of a grant whose helper has ended.
 *
 * A grant is only valid while somebody watches for the moment when its network is left.  The unit runs this whenever
 * its helper has ended, whether it was stopped, killed or crashed; one that ends in order has done it by then.  All
 * other rules stay, so the machine is away and everything that should be diverted is.  The fence is closed first,
 * because it needs no lock.
 */
#include "withdraw.h"

#include <poll.h>
#include <stdlib.h>

#include "insist.h"
#include "system/filter/choice.h"
#include "system/flows/waiting-packets.h"

/* A helper that was killed may end later, if the kernel is busy on its behalf.  The legacy tables don't wait for that,
 * but the tables of nftables are its own until then. */
#define END_MS 1000

static gboolean
attempt (gpointer   user_data,
         GError   **error)
{
  return divert_laying_withdraw_filters (user_data, error);
}

/* @tells: the first time, there is no time for the journal, which any user can keep busy. */
static void
drop_waiting (const guint *links,
              guint        n_links,
              gboolean     tells)
{
  g_autoptr(DivertWaitingPackets) waiting = divert_waiting_packets_new ();

  for (guint i = 0; i < n_links; i++)
    {
      g_autoptr(GError) error = NULL;
      guint dropped;

      if (!divert_waiting_packets_drop (waiting, links[i], &dropped, &error) && tells)
        g_warning ("packets of the previous place may still wait: %s", error->message);
    }
}

static int
tell (gboolean      ok,
      const GError *error)
{
  if (!ok)
    g_critical ("cannot take back what goes straight: %s", error->message);
  return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static gboolean
withdraw_all (DivertLaying  *laying,
              GError       **error)
{
  const gboolean closed = divert_laying_withdraw_fence (laying, error);

  return divert_insist (attempt, laying, closed ? error : NULL) && closed;
}

int
divert_withdraw_own (DivertLaying *laying)
{
  g_autoptr(GError) error = NULL;
  const gboolean ok = withdraw_all (laying, &error);

  return tell (ok, error);
}

int
divert_withdraw_lost (int          helper,
                      const guint *links,
                      guint        n_links)
{
  struct pollfd end = { .fd = helper, .events = POLLIN };
  g_autoptr(GError) error = NULL;
  DivertLaying *laying = divert_laying_new (divert_choice_new (), NULL, NULL, &error);
  gboolean ended, ok;

  if (laying == NULL)
    return tell (FALSE, error);
  divert_laying_withdraw_fence (laying, NULL);
  drop_waiting (links, n_links, FALSE);
  ended = poll (&end, 1, END_MS) == 1;
  /* The fence as well, once more: what the helper was writing when it was killed may have come after it was closed. */
  ok = withdraw_all (laying, &error);
  if (!ended)
    {
      poll (&end, 1, -1);
      g_clear_error (&error);
      ok = withdraw_all (laying, &error);
    }
  /* A socket that is bound to the device passes the fence, and what it has sent since then waits again. */
  drop_waiting (links, n_links, TRUE);
  divert_laying_free (laying);
  return tell (ok, error);
}

int
divert_withdraw (void)
{
  g_autoptr(GError) error = NULL;
  DivertLaying *laying = divert_laying_new (divert_choice_new (), NULL, NULL, &error);
  int status;

  if (laying == NULL)
    return tell (FALSE, error);
  status = divert_withdraw_own (laying);
  divert_laying_free (laying);
  return status;
}
