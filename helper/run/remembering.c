/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: how long rules wait until what was accepted before them is known.
 *
 * Without its mark, an administrator's ssh session ends with the next packet that this machine sends.  So the mark
 * comes before the rules.  But there are no rules until then, and any user can make the kernel's list of connections
 * long, or hold up whoever reads it (K4.17).  So a thread of its own reads it, at ordinary priority, and the run waits
 * for that, but not for long.  If it is late, the marks come when the rules are there already, and a session that has
 * sent something meanwhile ends.  While it is late, no run waits for it again.
 */
#include "remembering.h"

#include "core/ruleset/ruleset.h"
#include "system/base/worker.h"
#include "system/flows/accepted.h"

/* It has two owners, because a run that has waited long enough leaves it to the thread. */
typedef struct
{
  GMutex      mutex;
  GCond       cond;
  gboolean    ended;
  DivertPorts ephemeral;
  guint32     mark, mask;
} Task;

struct DivertRemembering
{
  DivertWorker *worker;
  guint         wait_ms;
  Task         *task; /* the last one; NULL: none */
};

static void
task_clear (gpointer data)
{
  Task *task = data;

  g_mutex_clear (&task->mutex);
  g_cond_clear (&task->cond);
}

static void
task_unref (gpointer task)
{
  g_atomic_rc_box_release_full (task, task_clear);
}

static void
work (gpointer data)
{
  Task *task = data;
  g_autoptr(GError) error = NULL;
  guint remembered = 0;

  if (!divert_accepted_remember (&task->ephemeral, task->mark, task->mask, &remembered, &error))
    g_warning ("connections that were accepted before may be cut: %s", error->message);
  else if (remembered > 0)
    g_info ("%u accepted connections are left alone", remembered);
  g_mutex_lock (&task->mutex);
  task->ended = TRUE;
  g_cond_signal (&task->cond);
  g_mutex_unlock (&task->mutex);
}

/* FALSE: it is late. */
static gboolean
wait_for (Task   *task,
          gint64  until)
{
  gboolean ended;

  g_mutex_lock (&task->mutex);
  while (!task->ended && g_cond_wait_until (&task->cond, &task->mutex, until))
    ;
  ended = task->ended;
  g_mutex_unlock (&task->mutex);
  return ended;
}

void
divert_remembering_do (DivertRemembering  *remembering,
                       const DivertConfig *config,
                       const DivertPorts  *ephemeral)
{
  static const char late[] = "connections that were accepted before may be cut: there is no answer about them";
  const guint32 mark = divert_ruleset_get_served_mark (config);
  Task *task;

  if (mark == 0)
    return;
  if (remembering->task != NULL && !wait_for (remembering->task, 0))
    {
      g_warning ("%s", late);
      return;
    }
  task = g_atomic_rc_box_new0 (Task);
  g_mutex_init (&task->mutex);
  g_cond_init (&task->cond);
  task->ephemeral = *ephemeral;
  task->mark = mark;
  task->mask = config->mask;
  g_clear_pointer (&remembering->task, task_unref);
  remembering->task = g_atomic_rc_box_acquire (task);
  divert_worker_add (remembering->worker, work, NULL, task, task_unref);
  if (!wait_for (remembering->task, g_get_monotonic_time () + remembering->wait_ms * G_TIME_SPAN_MILLISECOND))
    g_warning ("%s", late);
}

DivertRemembering *
divert_remembering_new (guint wait_ms)
{
  DivertRemembering *remembering = g_new0 (DivertRemembering, 1);

  remembering->worker = divert_worker_new ("accepted");
  remembering->wait_ms = wait_ms;
  return remembering;
}

void
divert_remembering_free (DivertRemembering *remembering)
{
  if (remembering == NULL)
    return;
  divert_worker_free (remembering->worker);
  g_clear_pointer (&remembering->task, task_unref);
  g_free (remembering);
}
