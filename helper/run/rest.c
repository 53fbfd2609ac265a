/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the length of a rest.
 *
 * Work is followed by a rest that is nineteen times as long.  So however often people ask, their questions take a
 * twentieth of a processor at most, and where the work is short nobody notices.
 */
#include "rest.h"

#define REST 19

gboolean
divert_rest_is_over (const DivertRest *rest,
                     gint64            now,
                     gint64            leeway)
{
  return now + leeway >= rest->until;
}

void
divert_rest_extend (DivertRest *rest,
                    gint64      began,
                    gint64      ended)
{
  rest->until = MAX (rest->until, began) + (1 + REST) * (ended - began);
}
