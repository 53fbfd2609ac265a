/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files of the service: service.c (the object), service-ask.c (what anybody may ask), service-explain.c
 * (about packets and flows), service-doctor.c (what stands in our way), service-change.c (what needs authority: Switch,
 * Reload), service-learn.c (Trust, Forget), service-preview.c (Preview), learning.c (what these two have in common),
 * change.c (what all three have in common) and service-idle.c (when to exit).
 */
#pragma once

#include "authority.h"
#include "call-queue.h"
#include "divert-helper1.h"
#include "run/examination.h"
#include "run/orders.h"
#include "run/verification.h"
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
  DivertVerification *verification;
  DivertIdle         idle;
  gpointer           user_data;
  GSource           *idle_timer;
  guint              changes; /* changes that wait, for instance for a password */
  guint              looks;   /* those that wait for answers from the network */
  GHashTable        *keeping; /* the names of sites whose files are being changed */

  GDBusConnection   *bus;
  GMainContext      *context;
  GMainLoop         *loop;
  GThread           *thread;
  GAsyncQueue       *started; /* the thread's result: a GError, or the service itself for success */
};

/* Somebody called, so the service doesn't count as idle for a while. */
void divert_service_stay (DivertService *service);

/* Answers @invocation in its turn.  The caller may be the one who started us, so calls before the first run are
 * answered after it. */
gboolean divert_service_put_in_line (DivertService *service, GDBusMethodInvocation *invocation, DivertAnswer answer);
/* The place of a plan or an explanation; "" means the current one.  Returns FALSE after it has answered the call. */
gboolean divert_service_check_place (DivertService *service, GDBusMethodInvocation *invocation, const char *place,
                                     DivertMode **ret_mode);

/* These connect the handlers of the respective calls. */
void divert_service_connect_questions (DivertService *service);
void divert_service_connect_explaining (DivertService *service);
void divert_service_connect_doctor (DivertService *service);
void divert_service_connect_changes (DivertService *service);
void divert_service_connect_learning (DivertService *service);
void divert_service_connect_previewing (DivertService *service);

G_END_DECLS
