/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the end of a grant whose helper did not react to a lost link, in the sentinel's process.
 *
 * Three layers hold what was granted, and the kernel has a lock for each: that of network configuration for the fence,
 * and those of nftables and of the legacy tables for the filters.  Others may keep any of them for long, and the
 * helper's end, before which its own tables can't be written, waits for them as well.  So no layer waits for another:
 *
 *   this thread   the fence, and the packets that wait for a neighbour
 *   "cordon"      a table that is in nobody's hands but ours; it holds what passes the fence, until all is done
 *   "filters"     the grants in the filters, as far as the helper lets go of them
 *
 * When the helper has ended, all of it is done once more, because the kernel may have carried out the last of its
 * writes behind ours.  That is a third thread's, so that it doesn't wait for the second, and neither keeps the cordon
 * for ever: it cuts off everything, and who keeps the lock of the legacy tables (K1.16) must not be able to do that.
 *
 * The threads are as urgent as this one from the start.  One that is ordinary at first would have to wait for a
 * processor before it could raise itself.
 */
#include "withdraw.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "insist.h"
#include "system/filter/choice.h"
#include "system/filter/cordon.h"
#include "system/flows/waiting-packets.h"
#include "system/routing/fence.h"
#include "withdraw-private.h"

/* After the helper's end.  nftables' writers are ahead of us for that long at the most, as far as known (K1.14). */
#define CORDON_MS 5000

typedef struct
{
  pthread_t thread;
  gboolean  started;
} Part;

typedef struct
{
  const guint  *links;
  guint         n_links;
  DivertLaying *laying;
  DivertCordon *cordon;    /* NULL: there is none … */
  GError       *no_cordon; /* … because of this */
  int           status;    /* of all of it, and … */
  int           done;      /* … an eventfd that says when; it may be missing */
  Part          by_cordon;
  Part          by_filters;
  Part          again;
} Lost;

/* @tells: at first there is no time for the journal, which any user can keep busy. */
static void
drop_waiting (const Lost *lost,
              gboolean    tells)
{
  g_autoptr(DivertWaitingPackets) waiting = divert_waiting_packets_new ();

  for (guint i = 0; i < lost->n_links; i++)
    {
      g_autoptr(GError) error = NULL;
      guint dropped;

      if (!divert_waiting_packets_drop (waiting, lost->links[i], &dropped, &error) && tells)
        g_warning ("packets of the previous place may still wait: %s", error->message);
    }
}

static gpointer
draw_cordon (gpointer data)
{
  Lost *lost = data;

  lost->cordon = divert_cordon_new (lost->links, lost->n_links, &lost->no_cordon);
  /* They had passed before it was there. */
  drop_waiting (lost, FALSE);
  return NULL;
}

static gpointer
take_back_filters (gpointer data)
{
  Lost *lost = data;

  divert_insist (divert_withdraw_attempt, lost->laying, NULL);
  return NULL;
}

static gpointer
take_back_all (gpointer data)
{
  Lost *lost = data;
  g_autoptr(GError) error = NULL;
  DivertLaying *laying = divert_laying_new (divert_choice_new (), NULL, NULL, &error);

  lost->status = laying != NULL ? divert_withdraw_own (laying) : divert_withdraw_tell (FALSE, error);
  divert_laying_free (laying);
  eventfd_write (lost->done, 1);
  /* A socket that is bound to the device passes the fence, and what it has sent since then waits again. */
  drop_waiting (lost, TRUE);
  return NULL;
}

/* If there can be no thread, somebody has to make up for it. */
static void
start (Part      *part,
       gpointer (*run) (gpointer),
       Lost      *lost)
{
  const struct sched_param urgent = { .sched_priority = sched_get_priority_min (SCHED_RR) + 1 };
  pthread_attr_t attributes;

  pthread_attr_init (&attributes);
  pthread_attr_setinheritsched (&attributes, PTHREAD_EXPLICIT_SCHED);
  pthread_attr_setschedpolicy (&attributes, SCHED_RR);
  pthread_attr_setschedparam (&attributes, &urgent);
  part->started = pthread_create (&part->thread, &attributes, run, lost) == 0 ||
                  pthread_create (&part->thread, NULL, run, lost) == 0;
  pthread_attr_destroy (&attributes);
}

static void
make_up_for (const Part *part,
             gpointer  (*run) (gpointer),
             Lost       *lost)
{
  if (!part->started)
    run (lost);
}

static void
join (const Part *part)
{
  if (part->started)
    pthread_join (part->thread, NULL);
}

/* With a conversation of its own, because the laying is another thread's. */
static void
close_fence (void)
{
  g_autoptr(DivertFences) fences = divert_fences_new (NULL);

  if (fences != NULL)
    divert_fences_withdraw (fences, NULL);
}

gpointer
divert_withdraw_lost_begin (const guint *links,
                            guint        n_links)
{
  Lost *lost = g_new0 (Lost, 1);

  lost->links = links;
  lost->n_links = n_links;
  lost->done = eventfd (0, EFD_CLOEXEC);
  start (&lost->by_cordon, draw_cordon, lost);
  lost->laying = divert_laying_new (divert_choice_new (), NULL, NULL, NULL);
  if (lost->laying != NULL)
    start (&lost->by_filters, take_back_filters, lost);
  return lost;
}

int
divert_withdraw_lost_end (gpointer begun,
                          int      helper)
{
  Lost *lost = begun;
  struct pollfd ended = { .fd = helper, .events = POLLIN }, done = { .fd = lost->done, .events = POLLIN };
  int status;

  close_fence ();
  drop_waiting (lost, FALSE);
  make_up_for (&lost->by_cordon, draw_cordon, lost);
  poll (&ended, 1, -1);
  start (&lost->again, take_back_all, lost);
  make_up_for (&lost->again, take_back_all, lost);
  poll (&done, 1, CORDON_MS);
  join (&lost->by_cordon);
  divert_cordon_free (lost->cordon);
  join (&lost->again);
  join (&lost->by_filters);
  if (lost->no_cordon != NULL)
    g_warning ("packets may have left before the filters were written: %s", lost->no_cordon->message);
  divert_laying_free (lost->laying);
  close (lost->done);
  g_clear_error (&lost->no_cordon);
  status = lost->status;
  g_free (lost);
  return status;
}
