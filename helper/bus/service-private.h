/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files of the service: service.c (the object), service-ask.c (what anybody may
 * ask), service-change.c (what needs authority: Switch, Reload), service-learn.c (Trust,
 * Forget, Preview), change.c (what these two have in common), service-idle.c (when to go).
 */
#pragma once

#include "authority.h"
#include "call-queue.h"
#include "divert-helper1.h"
#include "run/orders.h"
#include "service.h"

G_BEGIN_DECLS

struct DivertService
{
  DivertHelper1   *object;
  DivertOrders    *orders;
  DivertSnapshot  *snapshot; /* the newest */
  DivertAuthority *authority;
  DivertQuestions *questions;
  DivertIdle       idle;
  gpointer         user_data;
  GSource         *idle_timer;
  guint            changes; /* that wait: for a password, say */

  GDBusConnection *bus;
  GMainContext    *context;
  GMainLoop       *loop;
  GThread         *thread;
  GAsyncQueue     *started; /* the thread's word: a GError, or the service for "yes" */
};

/* Somebody was here: not to be called idle for a while. */
void divert_service_stay (DivertService *service);

/* Connect their calls. */
void divert_service_connect_questions (DivertService *service);
void divert_service_connect_changes (DivertService *service);
void divert_service_connect_learning (DivertService *service);

G_END_DECLS
