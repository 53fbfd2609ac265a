/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thread for jobs that may take long. */
#include "system/base/worker.h"

typedef struct
{
  GMutex   lock;    /* held by the test while the job takes long */
  GThread *main;
  GString *order;
  guint    freed;
} World;

typedef struct
{
  World *world;
  char   name;
} Job;

static World world;

static void
work (gpointer data)
{
  const Job *job = data;

  g_assert_true (g_thread_self () != job->world->main);
  g_mutex_lock (&job->world->lock);
  g_mutex_unlock (&job->world->lock);
}

static void
done (gpointer data)
{
  const Job *job = data;

  g_assert_true (g_thread_self () == job->world->main);
  g_string_append_c (job->world->order, job->name);
}

static void
job_free (gpointer data)
{
  g_atomic_int_inc (&((Job *) data)->world->freed);
  g_free (data);
}

static void
add (DivertWorker *worker,
     char          name)
{
  const Job job = { &world, name };

  divert_worker_add (worker, work, done, g_memdup2 (&job, sizeof job), job_free);
}

static void
set_up (void)
{
  world = (World){ .main = g_thread_self (), .order = g_string_new (NULL) };
  g_mutex_init (&world.lock);
}

static void
test_order (void)
{
  g_autoptr(DivertWorker) worker = divert_worker_new ("test");

  set_up ();
  g_mutex_lock (&world.lock);
  for (const char *name = "abc"; *name != '\0'; name++)
    add (worker, *name);
  /* The main loop isn't held up. */
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpstr (world.order->str, ==, "");
  g_mutex_unlock (&world.lock);
  while (world.freed < 3)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (world.order->str, ==, "abc");
  g_string_free (world.order, TRUE);
}

/* Ending waits for nothing, and the job under way gets no answer. */
static void
test_end (void)
{
  DivertWorker *worker = divert_worker_new ("test");

  set_up ();
  g_mutex_lock (&world.lock);
  add (worker, 'a');
  add (worker, 'b');
  divert_worker_free (worker);
  g_mutex_unlock (&world.lock);
  while (g_atomic_int_get (&world.freed) < 2)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (world.order->str, ==, "");
  g_string_free (world.order, TRUE);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/worker/order", test_order);
  g_test_add_func ("/worker/end", test_end);
  return g_test_run ();
}
