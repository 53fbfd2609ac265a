/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pipeline: event → facts → decision → ruleset → apply → report.  Nobody else runs the stages.
 */
#pragma once

#include "laying.h"
#include "settings.h"
#include "snapshot.h"

G_BEGIN_DECLS

typedef struct DivertPipeline DivertPipeline;

typedef void (*DivertReported) (const DivertSnapshot *snapshot, gpointer user_data);
typedef void (*DivertRefreshed) (gpointer user_data);

/* Reads the configuration in @config_dir and the saved mode, and runs in the main loop's next turn.  Without
 * NetworkManager the place is away.  @sentinel (NULL: there is none) is not owned, and has to live longer. */
DivertPipeline *divert_pipeline_new (const char *config_dir, DivertSentinel *sentinel, GError **error);
void            divert_pipeline_free (DivertPipeline *pipeline);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertPipeline, divert_pipeline_free)

/* The system bus can be reached now.  Starts to listen to NetworkManager and logind.  Call it once. */
void            divert_pipeline_connect (DivertPipeline *pipeline);
/* The bus may have kept something of NetworkManager's from us.  All of it is read again, and counts from then on. */
void            divert_pipeline_read_network_again (DivertPipeline *pipeline);
/* @reported is called now and after each run; NULL: no more. */
void            divert_pipeline_set_reported (DivertPipeline *pipeline, DivertReported reported, gpointer user_data);

/* "Look again", soon.  Repeated calls before the run cause only one.  @event is for the log; static.  @refreshed is
 * called when a run that began after this call is over.  With @settle it is not called before pending proofs and the
 * gateways that were asked are decided, or a second has gone by. */
void            divert_pipeline_refresh (DivertPipeline *pipeline, const char *event, gboolean settle,
                                         DivertRefreshed refreshed, gpointer user_data);

/* Calls @ended when all flows have ended that the runs so far had to end. */
void            divert_pipeline_await_flows (DivertPipeline *pipeline, DivertRefreshed ended, gpointer user_data);

/* Asks the gateways of all connections for their link-layer addresses, whether or not a site needs them.  A refresh
 * with settle waits for the answers. */
void            divert_pipeline_ask_gateways (DivertPipeline *pipeline);

/* Like the functions in settings.h.  None of them waits, and each makes the pipeline look again. */
void            divert_pipeline_set_mode (DivertPipeline *pipeline, const DivertMode *mode, DivertSettled settled,
                                          gpointer user_data);
void            divert_pipeline_reload (DivertPipeline *pipeline, DivertSettled settled, gpointer user_data);
void            divert_pipeline_keep_site (DivertPipeline *pipeline, const char *site, const char *text,
                                           DivertSettled settled, gpointer user_data);
/* For the end of the process: what is laid.  Where tables belong to the process that has laid them, only that one can
 * take it back. */
DivertLaying   *divert_pipeline_get_laying (DivertPipeline *pipeline);
/* NetworkManager and the bus are lost, so it is away at once. */
void            divert_pipeline_lose_bus (DivertPipeline *pipeline);

G_END_DECLS
