/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the two files of the service: service.c (the object, and what anybody may ask) and
 * service-change.c (what changes something and needs authority).
 */
#pragma once

#include "authority.h"
#include "divert-helper1.h"
#include "pipeline.h"
#include "service.h"

G_BEGIN_DECLS

struct DivertService
{
  DivertHelper1   *object;
  DivertPipeline  *pipeline;
  DivertAuthority *authority;
  char            *config_dir;
  DivertIdle       idle;
  gpointer         user_data;
  guint            idle_id;
};

/* Connects Switch, Trust, Forget and Reload. */
void divert_service_connect_changes (DivertService *service);

G_END_DECLS
