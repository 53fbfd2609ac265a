/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: when the rules in the kernel are compared with what we left there, and the memory of who changed them.
 *
 * Theory of operation.  A program that empties a table ("iptables -F; iptables -X") needs a moment for it, and fails if
 * we put our rules back in between (K1.11).  So a sign that somebody is at work only starts a wait for 100 ms of quiet.
 * Then we compare, and ask for a run if something is missing.  If somebody never stops, we wait for at most a second.
 * The fence holds meanwhile, and nothing is granted that was not granted before.  Nothing urgent waits here, because
 * the run of any other event also puts back what is missing.
 *
 * Not every writer gives a sign, because a container has a lock file of its own.  So we also compare every few seconds.
 * If we can, we do so in a turn of the main loop that something else has caused.  The cost is bounded: a configuration
 * of ten thousand prefixes is compared less often.
 */
#include "drifts.h"

#include <string.h>

#include "system/base/clock.h"
#include "system/base/crowd.h"
#include "system/base/pulse.h"

/* The time until the next comparison is so many times as long as the comparison has used the processor.  Most take
 * 100 µs, so this matters to large configurations only.  Waiting isn't counted: whoever holds one of the kernel's locks
 * for a second must not put the next one off for half an hour. */
#define COSTS 2000
/* Lines in the log: a few in a row, then one per interval. */
#define LINE_INTERVAL_US (10 * G_USEC_PER_SEC)
#define LINES_IN_A_ROW 10

const DivertDriftTimes divert_drift_times = {
  .quiet = 100 * G_TIME_SPAN_MILLISECOND,
  .patience = 1 * G_USEC_PER_SEC,
  .interval = 5 * G_USEC_PER_SEC,
  .idle = 10 * G_USEC_PER_SEC,
};

struct DivertDrifts
{
  DivertDriftTimes times;
  DivertFindDrift  find;
  DivertLookAgain  look_again;
  gpointer         user_data;

  DivertPulse     *pulse;       /* for comparisons without a sign */
  guint            quiet_id;    /* timer of the next comparison with one; 0: none */
  gint64           touched;     /* monotonic: when somebody first touched the rules since the last one; 0: nobody did */
  gint64           heard;       /* monotonic: when for the last time */

  DivertProgram    suspect;     /* pid 0: none so far */
  guint32          port;        /* of the last suspect that was found by its port */
  gboolean         ambiguous;   /* there was another one with a different name */
  gboolean         found;       /* the last comparison found something, and no run has looked since */
  DivertParts      parts;       /* that were found changed, and not yet installed again */
  DivertDrift      last;
  gint64           lines_until; /* monotonic: when the allowance of lines is whole again */
  guint            unsaid;      /* changes that got no line in the log */
};

static void
acquit (DivertDrifts *drifts)
{
  drifts->suspect = (DivertProgram) { 0 };
  drifts->port = 0;
  drifts->ambiguous = FALSE;
}

static void
set_pulse (DivertDrifts *drifts,
           gint64        cost)
{
  const gint64 least = COSTS * cost;

  divert_pulse_set (drifts->pulse, MAX (drifts->times.interval, least), MAX (drifts->times.idle, least));
}

static DivertParts
compare (DivertDrifts *drifts)
{
  const gint64 begin = divert_clock_get_processor_time ();
  const DivertParts parts = drifts->find (drifts->user_data);

  set_pulse (drifts, divert_clock_get_processor_time () - begin);
  drifts->touched = 0;
  drifts->found = parts != 0;
  if (parts == 0)
    acquit (drifts);
  return parts;
}

static void
on_pulse (gpointer user_data)
{
  DivertDrifts *drifts = user_data;

  /* Whoever it was may not be done. */
  if (drifts->touched == 0 && compare (drifts) != 0)
    divert_drifts_touch (NULL, drifts);
}

static gboolean on_quiet (gpointer user_data);

static void
wait_for_quiet (DivertDrifts *drifts,
                gint64        quiet,
                gint64        now)
{
  const gint64 until = MIN (drifts->heard + quiet, drifts->touched + drifts->times.patience);

  g_clear_handle_id (&drifts->quiet_id, g_source_remove);
  /* A timer may be early by part of a millisecond. */
  drifts->quiet_id = g_timeout_add (MAX (until - now, 0) / 1000 + 1, on_quiet, drifts);
}

