/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by pipeline.c, which runs; by what makes it run, pipeline-events.c and pipeline-orders.c; by pipeline-flows.c,
 * which ends what crosses a change; and by pipeline-report.c, which says what came of it.
 */
#pragma once

#include "core/memory/anchors.h"
#include "core/memory/hold.h"
#include "core/memory/placing.h"
#include "core/memory/startup.h"
#include "drifts.h"
#include "flows.h"
#include "laying.h"
#include "pace.h"
#include "pipeline.h"
#include "resolver.h"
#include "run-request.h"
#include "settings.h"
#include "system/base/pulse.h"
#include "system/base/watchdog.h"
#include "system/sources/beacon/beacon.h"
#include "system/sources/kernel/kernel.h"
#include "system/sources/networkmanager.h"
#include "system/sources/proxy-watch.h"
#include "system/sources/sleep.h"
#include "system/sources/units.h"
#include "waiters.h"

G_BEGIN_DECLS

struct DivertPipeline
{
  DivertReported   reported;   /* NULL: nobody wants to know */
  gpointer         user_data;

  DivertSettings  *settings;
  DivertNetwork   *network;    /* NULL while there is no bus; so is sleep */
  DivertNetwork   *network_anew; /* takes the place of network when it has been read; NULL: not asked for */
  DivertKernel    *kernel;
  DivertSleep     *sleep;
  DivertBeacons   *beacons;
  DivertProxyWatch *proxy;     /* NULL: nobody knows who listens */
  DivertResolver  *resolver;
  DivertUnits     *units;
  DivertPace       own_pace, exempt_pace; /* of runs for the proxy's unit, and for those that users start */
  const DivertUnit *unit;      /* the proxy's, in this run; NULL: none; @units' */
  guint            units_id;   /* a source: the next such run; 0: none waits */
  gboolean         units_own;  /* it is for the proxy's unit */
  DivertLaying    *laying;
  DivertFlows     *flows;
  DivertDrifts    *drifts;

  DivertFacts     *facts;      /* of the last run */
  DivertAnchors   *anchors;
  DivertHold      *hold;
  DivertPlacing    placing;
  gint64           placed_until; /* monotonic: when our ip rules may move back; 0: they need not */
  gint64           held_until; /* monotonic: the place in force is held until then; 0: it is not held */
  GArray          *former;     /* see core/memory/auto6-memory.h */
  DivertReport    *report;     /* of the last run */
  DivertNews       news;
  gint64           news_due;   /* monotonic: when a reason waits to be logged; 0: none does */
  guint32          mark, mask; /* of the rules in force; so are the next three */
  DivertConfig    *laid_config; /* NULL: none yet */
  DivertFacts     *laid_facts;
  guint32          laid_gid;
  gboolean         wrote;      /* since flows were last ended: something was written to the kernel */
  gboolean         left;       /* likewise: some network was left */
  gboolean         first;      /* likewise: there were no rules of ours before */
  DivertParts      drifted;    /* likewise: somebody had changed these rules */
  DivertReport    *in_force;   /* of the last run that could install its rules (may be @report); NULL: none yet */
  DivertWaiters   *waiters;

  gboolean         bus_lost;
  gboolean         learning;   /* somebody waits for the gateways' addresses themselves */
  DivertStartup    startup;
  DivertRunRequest request;
  DivertWatchdog  *watchdog;   /* NULL: nobody watches */
  DivertPulse     *renewal;    /* of what would lapse */
  DivertPulse     *links;      /* the kernel is asked about those on which a grant rests */
  guint            timer_id;   /* a source */
  guint            trim_id;    /* likewise: memory is to be given back */
  gint64           run_cost;   /* µs of processor time, of the last run */
};

/* The run itself. */
void divert_pipeline_run (DivertPipeline *pipeline);
/* From what was in force when flows were last ended to @now. */
DivertCrossing divert_pipeline_get_crossing (const DivertPipeline *pipeline, const DivertDecision *now,
                                             const DivertFacts *facts);
/* Call this before the writes.  @changed: what somebody has changed since the last run. */
void divert_pipeline_expect_unjudged (DivertPipeline *pipeline, const DivertDecision *now, const DivertFacts *facts,
                                      DivertParts changed);
/* Call this after the writes. */
void divert_pipeline_end_flows (DivertPipeline *pipeline, const DivertDecision *now, const DivertFacts *facts,
                                guint32 gid);
/* Stage: report. */
DivertReport *divert_pipeline_make_report (const DivertPipeline *pipeline, DivertDecision *decision,
                                           GPtrArray *problems, gboolean laid, DivertApplied applied);
/* From now on @report is that of the last run.  Takes ownership. */
void divert_pipeline_keep_report (DivertPipeline *pipeline, DivertReport *report);
/* Hands out the result of the last run. */
void divert_pipeline_tell (DivertPipeline *pipeline);
/* Gives back what memory is free, soon, or once nothing is granted any more. */
void divert_pipeline_trim_later (DivertPipeline *pipeline);

G_END_DECLS
