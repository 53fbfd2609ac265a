/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pipeline: event → facts → decision → ruleset → apply → report.  The only
 * file that knows all stages.
 */
#pragma once

#include "core/config/config.h"
#include "core/facts/listener.h"
#include "core/ruleset/explain.h"
#include "report.h"

G_BEGIN_DECLS

typedef struct DivertPipeline DivertPipeline;

typedef void (*DivertReported) (const DivertReport *report, gpointer user_data);
typedef void (*DivertRefreshed) (const DivertReport *report, gpointer user_data);

/* Reads the configuration of @config_dir and the mode that was kept, and runs in the main loop's next turn; without
 * NetworkManager it is away. */
DivertPipeline *divert_pipeline_new (const char *config_dir, GError **error);
void            divert_pipeline_free (DivertPipeline *pipeline);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertPipeline, divert_pipeline_free)

/* The system bus can be reached now: listens to NetworkManager and logind, once. */
void            divert_pipeline_connect (DivertPipeline *pipeline);
/* @reported is called behind each run, and now if there has been one; NULL: no more. */
void            divert_pipeline_set_reported (DivertPipeline *pipeline, DivertReported reported, gpointer user_data);

/* "Look again": soon, once, however often it is said before that.  @event is for the log; static.
 * @refreshed is called when a run that began after this call is over; with @settle, not before
 * pending proofs and gateways that were asked are decided, or a second has gone by. */
void            divert_pipeline_refresh (DivertPipeline *pipeline, const char *event, gboolean settle,
                                         DivertRefreshed refreshed, gpointer user_data);

/* Asks the gateways of all connections for their link-layer address, whether a site wants it or
 * not; a refresh with settle waits for the answers. */
void            divert_pipeline_ask_gateways (DivertPipeline *pipeline);

/* Keeps @mode (on disk, for the next start) and looks again.  On failure nothing has changed. */
gboolean        divert_pipeline_set_mode (DivertPipeline *pipeline, const DivertMode *mode, GError **error);
/* Reads the configuration again and looks again.  On failure the previous one stays in force. */
gboolean        divert_pipeline_reload (DivertPipeline *pipeline, GError **error);
/* Where the file of a site that was learned is, or would be. */
char           *divert_pipeline_get_site_path (const DivertPipeline *pipeline, const char *site);
/* Writes @text into it, or (NULL: of a site that there is) removes it, reads the configuration and
 * looks again.  On failure nothing has changed; it is a DIVERT_CONFIG_ERROR if no valid configuration
 * would come of it. */
gboolean        divert_pipeline_keep_site (DivertPipeline *pipeline, const char *site, const char *text,
                                           GError **error);
/* NetworkManager and the bus are lost: away, at once. */
void            divert_pipeline_lose_bus (DivertPipeline *pipeline);

/* Of the last run; NULL before the first. */
const DivertReport *divert_pipeline_get_report (const DivertPipeline *pipeline);
const DivertConfig *divert_pipeline_get_config (const DivertPipeline *pipeline);
const DivertFacts  *divert_pipeline_get_facts (const DivertPipeline *pipeline);
/* FALSE when the group is not known. */
gboolean            divert_pipeline_get_gid (const DivertPipeline *pipeline, guint32 *ret_gid);
/* Who listens on the proxy's port now: DivertListening; only what can be told, so none without the group. */
GArray             *divert_pipeline_find_listeners (const DivertPipeline *pipeline);
gboolean            divert_pipeline_count_dropped (const DivertPipeline *pipeline, guint64 *ret_packets);
/* In a plan, the group while it is not known. */
#define DIVERT_GID_UNKNOWN (G_MAXUINT32 - 1)
/* The rules of now, or (@mode given) as if @mode's place were true here, as text; nothing is touched. */
char               *divert_pipeline_plan (const DivertPipeline *pipeline, const DivertMode *mode);
/* What becomes of @packet then; where it leaves, and from which address, is filled in.  The rule that
 * is @ret_explanation's belongs to the ruleset that is returned; @ret_text, empty before, is its text. */
DivertRuleset      *divert_pipeline_explain (const DivertPipeline *pipeline, const DivertMode *mode,
                                             DivertPacket *packet, DivertDecision **ret_decision,
                                             DivertExplanation *ret_explanation, DivertRuleText *ret_text);
/* Does the helper have rules to keep, or something to wait for? */
gboolean            divert_pipeline_is_needed (const DivertPipeline *pipeline);

G_END_DECLS
