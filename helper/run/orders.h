/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Callers' requests to the pipeline, on their way from the callers' thread to the pipeline's and back.
 */
#pragma once

#include "pipeline.h"

G_BEGIN_DECLS

typedef struct DivertOrders DivertOrders;

/* Called in the callers' thread after the pipeline has run. */
typedef void (*DivertPublished) (const DivertSnapshot *snapshot, gpointer user_data);
/* Called in the callers' thread when an order has been carried out (@error NULL).  Its result has been published
 * before. */
typedef void (*DivertOrdered) (const GError *error, gpointer user_data);

/* Call this in the pipeline's thread, which is the main loop's.  @context belongs to the callers' loop.  The first
 * snapshot, of the current state, is published before that loop does anything else. */
DivertOrders *divert_orders_new (DivertPipeline *pipeline, GMainContext *context, DivertPublished published,
                                 gpointer user_data);
/* Call this in the pipeline's thread, when the callers' loop has ended.  Orders that are still under way get no
 * answer. */
void          divert_orders_free (DivertOrders *orders);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertOrders, divert_orders_free)

/* Call all of these in the callers' thread.  @ordered may be NULL. */

/* Like divert_pipeline_refresh().  Refreshes that wait for their turn are merged into one. */
void          divert_orders_refresh (DivertOrders *orders, const char *event, gboolean settle, DivertOrdered ordered,
                                     gpointer user_data);
/* Like divert_pipeline_ask_gateways() followed by a refresh with settle. */
void          divert_orders_ask_gateways (DivertOrders *orders, const char *event, DivertOrdered ordered,
                                          gpointer user_data);
/* Like divert_pipeline_set_mode(), divert_pipeline_reload() and divert_pipeline_keep_site().  On success, a refresh
 * with settle follows, and @ordered is called after the old flows have ended. */
void          divert_orders_set_mode (DivertOrders *orders, const DivertMode *mode, DivertOrdered ordered,
                                      gpointer user_data);
void          divert_orders_reload (DivertOrders *orders, DivertOrdered ordered, gpointer user_data);
void          divert_orders_keep_site (DivertOrders *orders, const char *event, const char *site, const char *text,
                                       DivertOrdered ordered, gpointer user_data);

G_END_DECLS
