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

/* A comparison may take 1/50000 of the time until the next one: 100 µs in 5 s. */
#define COSTS 50000
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
  GSource          source;
  DivertDriftTimes times;
  DivertFindDrift  find;
  DivertLookAgain  look_again;
  gpointer         user_data;

  gint64           touched;   /* monotonic: when somebody first touched the rules since the last look; 0: nobody did */
  gint64           quiet;     /* monotonic: when to look, if @touched */
  gint64           next_look; /* monotonic: when to look if nobody has */

  DivertProgram    suspect;   /* pid 0: none so far */
  gboolean         ambiguous; /* there was another one with a different name */
  DivertParts      parts;     /* that were found changed, and not yet installed again */
  DivertDrift      last;
  gint64           lines_until; /* monotonic: when the allowance of lines is whole again */
  guint            unsaid;      /* changes that got no line in the log */
};

static gboolean
is_time (DivertDrifts *drifts)
{
  const gint64 now = g_source_get_time (&drifts->source);

  return drifts->touched != 0 ? now >= drifts->quiet : now >= drifts->next_look;
}

static gboolean
prepare (GSource *source,
         int     *timeout)
{
  *timeout = -1;
  return is_time ((DivertDrifts *) source);
}

static gboolean
check (GSource *source)
{
  return is_time ((DivertDrifts *) source);
}

static void
wake (DivertDrifts *drifts)
{
  const DivertDriftTimes *times = &drifts->times;
  const gint64 look = drifts->next_look + times->idle - times->interval;

  g_source_set_ready_time (&drifts->source, drifts->touched != 0 ? drifts->quiet : look);
}

static void
acquit (DivertDrifts *drifts)
{
  drifts->suspect = (DivertProgram) { 0 };
  drifts->ambiguous = FALSE;
}

static gboolean
dispatch (GSource     *source,
          GSourceFunc  callback,
          gpointer     user_data)
{
  DivertDrifts *drifts = (DivertDrifts *) source;
  const gboolean was_touched = drifts->touched != 0;
  const gint64 begin = g_get_monotonic_time ();
  const DivertParts parts = drifts->find (drifts->user_data);
  const gint64 end = g_get_monotonic_time ();

  drifts->touched = 0;
  drifts->next_look = end + MAX (drifts->times.interval, COSTS * (end - begin));
  wake (drifts);
  if (parts == 0)
    acquit (drifts);
  else if (was_touched)
    drifts->look_again (drifts->user_data);
  else
    divert_drifts_touch (NULL, drifts);
  return G_SOURCE_CONTINUE;
}

DivertDrifts *
divert_drifts_new (const DivertDriftTimes *times,
                   DivertFindDrift         find,
                   DivertLookAgain         look_again,
                   gpointer                user_data)
{
  static GSourceFuncs funcs = { .prepare = prepare, .check = check, .dispatch = dispatch };
  DivertDrifts *drifts = (DivertDrifts *) g_source_new (&funcs, sizeof *drifts);

  drifts->times = *times;
  drifts->find = find;
  drifts->look_again = look_again;
  drifts->user_data = user_data;
  drifts->next_look = g_get_monotonic_time () + times->interval;
  g_source_set_name (&drifts->source, "drift");
  wake (drifts);
  g_source_attach (&drifts->source, NULL);
  return drifts;
}

void
divert_drifts_free (DivertDrifts *drifts)
{
  if (drifts == NULL)
    return;
  g_source_destroy (&drifts->source);
  g_source_unref (&drifts->source);
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
divert_drifts_touch (const DivertProgram *program,
                     gpointer             user_data)
{
  DivertDrifts *drifts = user_data;
  const gint64 now = g_get_monotonic_time ();

  if (program != NULL)
    divert_drifts_suspect (drifts, program);
  if (drifts->touched == 0)
    drifts->touched = now;
  drifts->quiet = MIN (now + drifts->times.quiet, drifts->touched + drifts->times.patience);
  wake (drifts);
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

DivertDrift
divert_drifts_get (const DivertDrifts *drifts)
{
  return drifts->last;
}
