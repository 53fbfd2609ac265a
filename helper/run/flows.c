/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the end of the flows that cross a change of place (ending.c says which).
 *
 * A live TCP connection over the old path is reset at its next packet, and an idle one hangs until then (K4.6).  The
 * kernel's connection tracking keeps applying an old DNS redirection, or the lack of one, to the same ports (K3.4).
 *
 * Theory of operation.  To find what must end, we have to look at all connections, all sockets and all processes.  On a
 * busy machine this takes seconds.  So the run only says what must end, and a thread of ordinary priority ends it.
 * Requests of further runs are merged and served after that.  The rules are in force all the time, and whoever waits
 * for the run (the network's hooks) gets an answer.  Packets that wait for a neighbour are the exception: they race
 * with the next network, so the run itself drops them at once.  A connection that was opened since then, on the new
 * path, may be ended too.  Its program reconnects.
 */
#include "flows.h"

#include "remembering.h"
#include "system/base/worker.h"
#include "system/flows/cached-names.h"
#include "system/flows/conntrack.h"
#include "system/flows/sockets.h"
#include "system/flows/waiting-packets.h"

struct DivertFlows
{
  DivertWorker         *worker;
  DivertWaitingPackets *packets;
  DivertRemembering    *remembering;
  gboolean              busy;    /* an ending is under way */
  DivertEnding         *next;    /* all requests that came meanwhile; NULL: none */
  GArray               *waiters; /* Waiter */
};

typedef struct
{
  guint            turns; /* number of endings to wait for */
  DivertFlowsEnded ended;
  gpointer         user_data;
} Waiter;

static gboolean
has_exit (const DivertDecision *decision,
          const DivertExit     *wanted)
{
  for (guint i = 0; i < decision->exits->len; i++)
    {
      const DivertExit *way_out = g_ptr_array_index (decision->exits, i);

      if (way_out->ifindex == wanted->ifindex && divert_prefixes_equal (way_out->sources, wanted->sources))
        return TRUE;
    }
  return FALSE;
}

/* Is something direct no longer although its exit stays?  What is behind a router may be, and so may the internet or
 * DNS if the configuration has changed. */
static gboolean
is_narrower (const DivertDecision *now,
             const DivertDecision *before)
{
  g_autoptr(GArray) lost = divert_prefixes_without (before->direct, now->direct);

  return lost->len > 0 || (before->internet && !now->internet) || (before->dns && !now->dns);
}

void
divert_flows_drop_waiting (DivertFlows          *flows,
                           const DivertDecision *before,
                           const DivertDecision *now)
{
  gboolean stay;

  if (before == NULL || before->exits->len == 0)
    return;
  stay = now->place == DIVERT_PLACE_SITE && !is_narrower (now, before);
  for (guint i = 0; i < before->exits->len; i++)
    {
      const DivertExit *way_out = g_ptr_array_index (before->exits, i);
      g_autoptr(GError) error = NULL;
      guint dropped = 0;

      if (stay && has_exit (now, way_out))
        continue;
      if (!divert_waiting_packets_drop (flows->packets, way_out->ifindex, &dropped, &error))
        g_warning ("packets of the previous place may still wait: %s", error->message);
      else if (dropped > 0)
        g_info ("%u neighbours given up", dropped);
    }
}

void
divert_flows_remember (DivertFlows        *flows,
                       const DivertConfig *config,
                       const DivertPorts  *ephemeral)
{
  divert_remembering_do (flows->remembering, config, ephemeral);
}

static gboolean
ends_sockets (const DivertEnding *ending)
{
  return ending->switched->len > 0 || ending->lans->len > 0 || ending->exempt != NULL || ending->changed->len > 0 ||
         ending->units->len > 0 || ending->dns;
}

static void
end (gpointer job)
{
  const DivertEnding *ending = job;
  const DivertStale stale = {
    .to = ending->switched,
    .dns = ending->dns,
    .lans = ending->lans,
    .from = ending->opened_to_us ? ending->intranets : NULL,
    .mark = ending->mark,
    .diverted = ending->diverted || ending->changed->len > 0 || ending->units->len > 0 ? ending->diverted_mark : 0,
    .among = ending->diverted ? NULL : ending->changed,
    .datagrams = ending->units->len > 0,
    .mask = ending->mask,
  };
  const DivertDoomed doomed = {
    .to = ending->switched,
    .lans = ending->lans,
    .also_to = ending->changed,
    .units = ending->units,
    .dns = ending->dns,
    .all_but = ending->exempt,
    .judged = ending->exempt != NULL && ending->judged_stay ? ending->mask : 0,
    .only = ending->only_diverted ? ending->diverted_mark : 0,
    .mask = ending->mask,
    .served = ending->served,
    .serve = ending->serve,
    .ephemeral = ending->ephemeral,
    .gid = ending->gid,
    .unit = ending->unit,
  };
  g_autoptr(GError) error = NULL;
  guint destroyed = 0, forgotten = 0;

  if (!divert_conntrack_forget (&stale, &forgotten, &error))
    {
      g_warning ("connections of the previous place are still tracked: %s", error->message);
      g_clear_error (&error);
    }
  if (ends_sockets (ending) && !divert_sockets_destroy (&doomed, &destroyed, &error))
    g_warning ("sockets of the previous place are still open: %s", error->message);
  g_info ("%u sockets closed, %u connections forgotten", destroyed, forgotten);
}

/* In a storm, one run follows another, and each may have something to end.  All of that becomes one more ending. */
static void
put_next (DivertFlows  *flows,
          DivertEnding *ending)
{
  if (flows->next != NULL)
    {
      divert_ending_merge (ending, flows->next);
      divert_ending_free (flows->next);
    }
  flows->next = ending;
}

typedef struct
{
  DivertFlows  *flows;
  DivertEnding *ending;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  divert_ending_free (job->ending);
  g_free (job);
}

static void
work (gpointer data)
{
  end (((const Job *) data)->ending);
}

static void
tell_waiters (DivertFlows *flows)
{
  g_autoptr(GArray) waiters = g_steal_pointer (&flows->waiters);

  flows->waiters = g_array_new (FALSE, FALSE, sizeof (Waiter));
  for (guint i = 0; i < waiters->len; i++)
    {
      Waiter *waiter = &g_array_index (waiters, Waiter, i);

      waiter->turns--;
      if (waiter->turns == 0)
        waiter->ended (waiter->user_data);
      else
        g_array_append_val (flows->waiters, *waiter);
    }
}

static void start_next (DivertFlows *flows);

static void
on_done (gpointer data)
{
  const Job *job = data;
  DivertFlows *flows = job->flows;

  if (job->ending->names)
    divert_cached_names_flush ();
  flows->busy = FALSE;
  start_next (flows);
  tell_waiters (flows);
}

static void
start_next (DivertFlows *flows)
{
  const Job job = { flows, flows->next };

  if (flows->busy || flows->next == NULL)
    return;
  flows->next = NULL;
  flows->busy = TRUE;
  divert_worker_add (flows->worker, work, on_done, g_memdup2 (&job, sizeof job), job_free);
}

void
divert_flows_end (DivertFlows          *flows,
                  const DivertConfig   *config,
                  const DivertCrossing *crossing,
                  guint32               gid)
{
  DivertEnding *ending = divert_ending_new (config, crossing, gid);

  divert_flows_drop_waiting (flows, crossing->before, crossing->now);
  if (ending == NULL)
    return;
  put_next (flows, ending);
  start_next (flows);
}

void
divert_flows_forget_mark (guint32 mask)
{
  g_autoptr(GError) error = NULL;

  if (!divert_conntrack_forget_marked (mask, &error))
    g_warning ("connections with the previous mark are still tracked: %s", error->message);
}

void
divert_flows_await (DivertFlows      *flows,
                    DivertFlowsEnded  ended,
                    gpointer          user_data)
{
  const Waiter waiter = { (flows->busy ? 1 : 0) + (flows->next != NULL ? 1 : 0), ended, user_data };

  if (waiter.turns == 0)
    ended (user_data);
  else
    g_array_append_val (flows->waiters, waiter);
}

DivertFlows *
divert_flows_new (guint remembering_ms)
{
  DivertFlows *flows = g_new0 (DivertFlows, 1);

  flows->worker = divert_worker_new ("flows");
  flows->packets = divert_waiting_packets_new ();
  flows->remembering = divert_remembering_new (remembering_ms);
  flows->waiters = g_array_new (FALSE, FALSE, sizeof (Waiter));
  return flows;
}

void
divert_flows_free (DivertFlows *flows)
{
  if (flows == NULL)
    return;
  divert_worker_free (flows->worker);
  divert_waiting_packets_free (flows->packets);
  divert_remembering_free (flows->remembering);
  divert_ending_free (flows->next);
  g_array_unref (flows->waiters);
  g_free (flows);
}
