/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files of the service: service.c (the object), service-ask.c (what anybody may ask), service-doctor.c
 * (what stands in our way), service-change.c (what needs authority: Switch, Reload), service-learn.c (Trust, Forget,
 * Preview), change.c (what these two have in common) and service-idle.c (when to exit).
 */
#pragma once

#include "authority.h"
#include "call-queue.h"
#include "divert-helper1.h"
#include "run/examination.h"
#include "run/orders.h"
#include "service.h"

G_BEGIN_DECLS

struct DivertService
{
  DivertHelper1     *object;
  DivertOrders      *orders;
  DivertSnapshot    *snapshot; /* the newest */
  DivertAuthority   *authority;
  DivertQuestions   *questions;
  DivertExamination *examination;
  DivertIdle         idle;
  gpointer           user_data;
  GSource           *idle_timer;
  guint              changes; /* changes that wait, for instance for a password */

  GDBusConnection   *bus;
  GMainContext      *context;
  GMainLoop         *loop;
  GThread           *thread;
  GAsyncQueue       *started; /* the thread's result: a GError, or the service itself for success */
};

/* Somebody called, so the service doesn't count as idle for a while. */
void divert_service_stay (DivertService *service);

/* These connect the handlers of the respective calls. */
void divert_service_connect_questions (DivertService *service);
void divert_service_connect_doctor (DivertService *service);
void divert_service_connect_changes (DivertService *service);
void divert_service_connect_learning (DivertService *service);

G_END_DECLS
