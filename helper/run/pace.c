/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the allowance.
 *
 * A run has real-time priority, and anybody may ask for one.  A few in a row are granted at once, because the network's
 * hooks need them.  Beyond those, a caller's request causes at most two runs: one now, and one when whatever it waits
 * for times out.  Together these take less than a twentieth of a processor, however large the configuration and however
 * slow the machine.
 */
#include "pace.h"

#define IN_A_ROW 10
#define SPACING_US (50 * G_TIME_SPAN_MILLISECOND)
#define COSTS 50

gint64
divert_pace_spend (DivertPace *pace,
                   gint64      now,
                   gint64      cost)
{
  const gint64 spacing = MAX (SPACING_US, COSTS * cost), most = (IN_A_ROW - 1) * spacing;
  const gint64 spent = MAX (pace->spent_until - now, 0);

  if (spent > most)
    return now + spent - most;
  pace->spent_until = now + spent + spacing;
  return 0;
}
