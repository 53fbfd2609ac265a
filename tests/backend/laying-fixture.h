/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a decision to the kernel, with the fake backend and the routing of a network namespace.
 */
#pragma once

#include "backend-fake.h"
#include "core/place/problem.h"
#include "namespace.h"
#include "run/laying.h"

G_BEGIN_DECLS

typedef struct
{
  DivertConfig  *config;
  DivertBackend *backend; /* owned by laying */
  DivertLaying  *laying;
  GPtrArray     *problems;
  guint          retries;
  gboolean       internet;
  gboolean       shared;  /* others send by eth0, which is the way to the site */
  gboolean       gone;    /* … and by another device, which the kernel no longer has */
} Fixture;

void              set_up (Fixture *f, gconstpointer user_data);
void              tear_down (Fixture *f, gconstpointer user_data);
/* Writes what follows from the mode @kind. */
DivertLaid        lay (Fixture *f, DivertModeKind kind, gboolean has_gid, guint *ret_writes);
/* @direct: what is granted; NULL: nothing.  @f says whether the internet is as well. */
DivertLaid        lay_granting (Fixture *f, DivertModeKind kind, const char *direct, gboolean has_gid,
                                guint *ret_writes);
/* What the backend answers from now on; -1: that all is well. */
void              set_error (Fixture *f, gint code);
/* The only one that there is. */
DivertProblemCode get_problem (Fixture *f);
/* Have both families the ip rule for packets with our mark? */
gboolean          has_rule (void);
/* @user_data: a Fixture. */
gboolean          was_retried (gpointer user_data);

G_END_DECLS