/* On a busy machine a program needs more time between two steps. */
static gboolean
on_quiet (gpointer user_data)
{
  DivertDrifts *drifts = user_data;
  const gint64 now = g_get_monotonic_time ();
  const gint64 quiet = drifts->times.quiet * divert_crowd_read ();

  drifts->quiet_id = 0;
  if (now < MIN (drifts->heard + quiet, drifts->touched + drifts->times.patience))
    wait_for_quiet (drifts, quiet, now);
  else if (compare (drifts) != 0)
    drifts->look_again (drifts->user_data);
  return G_SOURCE_REMOVE;
}

DivertDrifts *
divert_drifts_new (const DivertDriftTimes *times,
                   DivertFindDrift         find,
                   DivertLookAgain         look_again,
                   gpointer                user_data)
{
  DivertDrifts *drifts = g_new0 (DivertDrifts, 1);

  drifts->times = *times;
  drifts->find = find;
  drifts->look_again = look_again;
  drifts->user_data = user_data;
  drifts->pulse = divert_pulse_new ("drift", on_pulse, drifts);
  set_pulse (drifts, 0);
  return drifts;
}

void
divert_drifts_free (DivertDrifts *drifts)
{
  if (drifts == NULL)
    return;
  g_clear_handle_id (&drifts->quiet_id, g_source_remove);
  divert_pulse_free (drifts->pulse);
  g_free (drifts);
}

/* If there is only one name, we believe it.  If there are several, nobody can tell which of them it was. */
void
divert_drifts_suspect (DivertDrifts        *drifts,
                       const DivertProgram *program)
{
  if (drifts->suspect.pid == 0)
    drifts->suspect = *program;
  else
    drifts->ambiguous |= strcmp (drifts->suspect.name, program->name) != 0;
}

void
divert_drifts_suspect_port (DivertDrifts *drifts,
                            guint32       port)
{
  DivertProgram program;

  /* A table that is emptied is a notification for each route. */
  if (port == drifts->port || !divert_program_find_by_port (port, &program))
    return;
  drifts->port = port;
  divert_drifts_suspect (drifts, &program);
}

void
divert_drifts_touch (const DivertProgram *program,
                     gpointer             user_data)
{
  DivertDrifts *drifts = user_data;
  const gint64 now = g_get_monotonic_time ();

  if (program != NULL)
    divert_drifts_suspect (drifts, program);
  if (drifts->touched == 0)
    drifts->touched = now;
  drifts->heard = now;
  wait_for_quiet (drifts, drifts->times.quiet, now);
}

/* A program that rewrites ip rules once a second must not fill the log. */
static void
log_last (DivertDrifts *drifts)
{
  const gint64 now = g_get_monotonic_time ();
  g_autofree char *text = NULL;

  drifts->unsaid++;
  if (drifts->lines_until - now > (LINES_IN_A_ROW - 1) * LINE_INTERVAL_US)
    return;
  text = divert_drift_to_text (&drifts->last);
  if (drifts->unsaid == 1)
    g_message ("changed by another program, and laid again: %s", text);
  else
    g_message ("changed by another program, and laid again, %u times since the last such line: %s", drifts->unsaid,
               text);
  drifts->unsaid = 0;
  drifts->lines_until = MAX (drifts->lines_until, now) + LINE_INTERVAL_US;
}

void
divert_drifts_see (DivertDrifts *drifts,
                   DivertParts   parts,
                   gboolean      laid)
{
  static const DivertProgram nobody = { 0 };

  drifts->parts |= parts;
  drifts->found = FALSE;
  if (drifts->parts == 0 && drifts->touched == 0)
    acquit (drifts);
  if (!laid || drifts->parts == 0)
    return;
  divert_drift_add (&drifts->last, drifts->parts, drifts->ambiguous ? &nobody : &drifts->suspect,
                    g_get_real_time () / G_USEC_PER_SEC);
  drifts->parts = 0;
  acquit (drifts);
  log_last (drifts);
}

gboolean
divert_drifts_suspects (const DivertDrifts *drifts)
{
  return drifts->touched != 0 || drifts->found || drifts->parts != 0;
}

DivertDrift
divert_drifts_get (const DivertDrifts *drifts)
{
  return drifts->last;
}
