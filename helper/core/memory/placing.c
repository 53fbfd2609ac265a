/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: when our ip rules may move back.
 *
 * They move before others' at once.  Going back is only for good order, so it can wait.  A program that adds and
 * deletes a rule every second then makes us write twice in all, and not twice a second.
 */
#include "placing.h"

gint64
divert_placing_apply (DivertPlacing *placing,
                      DivertFacts   *facts,
                      gint64         now)
{
  gint64 look_again = 0;

  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      guint32 *first = &facts->order[family].first;
      const gint64 until = placing->seen[family] + DIVERT_PLACING_CALM_US;

      if (placing->seen[family] == 0 || *first <= placing->first[family] || now >= until)
        {
          placing->first[family] = *first;
          placing->seen[family] = now;
          continue;
        }
      *first = placing->first[family];
      look_again = look_again == 0 ? until : MIN (look_again, until);
    }
  return look_again;
}
