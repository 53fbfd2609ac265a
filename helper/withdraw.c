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

#include <stdlib.h>

#include "insist.h"
#include "system/filter/choice.h"
#include "withdraw-private.h"

gboolean
divert_withdraw_attempt (gpointer   user_data,
                         GError   **error)
{
  return divert_laying_withdraw_filters (user_data, error);
}

int
divert_withdraw_tell (gboolean      ok,
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

  return divert_insist (divert_withdraw_attempt, laying, closed ? error : NULL) && closed;
}

int
divert_withdraw_own (DivertLaying *laying)
{
  g_autoptr(GError) error = NULL;
  const gboolean ok = withdraw_all (laying, &error);

  return divert_withdraw_tell (ok, error);
}

int
divert_withdraw (void)
{
  g_autoptr(GError) error = NULL;
  DivertLaying *laying = divert_laying_new (divert_choice_new (), NULL, NULL, &error);
  int status;

  if (laying == NULL)
    return divert_withdraw_tell (FALSE, error);
  status = divert_withdraw_own (laying);
  divert_laying_free (laying);
  return status;
}
