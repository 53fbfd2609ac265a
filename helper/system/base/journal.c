/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the name under which the log is in the journal, and the thread that writes it.
 *
 * GLib writes to the journal's socket itself, so the unit's SyslogIdentifier= doesn't apply to these lines.  Without an
 * identifier the journal shows the process's name, of which the kernel keeps 15 bytes.
 *
 * Any user can write to that socket as well.  While it is full, whoever writes waits.  So the helper leaves its lines
 * to a thread of ordinary priority, and doesn't wait for the socket.  The queue's lock is held for as few instructions
 * as can be, because the main loop waits for whoever is preempted in there.  If too many lines wait, further ones are
 * only counted.  The last line of a program that aborts is written at once, and so are the lines of a forked child,
 * which has no such thread.
 */
#include <string.h>
#include <unistd.h>

#include "journal.h"

/* A run that changes everything has some ten lines. */
#define MAX_WAITING 200

typedef struct
{
  GList          link;   /* its place in the queue */
  GLogLevelFlags level;
  GLogField     *fields; /* the keys are literals, the values are owned */
  gsize          n_fields;
} Line;

static struct
{
  GMutex         lock;
  GCond          changed;
  GLogWriterFunc write;   /* NULL: there is no thread */
  pid_t          pid;     /* whose thread it is */
  GQueue         waiting; /* Lines */
  guint          n_lost;  /* since the last one that waits */
  gboolean       writing;
} journal;

static Line *
line_copy (GLogLevelFlags   level,
           const GLogField *fields,
           gsize            n_fields)
{
  Line *line = g_new0 (Line, 1);

  line->link.data = line;
  line->level = level;
  line->n_fields = n_fields;
  line->fields = g_memdup2 (fields, n_fields * sizeof *fields);
  for (gsize i = 0; i < n_fields; i++)
    line->fields[i].value = fields[i].length < 0 ? g_strdup (fields[i].value) :
                                                   g_memdup2 (fields[i].value, (gsize) fields[i].length);
  return line;
}

static void
line_free (Line *line)
{
  for (gsize i = 0; i < line->n_fields; i++)
    g_free ((gpointer) line->fields[i].value);
  g_free (line->fields);
  g_free (line);
}

static void
leave (GLogLevelFlags   level,
       const GLogField *fields,
       gsize            n_fields)
{
  Line *line = line_copy (level, fields, n_fields);
  gboolean lost;

  g_mutex_lock (&journal.lock);
  lost = g_queue_get_length (&journal.waiting) >= MAX_WAITING;
  if (lost)
    journal.n_lost++;
  else
    {
      g_queue_push_tail_link (&journal.waiting, &line->link);
      g_cond_broadcast (&journal.changed);
    }
  g_mutex_unlock (&journal.lock);
  if (lost)
    line_free (line);
}

static GLogWriterOutput
write_named (GLogLevelFlags   level,
             const GLogField *fields,
             gsize            n_fields,
             gpointer         name)
{
  g_autofree GLogField *named = g_new (GLogField, n_fields + 1);

  memcpy (named, fields, n_fields * sizeof *fields);
  named[n_fields] = (GLogField) { "SYSLOG_IDENTIFIER", name, -1 };
  if (journal.write == NULL || journal.pid != getpid () || (level & G_LOG_LEVEL_ERROR) != 0)
    return g_log_writer_default (level, named, n_fields + 1, NULL);
  /* What nobody wants to read must not take the place of other lines. */
  if (!g_log_writer_default_would_drop (level, G_LOG_DOMAIN))
    leave (level, named, n_fields + 1);
  return G_LOG_WRITER_HANDLED;
}

static gpointer
write_all (gpointer data)
{
  g_mutex_lock (&journal.lock);
  for (;;)
    {
      GList *link = g_queue_pop_head_link (&journal.waiting);
      Line *line = link != NULL ? link->data : NULL;
      guint n_lost = 0;

      if (line == NULL)
        {
          g_cond_wait (&journal.changed, &journal.lock);
          continue;
        }
      if (g_queue_is_empty (&journal.waiting))
        {
          n_lost = journal.n_lost;
          journal.n_lost = 0;
        }
      journal.writing = TRUE;
      g_mutex_unlock (&journal.lock);
      journal.write (line->level, line->fields, line->n_fields, NULL);
      line_free (line);
      if (n_lost > 0)
        g_warning ("the journal was too slow for %u lines, which are missing here", n_lost);
      g_mutex_lock (&journal.lock);
      journal.writing = FALSE;
      g_cond_broadcast (&journal.changed);
    }
  return NULL;
}

void
divert_journal_open (const char *name)
{
  g_log_writer_default_set_use_stderr (TRUE);
  g_log_set_writer_func (write_named, (gpointer) name, NULL);
}

void
divert_journal_write_behind (GLogWriterFunc write)
{
  g_return_if_fail (journal.write == NULL);
  journal.write = write;
  journal.pid = getpid ();
  g_thread_unref (g_thread_new ("journal", write_all, NULL));
}

gboolean
divert_journal_flush (guint limit_ms)
{
  const gint64 end = g_get_monotonic_time () + limit_ms * G_TIME_SPAN_MILLISECOND;
  gboolean in_time = TRUE;

  g_mutex_lock (&journal.lock);
  while (in_time && (journal.writing || !g_queue_is_empty (&journal.waiting)))
    in_time = g_cond_wait_until (&journal.changed, &journal.lock, end);
  g_mutex_unlock (&journal.lock);
  return in_time;
}
