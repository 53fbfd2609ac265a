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
  const GArray         *lans;      /* DivertPrefix: the networks of the own LANs */
  const GArray         *former;    /* DivertPrefix: what auto6 has made direct so far (auto6-memory.h) */
  gboolean              left;      /* some network was left, whether or not the place changed */
  gboolean              remarked;  /* the configured mark has changed */
  gboolean              circular;  /* the resolver on the DNS port has begun to ask itself, or no longer does */
  gboolean              first;     /* there were no rules of ours, and now there will be */
  DivertParts           drifted;   /* somebody had changed these rules, and they are whole again now */
  const DivertConfig   *config_before; /* that of the rules that were there; NULL: unknown, or the same */
  guint32               gid_before;    /* likewise */
  const GPtrArray      *units_before;  /* DivertUnit; likewise */
  const GPtrArray      *units;
  DivertPorts           ephemeral; /* 0, 0: unknown */
  GRefString           *unit;      /* the path of the control group of the proxy's unit; NULL: none */
} DivertCrossing;

/* Lists of DivertPrefix. */
typedef struct
{
  GArray  *switched;      /* now reached differently */
  GArray  *intranets;
  GArray  *exempt;        /* end all flows except to these, because there were no rules before; NULL: don't end all */
  GArray  *lans;          /* end all flows of these, because they all go another way now; empty: don't */
  gboolean judged_stay;   /* of these, spare what the rules know */
  gboolean only_diverted; /* of these, spare all but connections that were diverted: there are no more rules */
  GArray  *changed;       /* where the configuration leads the rules to another verdict; spares what others opened to
                           * us, and sockets that somebody has marked; so do the units and dns */
  GPtrArray *units;       /* GRefString: paths of control groups whose exemption has begun or ended */
  gboolean diverted;      /* connections that were diverted, wherever they go: the internet is direct now */
  gboolean dns;
  gboolean names;         /* that resolvers keep: others answer now */
  gboolean opened_to_us;  /* from an intranet's address */
  guint32  mark, mask;
  guint32  served;        /* divert_ruleset_get_served_mark() */
  GArray  *serve;         /* DivertPorts */
  DivertPorts ephemeral;  /* 0, 0: unknown */
  guint32  diverted_mark;
  guint32  gid;           /* the proxy's group; DIVERT_GID_NONE: none */
  GRefString *unit;       /* the path of the control group of its unit; NULL: none */
} DivertEnding;

/* NULL: nothing ends. */
DivertEnding *divert_ending_new (const DivertConfig *config, const DivertCrossing *crossing, guint32 gid);
void          divert_ending_free (DivertEnding *ending);
/* Adds what ends because the configuration has changed: ending-settings.c. */
void          divert_ending_add_settings (DivertEnding *ending, const DivertConfig *config,
                                          const DivertCrossing *crossing, guint32 gid);
/* Adds the end of all flows except to @spared.  What another reason ends stays in it, so only what all of them spare is
 * exempt. */
void          divert_ending_exempt (DivertEnding *ending, const GArray *spared);
/* Adds what is in @earlier and has not ended yet. */
void          divert_ending_merge (DivertEnding *ending, DivertEnding *earlier);

G_END_DECLS
