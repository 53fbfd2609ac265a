/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pipeline between two runs, as values that no longer change.  So any thread may look at them, and answer what
 * people ask.
 */
#pragma once

#include "core/config/config.h"
#include "core/facts/facts.h"
#include "core/memory/drift.h"
#include "core/ruleset/ruleset.h"
#include "report.h"
#include "system/filter/backend.h"

G_BEGIN_DECLS

typedef struct
{
  DivertConfig *config;
  char         *config_dir;
  gboolean      has_gid;
  guint32       gid;
  DivertFacts  *facts;    /* of the last run, like all that follows; NULL: there was none yet */
  DivertReport *report;   /* likewise */
  DivertRuleset *laid;    /* what was laid last, by that run or an earlier one; NULL: nothing; see laying.h */
  gint64        run_cost; /* µs of processor time */
  DivertDrift   drift;    /* so far */
} DivertSnapshot;

/* All values empty. */
DivertSnapshot *divert_snapshot_new (void);
DivertSnapshot *divert_snapshot_ref (const DivertSnapshot *snapshot);
void            divert_snapshot_free (DivertSnapshot *snapshot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertSnapshot, divert_snapshot_free)

/* The path of the file of a learned site, whether or not it exists yet. */
char           *divert_snapshot_get_site_path (const DivertSnapshot *snapshot, const char *site);
/* Does the helper have rules to maintain, or something to wait for? */
gboolean        divert_snapshot_is_needed (const DivertSnapshot *snapshot);

/* Packets that the guard has dropped so far. */
gboolean        divert_snapshot_count_dropped (const DivertSnapshot *snapshot, guint64 *ret_packets);

/* Stands for the group in a plan while it is unknown. */
#define DIVERT_GID_UNKNOWN (G_MAXUINT32 - 1)
/* The rules that the last run wanted, and its decision, or, if @mode is given, those as if @mode's place were true
 * here. */
DivertRuleset  *divert_snapshot_get_ruleset (const DivertSnapshot *snapshot, const DivertMode *mode,
                                             DivertDecision **ret_decision);
/* A new one of the kind that applies rules now; where none works, of the configured kind. */
DivertBackend  *divert_snapshot_get_backend (const DivertSnapshot *snapshot);
/* The rules and the fence of the last run as text, or, if @mode is given, as if @mode's place were true here.  In the
 * words of the backend @name, or, if it is NULL, of the one that applies rules now.  NULL: there is none of that name.
 * Nothing is touched. */
char           *divert_snapshot_plan (const DivertSnapshot *snapshot, const DivertMode *mode, const char *name);

G_END_DECLS
