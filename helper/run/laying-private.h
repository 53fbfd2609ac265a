/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What laying.c and laying-watch.c share.
 */
#pragma once

#include "failures.h"
#include "laying.h"
#include "system/filter/guard.h"
#include "system/filter/wire.h"
#include "system/flows/waiting-packets.h"
#include "system/routing/fence.h"

G_BEGIN_DECLS

struct DivertLaying
{
  DivertFailures   failures;
  DivertBackend   *backend;
  DivertGuard     *guard;
  DivertWire      *wire;
  DivertRoutes    *routes;
  DivertFences    *fences;
  DivertFence     *fence;   /* the one that was closed; NULL: it was opened too */
  gboolean         closed;  /* … without an error */
  DivertFamilies   probed;  /* families for which the backend works here */
  DivertRuleset   *laid;    /* by the last run that could; NULL: none, or it was withdrawn */
  gboolean         wants_guard;
  DivertTouched    touched;
  gpointer         touched_data;
  guint            n_known; /* problems that there were before the fence was closed */

  DivertWaitingPackets *packets; /* for the tripwire's thread */
};

G_END_DECLS
