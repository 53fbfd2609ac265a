/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: passing requests and results between two threads.
 *
 * Theory of operation.  The pipeline runs in the main loop, at real-time priority if we were given it, because it
 * revokes grants.  Callers are served by a loop and a thread of their own, at ordinary priority.  If somebody floods
 * the helper with calls, they only load that thread and the bus library's thread, which receives the calls and is
 * ordinary as well.  The main loop doesn't even wake up.
 *
 *   down   A caller's request to the pipeline is an order.  Orders wait in a queue until the allowance (pace.c) lets
 *          them pass, and all waiting orders pass together.  So many orders cost the main loop one run.  A refresh that
 *          has to wait joins the orders that already wait.
 *   up     After each run, and before it tells those who waited for the run, the pipeline hands over a snapshot. If the
 *          callers' thread has not fetched the previous one, that one is thrown away. So there is never more than one
 *          under way, however slow the thread is. It is exchanged without a lock, because the main loop must never wait
 *          for a thread that itself waits for a processor.
 */
#include "orders.h"

#include "pace.h"
#include "system/base/post.h"

struct DivertOrders
{
  DivertPipeline *pipeline;  /* only the main loop accesses its contents */
  GMainContext   *context;
  DivertPublished published;
  gpointer        user_data;
  DivertSnapshot *fresh;     /* handed over, exchanged atomically; NULL: fetched */

  /* These belong to the callers' thread. */
  GQueue          waiting;   /* Order */
  DivertPace      pace;
  gint64          run_cost;
  GSource        *timer;     /* NULL: nothing waits */
};

typedef struct Order Order;
typedef void (*Perform) (Order *order);

typedef struct
{
  DivertOrdered ordered;
  gpointer      user_data;
} Listener;

struct Order
{
  DivertOrders *orders;
  Perform       perform;   /* in the main loop; ends with a refresh */
  const char   *event;
  gboolean      settle;
  GArray       *listeners; /* Listener */
  DivertMode   *mode;
  char         *site;
  char         *text;
  GError       *error;
};

static void
order_free (gpointer data)
{
  Order *order = data;

  g_array_unref (order->listeners);
  divert_mode_free (order->mode);
  g_free (order->site);
  g_free (order->text);
  g_clear_error (&order->error);
  g_free (order);
}

/* Up, from the pipeline to the callers. */

static gboolean
on_fresh (gpointer user_data)
{
  DivertOrders *orders = user_data;
  g_autoptr(DivertSnapshot) snapshot = __atomic_exchange_n (&orders->fresh, NULL, __ATOMIC_ACQ_REL);

  orders->run_cost = snapshot->run_cost;
  orders->published (snapshot, orders->user_data);
  return G_SOURCE_REMOVE;
}

static void
on_reported (const DivertSnapshot *snapshot,
             gpointer              user_data)
{
  DivertOrders *orders = user_data;
  DivertSnapshot *missed = __atomic_exchange_n (&orders->fresh, divert_snapshot_ref (snapshot), __ATOMIC_ACQ_REL);

  /* If the previous snapshot is still to be fetched, this one will be fetched in its place. */
  if (missed != NULL)
    divert_snapshot_free (missed);
  else
    divert_post (orders->context, on_fresh, orders, NULL);
}

static gboolean
on_answer (gpointer user_data)
{
  const Order *order = user_data;

  for (guint i = 0; i < order->listeners->len; i++)
    {
      const Listener *listener = &g_array_index (order->listeners, Listener, i);

      listener->ordered (order->error, listener->user_data);
    }
  return G_SOURCE_REMOVE;
}

static void
on_ready (gpointer user_data)
{
  Order *order = user_data;

  divert_post (order->orders->context, on_answer, order, order_free);
}

/* Down, from the callers to the pipeline. */

static void
refresh (Order *order)
{
  divert_pipeline_refresh (order->orders->pipeline, order->event, order->settle, on_ready, order);
}

static void
on_changed (gpointer user_data)
{
  const Order *order = user_data;

  divert_pipeline_await_flows (order->orders->pipeline, on_ready, user_data);
}

/* A person's change is complete only when the old flows have ended too.  The network's hooks don't wait for that. */
static void
follow (Order *order)
{
  divert_pipeline_refresh (order->orders->pipeline, order->event, order->settle, on_changed, order);
}

static void
on_settled (const GError *error,
            gpointer      user_data)
{
  Order *order = user_data;

  if (error == NULL)
    {
      follow (order);
      return;
    }
  /* Whoever hears of the error may ask for the problems next, and the run that comes now finds them. */
  order->error = g_error_copy (error);
  divert_pipeline_refresh (order->orders->pipeline, order->event, FALSE, on_ready, order);
}

static gboolean
on_arrival (gpointer user_data)
{
  Order *order;

  while ((order = g_queue_pop_head (user_data)) != NULL)
    order->perform (order);
  return G_SOURCE_REMOVE;
}

static void
queue_free (gpointer data)
{
  g_queue_free_full (data, order_free);
}

