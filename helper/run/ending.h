/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What has to end with a change of place, as a value.  Asks nobody.
 */
#pragma once

#include "core/config/config.h"
#include "core/memory/drift.h"
#include "core/place/decision.h"

G_BEGIN_DECLS

/* The change that the flows crossed. */
typedef struct
{
  const DivertDecision *before;    /* NULL: unknown */
  const DivertDecision *now;
  const GArray         *former;    /* DivertPrefix: what auto6 has made direct so far (auto6-memory.h) */
  gboolean              left;      /* some network was left, whether or not the place changed */
  gboolean              remarked;  /* the configured mark has changed */
  gboolean              first;     /* there were no rules of ours, and now there will be */
  DivertParts           drifted;   /* somebody had changed these rules, and they are whole again now */
} DivertCrossing;

/* Lists of DivertPrefix. */
typedef struct
{
  GArray  *switched;      /* now reached differently */
  GArray  *intranets;
  GArray  *exempt;        /* end all flows except to these, because there were no rules before; NULL: don't end all */
  gboolean judged_stay;   /* of these, spare what the rules know */
  gboolean dns;
  gboolean opened_to_us;  /* from an intranet's address */
  guint32  mark, mask;
  guint32  gid;           /* the proxy's group */
} DivertEnding;

/* NULL: nothing ends. */
DivertEnding *divert_ending_new (const DivertConfig *config, const DivertCrossing *crossing, guint32 gid);
void          divert_ending_free (DivertEnding *ending);
/* Adds what is in @earlier and has not ended yet. */
void          divert_ending_merge (DivertEnding *ending, DivertEnding *earlier);

G_END_DECLS
