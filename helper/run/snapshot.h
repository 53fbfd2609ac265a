/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pipeline as it is between two runs: values that do not change any more, so that any thread may look at them, and
 * the answers to what people ask.
 */
#pragma once

#include "core/config/config.h"
#include "core/facts/facts.h"
#include "core/facts/listener.h"
#include "core/ruleset/explain.h"
#include "report.h"

G_BEGIN_DECLS

typedef struct
{
  DivertConfig *config;
  char         *config_dir;
  gboolean      has_gid;
  guint32       gid;
  DivertFacts  *facts;    /* of the last run, as all that follows; NULL: there was none yet */
  DivertReport *report;   /* likewise */
  gint64        run_cost; /* µs of processor time */
} DivertSnapshot;

/* All values empty. */
DivertSnapshot *divert_snapshot_new (void);
DivertSnapshot *divert_snapshot_ref (const DivertSnapshot *snapshot);
void            divert_snapshot_free (DivertSnapshot *snapshot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertSnapshot, divert_snapshot_free)

/* Where the file of a site that was learned is, or would be. */
char           *divert_snapshot_get_site_path (const DivertSnapshot *snapshot, const char *site);
/* Does the helper have rules to keep, or something to wait for? */
gboolean        divert_snapshot_is_needed (const DivertSnapshot *snapshot);

/* Who listens on the proxy's port now: DivertListening; only what can be told, so none without the group. */
GArray         *divert_snapshot_find_listeners (const DivertSnapshot *snapshot);
/* Packets that the guard has dropped until now. */
gboolean        divert_snapshot_count_dropped (const DivertSnapshot *snapshot, guint64 *ret_packets);

/* In a plan, the group while it is not known. */
#define DIVERT_GID_UNKNOWN (G_MAXUINT32 - 1)
/* The rules and the fence of the last run, or (@mode given) as if @mode's place were true here, as text; nothing is
 * touched. */
char           *divert_snapshot_plan (const DivertSnapshot *snapshot, const DivertMode *mode);
/* What becomes of @packet then; where it leaves, and from which address, is filled in.  The rule that is
 * @ret_explanation's belongs to the ruleset that is returned; @ret_text, empty before, is its text. */
DivertRuleset  *divert_snapshot_explain (const DivertSnapshot *snapshot, const DivertMode *mode, DivertPacket *packet,
                                         DivertDecision **ret_decision, DivertExplanation *ret_explanation,
                                         DivertRuleText *ret_text);

G_END_DECLS