static void let_pass (DivertOrders *orders);

static gboolean
on_timer (gpointer user_data)
{
  DivertOrders *orders = user_data;

  g_clear_pointer (&orders->timer, g_source_unref);
  let_pass (orders);
  return G_SOURCE_REMOVE;
}

static void
let_pass (DivertOrders *orders)
{
  gint64 now = g_get_monotonic_time (), when;
  GQueue *batch;

  if (orders->timer != NULL)
    return;
  when = divert_pace_spend (&orders->pace, now, orders->run_cost);
  if (when != 0)
    {
      orders->timer = g_timeout_source_new ((when - now) / 1000 + 1);
      g_source_set_callback (orders->timer, on_timer, orders, NULL);
      g_source_attach (orders->timer, orders->context);
      return;
    }
  batch = g_queue_copy (&orders->waiting);
  g_queue_clear (&orders->waiting);
  divert_post (NULL, on_arrival, batch, queue_free);
}

static void
add_listener (Order         *order,
              DivertOrdered  ordered,
              gpointer       user_data)
{
  if (ordered != NULL)
    g_array_append_val (order->listeners, ((Listener){ ordered, user_data }));
}

static Order *
order_new (DivertOrders  *orders,
           Perform        perform,
           const char    *event,
           gboolean       settle,
           DivertOrdered  ordered,
           gpointer       user_data)
{
  Order *order = g_new0 (Order, 1);

  order->orders = orders;
  order->perform = perform;
  order->event = event;
  order->settle = settle;
  order->listeners = g_array_new (FALSE, FALSE, sizeof (Listener));
  add_listener (order, ordered, user_data);
  return order;
}

static void
send_off (Order *order)
{
  g_queue_push_tail (&order->orders->waiting, order);
  let_pass (order->orders);
}

void
divert_orders_refresh (DivertOrders  *orders,
                       const char    *event,
                       gboolean       settle,
                       DivertOrdered  ordered,
                       gpointer       user_data)
{
  for (const GList *l = orders->waiting.head; l != NULL; l = l->next)
    {
      Order *order = l->data;

      if (order->perform != refresh || order->settle != settle)
        continue;
      add_listener (order, ordered, user_data);
      return;
    }
  send_off (order_new (orders, refresh, event, settle, ordered, user_data));
}

static void
ask_gateways (Order *order)
{
  divert_pipeline_ask_gateways (order->orders->pipeline);
  refresh (order);
}

void
divert_orders_ask_gateways (DivertOrders  *orders,
                            const char    *event,
                            DivertOrdered  ordered,
                            gpointer       user_data)
{
  send_off (order_new (orders, ask_gateways, event, TRUE, ordered, user_data));
}

static void
set_mode (Order *order)
{
  divert_pipeline_set_mode (order->orders->pipeline, order->mode, on_settled, order);
}

void
divert_orders_set_mode (DivertOrders     *orders,
                        const DivertMode *mode,
                        DivertOrdered     ordered,
                        gpointer          user_data)
{
  Order *order = order_new (orders, set_mode, "switch", TRUE, ordered, user_data);

  order->mode = divert_mode_copy (mode);
  send_off (order);
}

static void
reload (Order *order)
{
  divert_pipeline_reload (order->orders->pipeline, on_settled, order);
}

void
divert_orders_reload (DivertOrders  *orders,
                      DivertOrdered  ordered,
                      gpointer       user_data)
{
  send_off (order_new (orders, reload, "reload", TRUE, ordered, user_data));
}

static void
keep_site (Order *order)
{
  divert_pipeline_keep_site (order->orders->pipeline, order->site, order->text, on_settled, order);
}

void
divert_orders_keep_site (DivertOrders  *orders,
                         const char    *event,
                         const char    *site,
                         const char    *text,
                         DivertOrdered  ordered,
                         gpointer       user_data)
{
  Order *order = order_new (orders, keep_site, event, TRUE, ordered, user_data);

  order->site = g_strdup (site);
  order->text = g_strdup (text);
  send_off (order);
}

DivertOrders *
divert_orders_new (DivertPipeline  *pipeline,
                   GMainContext    *context,
                   DivertPublished  published,
                   gpointer         user_data)
{
  DivertOrders *orders = g_new0 (DivertOrders, 1);

  orders->pipeline = pipeline;
  orders->context = g_main_context_ref (context);
  orders->published = published;
  orders->user_data = user_data;
  g_queue_init (&orders->waiting);
  divert_pipeline_set_reported (pipeline, on_reported, orders);
  return orders;
}

void
divert_orders_free (DivertOrders *orders)
{
  if (orders == NULL)
    return;
  divert_pipeline_set_reported (orders->pipeline, NULL, NULL);
  if (orders->timer != NULL)
    {
      g_source_destroy (orders->timer);
      g_source_unref (orders->timer);
    }
  g_queue_clear_full (&orders->waiting, order_free);
  divert_snapshot_free (orders->fresh);
  g_main_context_unref (orders->context);
  g_free (orders);
}
