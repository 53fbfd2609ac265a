/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files of the service: service.c (the object, and what anybody may
 * ask), service-change.c (what needs authority: Switch, Reload), service-learn.c (Trust,
 * Forget, Preview).
 */
#pragma once

#include "authority.h"
#include "call-queue.h"
#include "divert-helper1.h"
#include "run/pipeline.h"
#include "service.h"

G_BEGIN_DECLS

struct DivertService
{
  DivertHelper1   *object;
  DivertPipeline  *pipeline;
  DivertAuthority *authority;
  DivertQuestions *questions;
  char            *config_dir;
  DivertIdle       idle;
  gpointer         user_data;
  guint            idle_id;
  guint            changes; /* that wait: for a password, say */
};

/* Somebody was here: not to be called idle for a while. */
void divert_service_stay (DivertService *service);

/* Connect their calls. */
void divert_service_connect_changes (DivertService *service);
void divert_service_connect_learning (DivertService *service);

/* A call that changes something, on its way from the check to the answer. */
typedef struct DivertChange DivertChange;

/* Does the change, or whatever must come first; owns and in the end frees @change. */
typedef void (*DivertChangeFunc) (DivertChange *change);

struct DivertChange
{
  DivertService         *service;
  GDBusMethodInvocation *invocation; /* answering it consumes it */
  DivertChangeFunc       func;
  DivertMode            *mode;       /* of Switch */
  gboolean               until_network_change;
  char                  *site;       /* of Trust, Forget and Preview */
  char                  *uuid;
};

DivertChange *divert_change_new (DivertService *service, GDBusMethodInvocation *invocation, DivertChangeFunc func);
void          divert_change_free (DivertChange *change);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertChange, divert_change_free)
/* Calls the change's func if its caller may do @action; else answers, and frees it. */
void          divert_change_authorise (DivertChange *change, const char *action);
void          divert_change_fail (DivertChange *change, const char *name, const GError *error);
/* Answers when the rules are as the change wants them. */
void          divert_change_answer_when_applied (DivertChange *change, const char *event);

G_END_DECLS
