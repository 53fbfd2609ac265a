/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the list of those who wait for a run, and until when.
 */
#include "waiters.h"

typedef struct
{
  gint64       until;
  DivertWaited waited;
  gpointer     user_data;
} Waiter;

struct DivertWaiters
{
  GArray *list; /* Waiter */
};

DivertWaiters *
divert_waiters_new (void)
{
  DivertWaiters *waiters = g_new0 (DivertWaiters, 1);

  waiters->list = g_array_new (FALSE, FALSE, sizeof (Waiter));
  return waiters;
}

void
divert_waiters_free (DivertWaiters *waiters)
{
  if (waiters == NULL)
    return;
  g_array_unref (waiters->list);
  g_free (waiters);
}

void
divert_waiters_add (DivertWaiters *waiters,
                    gint64         until,
                    DivertWaited   waited,
                    gpointer       user_data)
{
  const Waiter waiter = { until, waited, user_data };

  g_array_append_val (waiters->list, waiter);
}

void
divert_waiters_tell (DivertWaiters *waiters,
                     gboolean       settled,
                     gint64         now)
{
  /* A callback may add a waiter, which belongs to the next run. So work on the current list only. */
  g_autoptr(GArray) list = g_steal_pointer (&waiters->list);

  waiters->list = g_array_new (FALSE, FALSE, sizeof (Waiter));
  for (guint i = 0; i < list->len; i++)
    {
      const Waiter *waiter = &g_array_index (list, Waiter, i);

      if (settled || waiter->until <= now)
        waiter->waited (waiter->user_data);
      else
        g_array_append_val (waiters->list, *waiter);
    }
}

gint64
divert_waiters_get_deadline (const DivertWaiters *waiters)
{
  gint64 deadline = 0;

  for (guint i = 0; i < waiters->list->len; i++)
    {
      const Waiter *waiter = &g_array_index (waiters->list, Waiter, i);

      if (deadline == 0 || waiter->until < deadline)
        deadline = waiter->until;
    }
  return deadline;
}
