/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Passing orders between the callers' thread and the main loop's thread, with a fake pipeline. This thread is the main
 * loop's, and another one orders.
 */
#include "run/orders.h"

#include <string.h>

static struct
{
  DivertReported reported;
  gpointer       user_data;
  GThread       *main;
  GPtrArray     *refreshes; /* Waiting */
  guint          n_refreshes;
  gboolean       settle;      /* of the last refresh */
  gboolean       refuse;
} pipeline;

typedef struct
{
  DivertRefreshed refreshed;
  gpointer        user_data;
} Waiting;

/* The pipeline's functions that orders.c calls. */

void
divert_pipeline_set_reported (DivertPipeline *unused,
                              DivertReported  reported,
                              gpointer        user_data)
{
  pipeline.reported = reported;
  pipeline.user_data = user_data;
}

void
divert_pipeline_refresh (DivertPipeline  *unused,
                         const char      *event,
                         gboolean         settle,
                         DivertRefreshed  refreshed,
                         gpointer         user_data)
{
  const Waiting waiting = { refreshed, user_data };

  g_assert_true (g_thread_self () == pipeline.main);
  pipeline.n_refreshes++;
  pipeline.settle = settle;
  g_ptr_array_add (pipeline.refreshes, g_memdup2 (&waiting, sizeof waiting));
}

void
divert_pipeline_await_flows (DivertPipeline  *unused,
                             DivertRefreshed  ended,
                             gpointer         user_data)
{
  ended (user_data);
}

void
divert_pipeline_ask_gateways (DivertPipeline *unused)
{
}

void
divert_pipeline_set_mode (DivertPipeline   *unused,
                          const DivertMode *mode,
                          DivertSettled     settled,
                          gpointer          user_data)
{
  g_autoptr(GError) error = pipeline.refuse ? g_error_new (G_FILE_ERROR, G_FILE_ERROR_NOSPC, "no room for %s",
                                                           divert_mode_get_name (mode)) : NULL;

  settled (error, user_data);
}

void
divert_pipeline_reload (DivertPipeline *unused,
                        DivertSettled   settled,
                        gpointer        user_data)
{
  settled (NULL, user_data);
}

void
divert_pipeline_keep_site (DivertPipeline *unused,
                           const char     *site,
                           const char     *text,
                           DivertSettled   settled,
                           gpointer        user_data)
{
  settled (NULL, user_data);
}

/* A run: publishes a snapshot with this number, then tells those who wait. */
static void
run (gint64 number)
{
  g_autoptr(DivertSnapshot) snapshot = divert_snapshot_new ();
  g_autoptr(GPtrArray) waiting = g_steal_pointer (&pipeline.refreshes);

  pipeline.refreshes = g_ptr_array_new_with_free_func (g_free);
  snapshot->has_gid = TRUE;
  snapshot->gid = number;
  pipeline.reported (snapshot, pipeline.user_data);
  for (guint i = 0; i < waiting->len; i++)
    {
      const Waiting *one = g_ptr_array_index (waiting, i);

      one->refreshed (one->user_data);
    }
}

/* The callers' thread. */

static struct
{
  GMainContext *context;
  DivertOrders *orders;
  guint         published;   /* number of calls */
  guint32       newest;
  guint         answered;
  guint32       seen;        /* the newest snapshot when the last answer came */
  char         *message;     /* of the last failure */
} callers;

static void
on_published (const DivertSnapshot *snapshot,
              gpointer              user_data)
{
  callers.published++;
  callers.newest = snapshot->gid;
}

static void
on_ordered (const GError *error,
            gpointer      user_data)
{
  callers.answered++;
  callers.seen = callers.newest;
  g_free (callers.message);
  callers.message = error != NULL ? g_strdup (error->message) : NULL;
}

static gpointer
flood (gpointer data)
{
  for (guint i = 0; i < 1000; i++)
    divert_orders_refresh (callers.orders, "manual", i % 2 == 0, on_ordered, NULL);
  return NULL;
}

static gpointer
set_mode (gpointer data)
{
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_OFF, NULL);

  divert_orders_set_mode (callers.orders, mode, on_ordered, NULL);
  return NULL;
}

static gpointer
dispatch (gpointer data)
{
  while (g_main_context_iteration (callers.context, FALSE))
    ;
  return NULL;
}

/* Runs @func in another thread, and waits until it ends. */
static void
in_callers_thread (GThreadFunc func)
{
  g_thread_join (g_thread_new ("calls", func, NULL));
}

/* Lets orders arrive, including those that wait for their turn. */
static void
let_arrive (guint n_refreshes)
{
  while (pipeline.n_refreshes < n_refreshes)
    {
      in_callers_thread (dispatch);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
}

static void
set_up (void)
{
  memset (&pipeline, 0, sizeof pipeline);
  memset (&callers, 0, sizeof callers);
  pipeline.main = g_thread_self ();
  pipeline.refreshes = g_ptr_array_new_with_free_func (g_free);
  callers.context = g_main_context_new ();
  callers.orders = divert_orders_new (NULL, callers.context, on_published, NULL);
}

static void
tear_down (void)
{
  divert_orders_free (callers.orders);
  g_assert_null (pipeline.reported);
  g_main_context_unref (callers.context);
  g_ptr_array_unref (pipeline.refreshes);
  g_free (callers.message);
}

/* A thousand requests cause few runs, and all of them are answered with the result. */
static void
test_flood (void)
{
  set_up ();
  in_callers_thread (flood);
  /* Ten in a row come at once. The others come together, as one that settles and one that doesn't. */
  let_arrive (12);
  g_assert_cmpuint (pipeline.n_refreshes, <=, 12);
  g_assert_cmpuint (callers.answered, ==, 0);
  run (7);
  in_callers_thread (dispatch);
  g_assert_cmpuint (callers.answered, ==, 1000);
  g_assert_cmpuint (callers.seen, ==, 7);
  tear_down ();
}

/* A slow thread finds the newest snapshot, not all of them. */
static void
test_newest (void)
{
  set_up ();
  for (guint i = 1; i <= 100; i++)
    run (i);
  in_callers_thread (dispatch);
  g_assert_cmpuint (callers.published, ==, 1);
  g_assert_cmpuint (callers.newest, ==, 100);
  run (101);
  in_callers_thread (dispatch);
  g_assert_cmpuint (callers.published, ==, 2);
  g_assert_cmpuint (callers.newest, ==, 101);
  tear_down ();
}

/* An order is answered after the run, one that has failed as well: its error is among the problems by then. */
static void
test_refused (void)
{
  set_up ();
  for (guint i = 1; i <= 2; i++)
    {
      pipeline.refuse = i == 1;
      in_callers_thread (set_mode);
      let_arrive (i);
      in_callers_thread (dispatch);
      g_assert_cmpuint (callers.answered, ==, i - 1);
      g_assert_cmpint (pipeline.settle, ==, !pipeline.refuse);
      run (i + 1);
      in_callers_thread (dispatch);
      g_assert_cmpuint (callers.answered, ==, i);
      g_assert_cmpstr (callers.message, ==, pipeline.refuse ? "no room for off" : NULL);
      g_assert_cmpuint (callers.seen, ==, i + 1);
    }
  tear_down ();
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/orders/flood", test_flood);
  g_test_add_func ("/orders/newest", test_newest);
  g_test_add_func ("/orders/refused", test_refused);
  return g_test_run ();
}
