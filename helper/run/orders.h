/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What callers want of the pipeline, on its way from their thread to the pipeline's and back.
 */
#pragma once

#include "pipeline.h"

G_BEGIN_DECLS

typedef struct DivertOrders DivertOrders;

/* In the callers' thread: the pipeline has run. */
typedef void (*DivertPublished) (const DivertSnapshot *snapshot, gpointer user_data);
/* Likewise: an order has been carried out (@error NULL), and what came of it was published before. */
typedef void (*DivertOrdered) (const GError *error, gpointer user_data);

/* To be called in the pipeline's thread, which is the main loop's; @context is that of the callers' loop.  What is
 * published first, of now, is published before that loop does anything else. */
DivertOrders *divert_orders_new (DivertPipeline *pipeline, GMainContext *context, DivertPublished published,
                                 gpointer user_data);
/* To be called in the pipeline's thread, when the callers' loop has ended.  Nobody hears of what is still under way. */
void          divert_orders_free (DivertOrders *orders);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertOrders, divert_orders_free)

/* All of these are to be called in the callers' thread.  @ordered may be NULL. */

/* As divert_pipeline_refresh().  Those that wait for their turn are one. */
void          divert_orders_refresh (DivertOrders *orders, const char *event, gboolean settle, DivertOrdered ordered,
                                     gpointer user_data);
/* As divert_pipeline_ask_gateways(), and a refresh with settle. */
void          divert_orders_ask_gateways (DivertOrders *orders, const char *event, DivertOrdered ordered,
                                          gpointer user_data);
/* As divert_pipeline_set_mode(), divert_pipeline_reload() and divert_pipeline_keep_site(); if that succeeds, a refresh
 * with settle, and the flows of before have ended. */
void          divert_orders_set_mode (DivertOrders *orders, const DivertMode *mode, DivertOrdered ordered,
                                      gpointer user_data);
void          divert_orders_reload (DivertOrders *orders, DivertOrdered ordered, gpointer user_data);
void          divert_orders_keep_site (DivertOrders *orders, const char *event, const char *site, const char *text,
                                       DivertOrdered ordered, gpointer user_data);

G_END_DECLS
