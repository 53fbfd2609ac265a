/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the thread and its queue.
 *
 * The thread is never joined, because a job may hang (a disk, a directory server) and the helper
 * must still be able to exit.  So the queue is shared, and whoever lets go of it last frees it.
 */
#include "worker.h"

#include "post.h"

typedef struct
{
  GAsyncQueue *queue;   /* Job */
  gint         ended;   /* atomic */
} Shared;

struct DivertWorker
{
  Shared *shared;
};

typedef struct
{
  Shared         *shared;
  DivertWork      work;    /* NULL: the thread should end */
  DivertWork      done;
  gpointer        data;
  GDestroyNotify  destroy;
} Job;

static void
shared_clear (gpointer data)
{
  g_async_queue_unref (((Shared *) data)->queue);
}

static void
job_free (gpointer data)
{
  Job *job = data;

  if (job->destroy != NULL)
    job->destroy (job->data);
  g_atomic_rc_box_release_full (job->shared, shared_clear);
  g_free (job);
}

static void
push (Shared         *shared,
      DivertWork      work,
      DivertWork      done,
      gpointer        data,
      GDestroyNotify  destroy)
{
  Job *job = g_new0 (Job, 1);

  *job = (Job) { g_atomic_rc_box_acquire (shared), work, done, data, destroy };
  g_async_queue_push (shared->queue, job);
}

static gboolean
on_done (gpointer user_data)
{
  Job *job = user_data;

  if (job->done != NULL && !g_atomic_int_get (&job->shared->ended))
    job->done (job->data);
  return G_SOURCE_REMOVE;
}

static gpointer
run (gpointer data)
{
  Shared *shared = data;
  gboolean ended = FALSE;

  while (!ended)
    {
      Job *job = g_async_queue_pop (shared->queue);

      ended = job->work == NULL;
      if (!g_atomic_int_get (&shared->ended))
        job->work (job->data);
      if (ended)
        job_free (job);
      else
        divert_post (NULL, on_done, job, job_free);
    }
  g_atomic_rc_box_release_full (shared, shared_clear);
  return NULL;
}

DivertWorker *
divert_worker_new (const char *name)
{
  DivertWorker *worker = g_new0 (DivertWorker, 1);

  worker->shared = g_atomic_rc_box_new0 (Shared);
  worker->shared->queue = g_async_queue_new ();
  g_thread_unref (g_thread_new (name, run, g_atomic_rc_box_acquire (worker->shared)));
  return worker;
}

void
divert_worker_free (DivertWorker *worker)
{
  if (worker == NULL)
    return;
  g_atomic_int_set (&worker->shared->ended, TRUE);
  push (worker->shared, NULL, NULL, NULL, NULL);
  g_atomic_rc_box_release_full (worker->shared, shared_clear);
  g_free (worker);
}

void
divert_worker_add (DivertWorker   *worker,
                   DivertWork      work,
                   DivertWork      done,
                   gpointer        job,
                   GDestroyNotify  destroy)
{
  push (worker->shared, work, done, job, destroy);
}
